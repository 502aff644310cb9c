"""How Ray Serve's proxies choose a replica: see `shares`."""

from __future__ import annotations

import time
from typing import Any

from ray.serve.request_router import PendingRequest, ReplicaID, RequestRouter, RunningReplica

from liusheng.cluster.serving.shares import Shares


class LeastSessionsRouter(RequestRouter):
    """Gives each request to the replica with the fewest of this proxy."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._shares: Shares[ReplicaID] = Shares()

    async def choose_replicas(
        self,
        candidate_replicas: list[RunningReplica],
        pending_request: PendingRequest | None = None,
    ) -> list[list[RunningReplica]]:
        """Return the replicas one by one, in the order in which they are tried."""
        by_id = {each.replica_id: each for each in candidate_replicas}
        order = self._shares.order(tuple(by_id))
        if pending_request and order:
            # At once: others that come at the same time count it.
            request = pending_request.metadata.internal_request_id
            self._shares.place(request, order[0], time.monotonic())
        return [[by_id[each]] for each in order]

    def on_request_routed(
        self, pending_request: PendingRequest, replica_id: ReplicaID, result: Any
    ) -> None:
        """A replica has taken a request."""
        request = pending_request.metadata.internal_request_id
        self._shares.sent(request, replica_id, time.monotonic())

    def on_request_completed(self, replica_id: ReplicaID, internal_request_id: str) -> None:
        """A request is over."""
        self._shares.ended(internal_request_id)
