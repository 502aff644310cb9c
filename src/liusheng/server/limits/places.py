"""How much work one address may have the server do at a time. A pure object."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.server.limits.connections import is_local


class Places:
    """The sessions of each address: WebSockets, and requests that send a body.

    max_per_address: not for this machine's own addresses, as in `ConnectionTable`.
    refused: how many were refused.
    """

    def __init__(self, max_per_address: int) -> None:
        self.max_per_address = max_per_address
        self._taken: Counter[str] = Counter()
        self.refused = 0

    def __len__(self) -> int:
        return self._taken.total()

    def left(self, address: str) -> int | None:
        """Return how many more places an address may take; None: there is no limit."""
        if is_local(address):
            return None
        return max(0, self.max_per_address - self._taken[address])

    @contextmanager
    def take(self, address: str) -> Iterator[None]:
        """Hold a place, as a context.

        Raises:
            ProtocolError: too_many_sessions.
        """
        if self.left(address) == 0:
            self.refused += 1
            raise ProtocolError(
                ErrorCode.TOO_MANY_SESSIONS,
                f"Your address has {self.max_per_address} sessions on this server, which is the "
                "limit. Wait until one has ended.",
            )
        self._taken[address] += 1
        try:
            yield
        finally:
            self._taken[address] -= 1
            if not self._taken[address]:
                del self._taken[address]
