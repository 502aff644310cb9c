"""Somebody who speaks: where speech is in a simulated stream."""

from __future__ import annotations

import random

from liusheng.asr.types import SAMPLE_RATE
from liusheng.asr.vad.segments import OpenSegment, SpeechActivity, SpeechSegment

ENDPOINT = round(0.8 * SAMPLE_RATE)  # VadOptions.endpoint


class Talk:
    """Utterances of 2 to 10 s with pauses of 0.9 to 1.5 s between them, drawn at random.

    The load generator of `liusheng bench asr` sends recordings of 2 to 41 s without a pause between
    them; they have pauses of their own.
    """

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._segments: list[tuple[int, int]] = []
        self._until = 0
        self._stopped = False

    def activity(self, first: int, last: int) -> SpeechActivity:
        """Return what a detector finds that has heard the audio up to sample `first` and now hears
        that up to `last`."""
        while self._until <= last and not self._stopped:
            end = self._until + self._draw(2.0, 10.0)
            self._segments.append((self._until, end))
            self._until = end + self._draw(0.9, 1.5)
        # What ended before `first` is not asked for again.
        self._segments = [each for each in self._segments if each[1] + ENDPOINT > first]
        closed = tuple(
            SpeechSegment(start, end, start, end)
            for start, end in self._segments
            if end + ENDPOINT <= last
        )
        for start, end in self._segments:
            if start < last < end + ENDPOINT:
                speech = min(last, end)
                segment = OpenSegment(start, last, start, speech, last - speech, b"")
                return SpeechActivity(last, start, segment, closed)
        return SpeechActivity(last, last, None, closed)

    def stop(self, at: int) -> None:
        """The speaker falls silent for good, at a sample up to which a detector has heard."""
        self._segments = [(start, min(end, at)) for start, end in self._segments if start < at]
        self._stopped = True

    def _draw(self, least: float, most: float) -> int:
        return round(self._chance.uniform(least, most) * SAMPLE_RATE)
