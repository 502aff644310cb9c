"""When somebody begins and ceases to speak, from what was detected so far."""

from __future__ import annotations

from collections.abc import Iterator

from liusheng.asr.types import SAMPLE_RATE
from liusheng.asr.vad.segments import SpeechActivity


class SpeechChanges:
    """Follows one stream."""

    def __init__(self) -> None:
        self._begun = self._ended = -1

    def of(self, activity: SpeechActivity) -> Iterator[tuple[bool, float]]:
        """Yield what is new: whether somebody speaks from there on, and where, in seconds."""
        for segment in activity.closed:
            if segment.speech_end > self._ended:
                yield from self._begins(segment.speech_start)
                self._ended = segment.speech_end
                yield False, segment.speech_end / SAMPLE_RATE
        if activity.open:
            yield from self._begins(activity.open.speech_start)

    def _begins(self, start: int) -> Iterator[tuple[bool, float]]:
        if start > self._begun:
            self._begun = start
            yield True, start / SAMPLE_RATE
