"""How far transcripts of one speech are apart, with and without faults.

A live transcript of long speech depends on when its audio arrived: what is decoded together
decides where utterances are cut. So transcripts under faults are not compared with one reference,
but with all that were made without faults: they may differ from those by as much as those differ
from each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from liusheng.asr.live.agreement import prefix_distances


def distance(a: str, b: str) -> float:
    """The edit distance of two texts in characters, as a share of the longer one's length."""
    if a == b:
        return 0.0
    longest = max(len(a), len(b))
    return prefix_distances(a, b)[-1] / longest


def spread(texts: Iterable[str]) -> float:
    """The largest distance between any two texts; 0 for fewer than two."""
    return max((distance(a, b) for a, b in combinations(texts, 2)), default=0.0)


@dataclass(frozen=True)
class SpreadComparison:
    """Transcripts under faults, compared with those without.

    spread: the largest distance between two transcripts of one speech without faults, of all
        speeches: a few runs of one speech do not show how far apart they can be.
    distances: for each transcript under faults, the distance to the nearest one without.
    """

    spread: float
    distances: tuple[float, ...]

    @property
    def outside(self) -> int:
        """How many are farther away than the spread."""
        return sum(each > self.spread + 1e-9 for each in self.distances)


def compare(
    without: Mapping[str, Sequence[str]], with_faults: Iterable[tuple[str, str]]
) -> SpreadComparison:
    """Compare transcripts of long speech.

    without: the transcripts of each speech without faults, at least one each.
    with_faults: names of speeches, and their transcripts.
    """
    return SpreadComparison(
        max((spread(texts) for texts in without.values()), default=0.0),
        tuple(min(distance(text, each) for each in without[name]) for name, text in with_faults),
    )
