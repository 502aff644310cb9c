"""`/metrics` of a cluster: whichever replica gets the request answers for all of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from liusheng.cluster.observe.merging import ReplicaMetrics, merged
from liusheng.timeouts import timeout

_log = logging.getLogger(__name__)

SECONDS = 5.0
"""How long the others have for their answers: half of Prometheus' default time for a scrape."""

_COMPLETE = "liusheng_scrape_complete"
_HELP = "Whether all replicas answered; 0: only the one that was asked."

AskAll = Callable[[float], Awaitable[Sequence[ReplicaMetrics]]]
"""Returns what all replicas answer, this one included, within so many seconds; raises otherwise."""


class GatheredMetrics:
    """Answers for all replicas; `liusheng.server.observe.peers.Peers` is what it is for.

    replica, deployment: names of this one.
    """

    def __init__(self, replica: str, deployment: str, ask_all: AskAll) -> None:
        self._replica = replica
        self._deployment = deployment
        self._ask_all = ask_all

    def named(self, own: str) -> ReplicaMetrics:
        """Return this replica's metrics with its name: what it answers when another one asks."""
        return ReplicaMetrics(self._replica, self._deployment, own)

    async def metrics(self, own: str) -> str:
        """Return the metrics of all replicas; those of this one alone if the others are silent.

        own: the metrics of this one.
        """
        found: Sequence[ReplicaMetrics] = ()
        try:
            async with timeout(SECONDS):
                found = await self._ask_all(SECONDS)
        except Exception as error:
            _log.warning(
                "the metrics of the other replicas cannot be had: %s", error or repr(error)
            )
        complete = any(each.replica == self._replica for each in found)
        state = f"# HELP {_COMPLETE} {_HELP}\n# TYPE {_COMPLETE} gauge\n{_COMPLETE} {complete:d}\n"
        # A replica that is about to end is not asked any more.
        replies = found if complete else [*found, self.named(own)]
        return await asyncio.to_thread(merged, replies) + state
