"""Asking every replica of Ray Serve for its metrics."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from liusheng.cluster.observe.merging import ReplicaMetrics

METHOD = "replica_metrics"
"""The method of a deployment's class that returns its `ReplicaMetrics`."""


class ServeReplicas:
    """The replicas of the deployments of one application.

    app: its name.
    deployments: names of those whose class has the method `METHOD`.
    """

    def __init__(self, app: str, deployments: Sequence[str]) -> None:
        from ray import serve

        self._handles = [serve.get_deployment_handle(each, app) for each in deployments]

    async def __call__(self, seconds: float) -> list[ReplicaMetrics]:
        """Return what the replicas answer. One that fails is left out; it is being replaced.

        Raises:
            TimeoutError: one does not answer.
            RayServeException: a deployment has no replica.
        """
        responses = [each.broadcast(METHOD) for each in self._handles]
        found = await asyncio.gather(
            *(each.results_async(timeout_s=seconds, return_exceptions=True) for each in responses)
        )
        return [each for of_one in found for each in of_one if isinstance(each, ReplicaMetrics)]
