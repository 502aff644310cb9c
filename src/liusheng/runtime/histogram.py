"""A histogram of measured values, cheap enough for the event loop: one search in a short list."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

SECONDS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 60.0)
"""Bounds for delays that a person notices, and for those that somebody waits for."""

POWERS_OF_TWO = (1, 2, 4, 8, 16, 32, 64)
"""Bounds for how many there are of something."""


class Histogram:
    """Counts values by their size.

    bounds: upper bounds of the buckets, inclusive and ascending; the last bucket has none.
    counts: of each bucket, the one without a bound last.
    total: sum of all values.
    """

    def __init__(self, bounds: Sequence[float] = SECONDS) -> None:
        self.bounds = tuple(bounds)
        self.counts = [0] * (len(self.bounds) + 1)
        self.total = 0.0

    @property
    def count(self) -> int:
        """How many values there were."""
        return sum(self.counts)

    def observe(self, value: float) -> None:
        """Count a value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value
