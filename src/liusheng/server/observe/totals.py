"""Counters whose owners come and go: what was counted stays counted."""

from __future__ import annotations

from collections import defaultdict
from weakref import WeakKeyDictionary

Key = tuple[str, ...]


class Totals:
    """Sums over all owners that there ever were.

    A reload replaces engines and applications, and their counters begin at zero; a sum over those
    that are there would fall, which Prometheus takes for a restart of the process.
    """

    def __init__(self) -> None:
        self._totals: defaultdict[Key, float] = defaultdict(float)
        self._seen: WeakKeyDictionary[object, dict[Key, float]] = WeakKeyDictionary()

    def update(self, owner: object, key: Key, count: float) -> None:
        """An owner has counted so far, and not less than before."""
        seen = self._seen.setdefault(owner, {})
        self._totals[key] += count - seen.get(key, 0.0)
        seen[key] = count

    def __getitem__(self, key: Key) -> float:
        return self._totals[key]

    def under(self, name: str) -> dict[Key, float]:
        """Return all sums whose keys begin with `name`, by the rest of the keys."""
        return {key[1:]: total for key, total in self._totals.items() if key[0] == name}
