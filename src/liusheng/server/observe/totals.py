"""Counters whose owners come and go: what was counted stays counted."""

from __future__ import annotations

from collections import defaultdict
from weakref import WeakKeyDictionary

from liusheng.runtime.histogram import Histogram

Key = tuple[str, ...]

_BUCKET, _SUM = "bucket", "sum"


class Totals:
    """Sums over all owners that there ever were.

    A reload replaces engines and applications, and their counters begin at zero; a sum over those
    that are there would fall, which Prometheus takes for a restart of the process.
    """

    def __init__(self) -> None:
        self._totals: defaultdict[Key, float] = defaultdict(float)
        self._bounds: dict[str, tuple[float, ...]] = {}
        self._seen: WeakKeyDictionary[object, dict[Key, float]] = WeakKeyDictionary()

    def update(self, owner: object, key: Key, count: float) -> None:
        """An owner has counted so far, and not less than before."""
        seen = self._seen.setdefault(owner, {})
        self._totals[key] += count - seen.get(key, 0.0)
        seen[key] = count

    def observe(self, owner: object, name: str, histogram: Histogram) -> None:
        """An owner has observed so much so far. Those with the same name have the same bounds."""
        self._bounds[name] = histogram.bounds
        for index, count in enumerate(histogram.counts):
            self.update(owner, (_BUCKET, name, str(index)), count)
        self.update(owner, (_SUM, name), histogram.total)

    def histogram(self, name: str) -> Histogram:
        """Return what all owners have observed, at least one of them."""
        found = Histogram(self._bounds[name])
        found.counts = [int(self[_BUCKET, name, str(index)]) for index in range(len(found.counts))]
        found.total = self[_SUM, name]
        return found

    def __getitem__(self, key: Key) -> float:
        return self._totals[key]

    def under(self, name: str) -> dict[Key, float]:
        """Return all sums whose keys begin with `name`, by the rest of the keys."""
        return {key[1:]: total for key, total in self._totals.items() if key[0] == name}
