"""The results of an evaluation: transcripts of recordings, their errors, and statistics."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from liusheng.bench.recordings import Recording
from liusheng.bench.scoring import Errors, deleted, errors

_RESAMPLES = 2_000
_UNKNOWN = float("nan")


@dataclass(frozen=True)
class EvalResult:
    """A recording and its transcripts.

    seconds: of audio.
    live: the transcript that a client gets.
    whole: by the same recogniser, given the whole recording at once; None: not measured.
    plain: by the same model without this project (see `liusheng.bench.transcribe`); None: not
        measured.
    delays, final_latency: of `live`, in seconds.
    cpu_live, cpu_whole, cpu_plain: seconds of processor time; NaN where it is not known.
    failure: code of the error that ended the live recognition; "" without one.
    """

    recording: Recording
    seconds: float
    model: str
    live: str
    delays: tuple[float, ...] = ()
    final_latency: float = _UNKNOWN
    cpu_live: float = _UNKNOWN
    whole: str | None = None
    cpu_whole: float = _UNKNOWN
    plain: str | None = None
    cpu_plain: float = _UNKNOWN
    failure: str = ""

    @cached_property
    def live_errors(self) -> Errors:
        """Of the live transcript."""
        return errors(self.recording.reference, self.live, self.recording.lang)

    @cached_property
    def whole_errors(self) -> Errors | None:
        """Of the transcript of the whole recording at once."""
        return self._errors(self.whole)

    @cached_property
    def plain_errors(self) -> Errors | None:
        """Of the plain transcript."""
        return self._errors(self.plain)

    def deleted(self, text: str | None) -> list[tuple[int, int]]:
        """For each part of a joined recording, how many of its tokens a transcript lacks, and how
        many it has; empty for other recordings and without a transcript."""
        if text is None or not self.recording.parts:
            return []
        return deleted(self.recording.parts, text, self.recording.lang)

    def _errors(self, text: str | None) -> Errors | None:
        if text is None:
            return None
        return errors(self.recording.reference, text, self.recording.lang)


def total(counts: Sequence[Errors | None]) -> Errors:
    """The sum of error counts; None counts nothing."""
    return sum((each for each in counts if each is not None), Errors())


def difference_interval(
    pairs: Sequence[tuple[Errors, Errors]], seed: int = 0
) -> tuple[float, float]:
    """The 95 % confidence interval of the difference of two error rates (first less second).

    Paired bootstrap over recordings (Bisani and Ney 2004), with 2,000 resamples.

    pairs: the errors of each recording in two ways. With fewer than two, the bounds are NaN.
    """
    if len(pairs) < 2:
        return _UNKNOWN, _UNKNOWN
    generator = random.Random(seed)
    differences = []
    for _ in range(_RESAMPLES):
        sample = generator.choices(pairs, k=len(pairs))
        length = sum(a.length for a, _ in sample)
        if length:
            differences.append(sum(a.edits - b.edits for a, b in sample) / length)
    if not differences:
        return _UNKNOWN, _UNKNOWN
    differences.sort()
    return differences[len(differences) // 40], differences[-1 - len(differences) // 40]
