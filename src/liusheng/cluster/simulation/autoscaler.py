"""How many replicas there are to be: what Ray Serve's autoscaler decides, as far as it matters."""

from __future__ import annotations

import math

from liusheng.cluster.simulation.scenario import Scenario


class Autoscaler:
    """The autoscaler: it acts when more, or fewer, were needed at every look for its delay."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._more_since: float | None = None
        self._fewer_since: float | None = None

    def wanted(self, sessions: float) -> int:
        """Return how many replicas so many sessions need."""
        scenario = self._scenario
        needed = math.ceil(sessions / scenario.target)
        return min(max(needed, scenario.minimum), scenario.maximum)

    def decide(self, sessions: float, have: int, now: float) -> int:
        """Return how many replicas to start, or, below zero, to end."""
        change = self.wanted(sessions) - have
        self._more_since = self._since(self._more_since, now) if change > 0 else None
        self._fewer_since = self._since(self._fewer_since, now) if change < 0 else None
        if change > 0 and now - self._at(self._more_since) >= self._scenario.upscale_delay:
            self._more_since = None
            return change
        if change < 0 and now - self._at(self._fewer_since) >= self._scenario.downscale_delay:
            self._fewer_since = None
            return change
        return 0

    @staticmethod
    def _since(before: float | None, now: float) -> float:
        return now if before is None else before

    @staticmethod
    def _at(since: float | None) -> float:
        assert since is not None
        return since
