"""Asking every replica of Ray Serve for its metrics."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from liusheng.cluster.observe.merging import ReplicaMetrics

METHOD = "replica_metrics"
"""The method of a deployment's class that returns its `ReplicaMetrics`."""


class ServeReplicas:
    """The replicas of some deployments.

    deployments: each as the name of its application and its own; its class has the method `METHOD`.
        They need not exist before the first call.
    """

    def __init__(self, deployments: Sequence[tuple[str, str]]) -> None:
        self._deployments = deployments
        self._handles: list[Any] = []

    async def __call__(self, seconds: float) -> list[ReplicaMetrics]:
        """Return what the replicas answer. One that fails is left out; it is being replaced.

        Raises:
            TimeoutError: one does not answer.
            RayServeException: a deployment is not there, or has no replica.
        """
        if not self._handles:
            self._handles = await asyncio.to_thread(self._found)
        responses = [each.broadcast(METHOD) for each in self._handles]
        found = await asyncio.gather(
            *(each.results_async(timeout_s=seconds, return_exceptions=True) for each in responses)
        )
        return [each for of_one in found for each in of_one if isinstance(each, ReplicaMetrics)]

    def _found(self) -> list[Any]:
        from ray import serve

        return [serve.get_deployment_handle(name, app) for app, name in self._deployments]
