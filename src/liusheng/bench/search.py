"""The largest number that holds: doubled while it does, then closed in on."""

from __future__ import annotations


class Search:
    """Ask for `next`, try it, tell `tried`; until `next` is None.

    first: what is tried first.
    grain: the search ends when what holds and what does not are so near each other, as a share of
        what holds; 0 finds the last one.
    """

    def __init__(self, first: int, grain: float = 0.05) -> None:
        if first < 1:
            raise ValueError(f"a search begins with at least one, not {first}")
        self._first = first
        self._grain = grain
        self._fails: int | None = None
        self.holds = 0

    @property
    def next(self) -> int | None:
        """What to try now; None when `holds` is the answer."""
        if self._fails is None:
            return 2 * self.holds if self.holds else self._first
        gap = self._fails - self.holds
        if gap <= max(1, self._grain * self.holds):
            return None
        return self.holds + gap // 2

    def tried(self, number: int, held: bool) -> None:
        """Say how it went with a number."""
        if held:
            self.holds = max(self.holds, number)
        else:
            self._fails = number if self._fails is None else min(self._fails, number)
