"""What the layers of the server know of one connection: its bytes, its limits, and its end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from liusheng.protocol.errors import ErrorCode
from liusheng.server.config.limits import LimitSettings
from liusheng.server.limits.budget import Account
from liusheng.server.limits.server_limits import ServerLimits
from liusheng.server.limits.turns import Turns

_KEY = "liusheng.connection"


class Connection:
    """One connection, from its first byte to its end, whatever protocols it speaks.

    limits: of the server.
    account: of the bytes that are held for it.
    turns: for long work on what it receives.
    lost: set when it is closed. ASGI reports that behind everything the client sent before.
    closed_for: the error for which this server closed it, if it was one.
    on_closed: called then.
    left: whether the client closed it because it was done or went away, and not because it broke.
    cut_off: ends it without completing the response that has begun, which HTTP clients detect.
    """

    def __init__(self, limits: ServerLimits) -> None:
        self.limits = limits
        self.account = Account(limits.budget)
        self.turns = Turns(limits.turns)
        self.lost = asyncio.Event()
        self.left = False
        self.closed_for: ErrorCode | None = None
        self.on_closed: Callable[[], None] = _nothing
        self.cut_off: Callable[[], None] = _nothing

    @property
    def settings(self) -> LimitSettings:
        """The limits of clients."""
        return self.limits.settings

    def belong(self, address: str) -> None:
        """Say to which address it belongs, before anything is received; "": it may be any."""
        self.account.belong(address)
        if address:
            self.turns.client = address

    def closed(self) -> None:
        """The connection is closed: nothing is held for it any more."""
        self.lost.set()
        self.account.close()
        on_closed, self.on_closed = self.on_closed, _nothing
        on_closed()

    def in_state(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """Return the state of an ASGI server with this connection in it."""
        return {**state, _KEY: self}


def connection_of(scope: Mapping[str, Any]) -> Connection:
    """Return the connection of an ASGI scope; one of its own if its server has none."""
    found = scope.get("state", {}).get(_KEY)
    return found if isinstance(found, Connection) else Connection(ServerLimits(LimitSettings()))


def _nothing() -> None:
    pass
