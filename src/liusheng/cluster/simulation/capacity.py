"""How many speakers a server carries by simulation, from what batches were measured to cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from liusheng.cluster.simulation.coarse import CurvePoint, measure_point
from liusheng.cluster.simulation.costs import BatchCosts

_MOST = 512
_SEEDS = (1, 2, 3)


@dataclass(frozen=True)
class SimulatedLoad:
    """The largest load of a simulated server that reaches the goals. Seconds, as of `Load`."""

    users: int
    delay: float
    delay_p95: float
    last_p95: float


def simulated_load(costs: BatchCosts, workers: int, sessions: int) -> SimulatedLoad:
    """Simulate so many speakers, several times."""
    points = [measure_point(costs, workers, sessions, seconds=60.0, seed=seed) for seed in _SEEDS]

    def mean(value: Callable[[CurvePoint], float]) -> float:
        return sum(map(value, points)) / len(points)

    return SimulatedLoad(
        sessions,
        mean(lambda point: point.mean),
        mean(lambda point: point.p95),
        mean(lambda point: point.final_p95),
    )


def largest_load(
    costs: BatchCosts, workers: int, reached: Callable[[SimulatedLoad], bool]
) -> SimulatedLoad | None:
    """Return the largest load that is reached, by halving; None: one speaker is too many."""
    best: SimulatedLoad | None = None
    low, high, size = 0, _MOST + 1, 1
    while high - low > 1:
        load = simulated_load(costs, workers, size)
        if reached(load):
            best, low = load, size
        else:
            high = size
        size = min(2 * low, _MOST) if high > _MOST else (low + high) // 2
        if low == _MOST:
            break
    return best
