"""How many replicas there should be, from what they measured: pure.

Ray Serve calls `policy` in its controller, several times a second. It adds the delays of the
settings and the bounds itself (`cluster.upscale_seconds`, `downscale_seconds`, `min_replicas`,
`max_replicas`).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any, Protocol

from liusheng.cluster.serving.load import CAPACITY, DELAY

_SLACK = 0.8
"""Part of the target that remaining replicas may reach when others are removed: a load at the
boundary adds and removes none in turn."""
_MOST_GROWTH = 1.5


class Context(Protocol):
    """What the policy uses of Ray Serve's `AutoscalingContext`.

    aggregated_metrics: by name of the measure and replica, averaged over `cluster.average_seconds`.
    """

    @property
    def aggregated_metrics(self) -> Mapping[str, Mapping[Any, float]] | None: ...
    @property
    def target_num_replicas(self) -> int: ...
    @property
    def config(self) -> Any: ...


class LoadPolicy:
    """The policy, as Ray Serve makes it. target_load: `cluster.target_load`."""

    def __init__(self, target_load: float) -> None:
        self._target = target_load

    def __call__(self, context: Context) -> tuple[int, dict[str, Any]]:
        """Return the number of replicas, and no state."""
        measured = context.aggregated_metrics or {}
        wanted = replicas(
            measured.get(CAPACITY, {}).values(),
            measured.get(DELAY, {}).values(),
            current=context.target_num_replicas,
            target_load=self._target,
        )
        least, most = context.config.min_replicas, context.config.max_replicas
        return min(max(wanted, least), most), {}


def replicas(
    capacities: Collection[float], delays: Collection[float], *, current: int, target_load: float
) -> int:
    """Return how many replicas there should be.

    capacities, delays: of the replicas (see `ReplicaLoad.measure`); those that are being started
        are not among them.
    current: how many there should be so far.
    """
    if not capacities:
        return current
    total = sum(capacities)
    wanted = current
    if total > current * target_load:
        wanted = math.ceil(total / target_load)
    # Only those with sessions say whether sessions wait.
    waiting = [delay for delay in delays if delay]
    delay = sum(waiting) / len(waiting) if waiting else 0.0
    if delay > 1:
        return max(wanted, math.ceil(current * min(delay, _MOST_GROWTH)))
    if wanted == current:
        wanted = min(current, max(1, math.ceil(total / (_SLACK * target_load))))
    return wanted
