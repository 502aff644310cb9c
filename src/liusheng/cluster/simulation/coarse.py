"""A replica as a table: delays and room by the number of sessions, taken from detailed replicas.

It knows only how many sessions a replica has, so that hundreds of thousands of them can be
simulated. The audio that resumed sessions send again, and what a batch of newcomers does to the
others for some seconds, is not in it; tests/cluster/simulation/test_cluster.py holds how far it is
from the detailed replica.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from liusheng.cluster.simulation.clock import Clock
from liusheng.cluster.simulation.costs import BatchCosts
from liusheng.cluster.simulation.detailed import DetailedReplica
from liusheng.cluster.simulation.figures import percentile

GRID = (1, 2, 4, 8, 12, 16, 20, 24, 32, 48, 64)
"""Numbers of sessions at which detailed replicas are simulated."""

_WARM = 20.0
"""Seconds until what is simulated counts."""


@dataclass(frozen=True)
class CurvePoint:
    """What a replica does with a constant number of sessions.

    mean, p95: of the token delay, seconds.
    final_p95: of the time from the end of a stream to its last text, seconds.
    room: it would admit another session.
    """

    sessions: int
    mean: float
    p95: float
    final_p95: float
    room: bool


@dataclass(frozen=True)
class Curve:
    """Points in the order of their sessions."""

    points: Sequence[CurvePoint]

    @property
    def most(self) -> int:
        """The largest number of sessions for which the admission has room for one more, and with
        that one."""
        room = 0
        for point in self.points:
            if not point.room:
                return room + 1
            room = point.sessions
        return room + 1

    def at(self, sessions: float) -> tuple[float, float]:
        """Return the mean and the 95th percentile of the token delay, interpolated."""
        points = self.points
        index = bisect_left([point.sessions for point in points], sessions)
        if index == 0:
            return points[0].mean, points[0].p95
        if index == len(points):
            return points[-1].mean, points[-1].p95
        low, high = points[index - 1], points[index]
        share = (sessions - low.sessions) / (high.sessions - low.sessions)
        return (
            low.mean + share * (high.mean - low.mean),
            low.p95 + share * (high.p95 - low.p95),
        )


def measure_point(
    costs: BatchCosts, workers: int, sessions: int, *, seconds: float = 120.0, seed: int = 1
) -> CurvePoint:
    """Simulate a detailed replica with speakers that follow each other without a break, each for 5
    to 25 s."""
    clock = Clock()
    replica = DetailedReplica(clock, costs, workers=workers, most=1000, seed=seed)
    chance = random.Random(seed)
    started = 0

    def start() -> None:
        nonlocal started
        key, started = started, started + 1
        replica.open(key)
        clock.after(chance.uniform(5.0, 25.0), lambda: replica.close(key, start))

    for number in range(sessions):
        clock.after(5.0 * number / sessions, start)
    clock.run(_WARM)
    before, ended = replica.shown, len(replica.final_delays)
    admitted, looks = 0, 20
    for look in range(1, looks + 1):
        clock.run(_WARM + seconds * look / looks)
        admitted += replica.has_room
    delays = replica.token_delays[before:]
    return CurvePoint(
        sessions,
        sum(delays) / len(delays) if delays else math.inf,
        percentile(delays, 0.95),
        percentile(replica.final_delays[ended:], 0.95),
        2 * admitted > looks,
    )


def measure_curve(costs: BatchCosts, workers: int, *, seconds: float = 120.0) -> Curve:
    """Simulate detailed replicas with more and more sessions, until one has no room."""
    points: list[CurvePoint] = []
    for sessions in GRID:
        points.append(measure_point(costs, workers, sessions, seconds=seconds))
        if not points[-1].room:
            break
    return Curve(points)


class CoarseReplica:
    """A replica that has no more than the number of its sessions.

    most: sessions at once, besides what the admission has room for.
    """

    def __init__(self, curve: Curve, most: int) -> None:
        self._curve = curve
        self._most = min(most, curve.most)
        self.sessions = 0

    @property
    def has_room(self) -> bool:
        """See `Replica`."""
        return self.sessions < self._most

    def open(self, key: int, resent: float = 0.0, shown: float = 0.0) -> None:
        """See `Replica`."""
        self.sessions += 1

    def close(self, key: int) -> None:
        """See `Replica`."""
        self.sessions -= 1

    def kill(self) -> None:
        """See `Replica`."""
        self.sessions = 0

    def delay(self) -> tuple[float, float]:
        """See `Replica`: for the sessions of this moment."""
        return self._curve.at(self.sessions) if self.sessions else (math.nan, math.nan)
