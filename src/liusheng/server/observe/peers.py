"""The other replicas of a server of which there are several behind one address."""

from __future__ import annotations

from typing import Protocol

from liusheng.protocol.operation import Readiness


class Peers(Protocol):
    """Answers for all replicas; `liusheng.cluster.observe` has it."""

    async def metrics(self, own: str) -> str:
        """Return the metrics of all replicas, given those of this one."""


class Elsewhere(Protocol):
    """Engines of other processes that sessions here use; `liusheng.cluster.speaking` has them."""

    async def readiness(self) -> Readiness:
        """Return whether they do their work."""
