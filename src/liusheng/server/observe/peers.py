"""The other replicas of a server of which there are several behind one address."""

from __future__ import annotations

from typing import Protocol


class Peers(Protocol):
    """Answers for all replicas; `liusheng.cluster.observe` has it."""

    async def metrics(self, own: str) -> str:
        """Return the metrics of all replicas, given those of this one."""
