"""Where the hypotheses of a text agree and where they part.

Each hypothesis is compared with the first. The *places* between its characters are those of the
first hypothesis where the two agree, and its own where they part, so that paths through several
hypotheses can change from one to another where they agree.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from math import log10
from typing import NamedTuple

_LEAST_SHARE = 1e-3
"""Of the weight, that a text counts with at least."""


class Place(NamedTuple):
    """A place between characters.

    begin, end: characters of the first hypothesis that `text` stands for; equal at its own places.
    text: of another hypothesis.
    at: how many characters of `text` are before the place.
    """

    begin: int
    end: int
    text: str = ""
    at: int = 0

    @property
    def order(self) -> float:
        """Grows along every hypothesis."""
        if not self.text:
            return float(self.begin)
        return self.begin + (self.end - self.begin) * self.at / len(self.text)


class Difference(NamedTuple):
    """Characters `begin` to `end` of the first hypothesis are `start` to `stop` of another; on
    both sides at least one."""

    begin: int
    end: int
    start: int
    stop: int


class ComparedText(NamedTuple):
    """A hypothesis beside the others.

    places: before, between and after its characters.
    costs: of each character, -log10 of the share of the weight that hypotheses with it have; the
        characters of a difference share it.
    """

    text: str
    places: tuple[Place, ...]
    costs: tuple[float, ...]


def compare(texts: Sequence[tuple[str, float]]) -> list[ComparedText]:
    """Compare texts, given with their weights, with the first of them. None is empty."""
    base = texts[0][0]
    total = sum(weight for _, weight in texts)
    shares: defaultdict[tuple[int, int, str], float] = defaultdict(float)
    agreeing = [1.0] * len(base)
    parted = [(text, differences(base, text)) for text, _ in texts]
    for (text, found), (_, weight) in zip(parted, texts, strict=True):
        for each in found:
            shares[each.begin, each.end, text[each.start : each.stop]] += weight / total
            for i in range(each.begin, each.end):
                agreeing[i] -= weight / total
    own = _shared(agreeing)
    return [_hypothesis(text, found, own, shares) for text, found in parted]


def _hypothesis(
    text: str,
    found: Sequence[Difference],
    own: Sequence[float],
    shares: Mapping[tuple[int, int, str], float],
) -> ComparedText:
    """Return a hypothesis. own: the costs of the first one's characters."""
    places: list[Place] = []
    costs: list[float] = []
    at = 0
    for begin, end, start, stop in found:
        places += [Place(i, i) for i in range(at, begin)]
        costs += own[at:begin]
        part = text[start:stop]
        places.append(Place(begin, begin))
        places += [Place(begin, end, part, i) for i in range(1, len(part))]
        costs += [_cost(shares[begin, end, part]) / len(part)] * len(part)
        at = end
    places += [Place(i, i) for i in range(at, len(own) + 1)]
    return ComparedText(text, tuple(places), (*costs, *own[at:]))


def differences(base: str, text: str) -> list[Difference]:
    """Return where a text differs from another.

    A character beside what one of them lacks belongs to the difference.
    """
    found: list[Difference] = []
    for tag, begin, end, start, stop in SequenceMatcher(
        None, base, text, autojunk=False
    ).get_opcodes():
        if tag == "equal":
            continue
        if tag != "replace" and begin and start:
            begin, start = begin - 1, start - 1  # noqa: PLW2901
        elif tag != "replace":
            end, stop = end + 1, stop + 1  # noqa: PLW2901
        if found and found[-1].end >= begin:
            first = found.pop()
            begin, start = first.begin, first.start  # noqa: PLW2901
        found.append(Difference(begin, end, start, stop))
    return found


def _shared(agreeing: Sequence[float]) -> list[float]:
    """Return the costs of the first hypothesis's characters, of which neighbours share one."""
    costs: list[float] = []
    while len(costs) < len(agreeing):
        share = agreeing[len(costs)]
        length = 1
        while share < 1 and agreeing[len(costs) : len(costs) + length + 1] == [share] * (
            length + 1
        ):
            length += 1
        costs += [_cost(share) / length] * length
    return costs


def _cost(share: float) -> float:
    return -log10(min(1.0, max(share, _LEAST_SHARE)))
