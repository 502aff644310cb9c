"""Speech marks: which characters of the text are spoken when."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from liusheng.tts.text.types import Clause, Span
from liusheng.tts.types import SAMPLE_RATE, SpeechMark
from liusheng.tts.voice import Timing

_PUNCTUATION = " .,;:!?…()[]\"'“”‘’"


class ClauseMarks:
    """The marks of one clause, released along with the blocks of its audio.

    Args:
        timings: of the clause's units, from a `TimedVoice`; () of other voices, whose clauses get
            one mark each.
        source: the request's text.
        start: the clause's position in the audio, in samples.
        origin: maps a span of the clause's text to one of the request's.
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
        self._pending = _timed_spans(clause, timings)
        self._timed = bool(timings)

    def starting_before(self, end: int, lead: int, *, last: bool) -> tuple[SpeechMark, ...]:
        """Release the marks that start before sample `end` of the audio.

        lead: samples trimmed from the start of the clause's audio.
        last: `end` is the end of the clause; every mark left is released.
        """
        if not self._timed:
            return (self._mark(self._clause.span, self._start, end),) if last else ()
        marks: list[SpeechMark] = []
        while self._pending:
            span, timing = self._pending[0]
            begin = self._start - lead + round(timing.start * SAMPLE_RATE)
            stop = self._start - lead + round(timing.end * SAMPLE_RATE)
            # How long a clause's last unit sounds is not known before the silence is trimmed.
            if not last and (begin >= end or (len(self._pending) == 1 and stop > end)):
                break
            del self._pending[0]
            # Only silence is trimmed, but the model may count it as part of a phone.
            begin = max(begin, self._start)
            if last:
                begin, stop = min(begin, end), min(stop, end)
            marks.append(self._mark(span, begin, max(begin, stop)))
        return tuple(marks)

    def _mark(self, span: Span, start: int, end: int) -> SpeechMark:
        low, high = self._origin(span)
        text = self._source[low:high]
        if self._timed and (word := text.strip(_PUNCTUATION)):
            # An English word's span has the punctuation that stands with it.
            low += text.index(word)
            high, text = low + len(word), word
        seconds = (round(start / SAMPLE_RATE, 4), round(end / SAMPLE_RATE, 4))
        return SpeechMark((low, high), text, *seconds)


def _timed_spans(clause: Clause, timings: Sequence[Timing]) -> list[tuple[Span, Timing]]:
    """The spans of the clause's text with their timings. Units that read the same characters (a
    number) share one; those without duration are left out."""
    spans: list[tuple[Span, Timing]] = []
    for unit, timing in zip(clause.units, timings, strict=False):
        if timing.start == timing.end:
            continue
        if spans and unit.span[0] < spans[-1][0][1]:
            span, before = spans.pop()
            span = span[0], max(span[1], unit.span[1])
            spans.append((span, Timing(before.start, timing.end)))
        else:
            spans.append((unit.span, timing))
    return spans
