"""Limits of work before any of it is received: middleware of the application."""

from __future__ import annotations

from contextlib import ExitStack

from starlette.types import ASGIApp, Receive, Scope, Send

from liusheng.protocol.errors import ProtocolError
from liusheng.server.http.error_format import retry_headers
from liusheng.server.http.refusal import refuse
from liusheng.server.kept_places import GiveUpKept
from liusheng.server.limits.addresses import client_address
from liusheng.server.limits.connection import connection_of

_WITHOUT_WORK = ("GET", "HEAD", "OPTIONS")


class RequestLimits:
    """Refuses a WebSocket before its handshake, and a request before its body, over a limit.

    give_up_kept: called for requests; a WebSocket may resume what is kept.
    """

    def __init__(self, app: ASGIApp, give_up_kept: GiveUpKept, path_prefix: str = "") -> None:
        self._app = app
        self._give_up_kept = give_up_kept
        self._prefix = path_prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass what is within the limits on to the application."""
        if scope["type"] == "lifespan" or scope.get("method") in _WITHOUT_WORK:
            await self._app(scope, receive, send)
            return
        limits = connection_of(scope).limits
        with ExitStack() as place:
            try:
                limits.check_memory()
                place.enter_context(limits.places.take(client_address(scope)))
            except ProtocolError as error:
                await refuse(scope, receive, send, error, self._prefix, retry_headers(error))
                return
            if scope["type"] == "http":
                self._give_up_kept(scope)
            await self._app(scope, receive, send)
