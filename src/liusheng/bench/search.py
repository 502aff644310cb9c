"""Searches for the largest number that passes a test: doubling, then bisection."""

from __future__ import annotations


class Search:
    """Try `next` and report it to `tried`, until `next` is None.

    first: the number to begin with.
    tolerance: the search ends when the interval between the largest number that passed and the
        smallest that failed is this share of the former; 0 finds the largest number exactly.

    Raises:
        ValueError: `first` is below 1.
    """

    def __init__(self, first: int, tolerance: float = 0.05) -> None:
        if first < 1:
            raise ValueError(f"a search begins with at least 1, not {first}")
        self._first = first
        self._tolerance = tolerance
        self._failed: int | None = None
        self.largest = 0

    @property
    def next(self) -> int | None:
        """The number to try now; None when `largest` is the result."""
        if self._failed is None:
            return 2 * self.largest if self.largest else self._first
        gap = self._failed - self.largest
        if gap <= max(1, self._tolerance * self.largest):
            return None
        return self.largest + gap // 2

    def tried(self, number: int, passed: bool) -> None:
        """Report whether a number passed."""
        if passed:
            self.largest = max(self.largest, number)
        else:
            self._failed = number if self._failed is None else min(self._failed, number)
