"""A closed utterance in the form in which a client carries it to another server."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from liusheng.asr.types import Alternative, Word
from liusheng.protocol.utterance import UtteranceLike

_MILLISECOND = 1000


class CarriedUtterance(msgspec.Struct, frozen=True, array_like=True):
    """See `UtteranceLike`. Words are made when they are asked for: most never are.

    steps: from each begin or end of a word to the next, in milliseconds; None where that is not
        exact.
    times: the begins and ends themselves, in seconds, if there are no steps.
    others: the alternatives and their scores.
    """

    index: int
    text: str
    start: float
    end: float
    word_texts: list[str]
    steps: list[int] | None
    times: list[float]
    others: list[tuple[str, float]]

    @classmethod
    def of(cls, utterance: UtteranceLike) -> CarriedUtterance:
        """Return an utterance in this form."""
        times = [time for word in utterance.words for time in (word.start, word.end)]
        steps = _steps(times)
        return cls(
            utterance.index,
            utterance.text,
            utterance.start,
            utterance.end,
            [word.text for word in utterance.words],
            steps,
            times if steps is None else [],
            [(each.text, each.score) for each in utterance.alternatives],
        )

    @property
    def words(self) -> tuple[Word, ...]:
        """The words with their times."""
        times = self.times if self.steps is None else _sums(self.steps)
        places = zip(self.word_texts, times[::2], times[1::2], strict=True)
        return tuple(Word(text, start, end) for text, start, end in places)

    @property
    def alternatives(self) -> tuple[Alternative, ...]:
        """What it may be, too."""
        return tuple(Alternative(text, score) for text, score in self.others)


def _steps(times: Sequence[float]) -> list[int] | None:
    counts = [round(time * _MILLISECOND) for time in times]
    if any(count / _MILLISECOND != time for count, time in zip(counts, times, strict=True)):
        return None
    return [b - a for a, b in zip([0, *counts], counts, strict=False)]


def _sums(steps: Sequence[int]) -> list[float]:
    total = 0
    times = []
    for step in steps:
        total += step
        times.append(total / _MILLISECOND)
    return times
