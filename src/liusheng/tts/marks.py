"""Marks: which characters of the text are said when."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from liusheng.tts.text.types import Clause, Span
from liusheng.tts.types import SAMPLE_RATE, SpeechMark
from liusheng.tts.voice import Timing


class ClauseMarks:
    """The marks of a clause, given out with the blocks of its audio.

    Args:
        timings: of the clause's syllables, where the voice knows them; () where it does not.
        source: the request's text.
        start: samples of audio before the clause.
        origin: from a span of the clause's text to one of the request's.
    """

    def __init__(
        self,
        clause: Clause,
        timings: Sequence[Timing],
        source: str,
        start: int,
        origin: Callable[[Span], Span],
    ) -> None:
        self._origin = origin
        self._clause = clause
        self._source = source
        self._start = start
        self._rest = _words(clause, timings)
        self._timed = bool(timings)

    def begun_before(self, end: int, lead: int, *, last: bool) -> tuple[SpeechMark, ...]:
        """The marks, not given yet, of what begins before sample `end` of the audio.

        lead: samples that were trimmed from the clause's start.
        last: the clause ends there.
        """
        if not self._timed:
            return (self._mark(self._clause.span, self._start, end),) if last else ()
        marks: list[SpeechMark] = []
        while self._rest:
            span, timing = self._rest[0]
            begin = self._start - lead + round(timing.start * SAMPLE_RATE)
            stop = self._start - lead + round(timing.end * SAMPLE_RATE)
            if begin >= end and not last:
                break
            del self._rest[0]
            # What is trimmed at both ends is silence, but the model may count it to a phone.
            begin = max(begin, self._start)
            if last:
                begin, stop = min(begin, end), min(stop, end)
            marks.append(self._mark(span, begin, max(begin, stop)))
        return tuple(marks)

    def _mark(self, span: Span, start: int, end: int) -> SpeechMark:
        span = self._origin(span)
        text = self._source[slice(*span)]
        return SpeechMark(span, text, round(start / SAMPLE_RATE, 4), round(end / SAMPLE_RATE, 4))


def _words(clause: Clause, timings: Sequence[Timing]) -> list[tuple[Span, Timing]]:
    """Syllables that read the same characters (2024) are one; those that are not said fall out."""
    words: list[tuple[Span, Timing]] = []
    for syllable, timing in zip(clause.syllables, timings, strict=False):
        if timing.start == timing.end:
            continue
        if words and syllable.span[0] < words[-1][0][1]:
            span, before = words.pop()
            span = span[0], max(span[1], syllable.span[1])
            words.append((span, Timing(before.start, timing.end)))
        else:
            words.append((syllable.span, timing))
    return words
