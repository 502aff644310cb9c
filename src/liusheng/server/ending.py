"""How a request or WebSocket that is being served is ended from outside, with a reason.

Middleware that may have to end what it lets in puts an `Ending` into the scope; what serves the
request says there how it can be ended so that the client gets the error in its own protocol.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.types import Scope

from liusheng.protocol.errors import ProtocolError

_IN_SCOPE = "liusheng.ending"


class Ending:
    """end: ends it, with the error that the client gets; None before it is known how."""

    def __init__(self) -> None:
        self.end: Callable[[ProtocolError], Awaitable[None]] | None = None


def put_ending(scope: Scope, ending: Ending) -> None:
    """Ask what serves a request to say how it is ended."""
    scope[_IN_SCOPE] = ending


def end_with(scope: Scope, end: Callable[[ProtocolError], Awaitable[None]]) -> None:
    """Say how a request is ended, if anybody asks."""
    ending = scope.get(_IN_SCOPE)
    if isinstance(ending, Ending):
        ending.end = end
