"""Uvicorn's WebSocket protocol, with deadlines that leave out the time in which the server did not
run (see `liusheng.runtime.clock`)."""

from __future__ import annotations

import asyncio

from uvicorn._types import ASGISendEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from liusheng.runtime.clock import awake

_LEAST_WAIT = 0.1  # seconds; the socket is read once more before the connection is closed


class ServerWebSocketProtocol(WebSocketsSansIOProtocol):
    """One WebSocket connection."""

    _ping_due: float | None = None  # on the clock `awake`: when the ping must be answered

    def send_keepalive_ping(self) -> None:
        """Send a ping, and note when its answer is due."""
        super().send_keepalive_ping()
        if self.config.ws_ping_timeout is not None:
            self._ping_due = awake.time() + self.config.ws_ping_timeout

    def keepalive_timeout(self) -> None:
        """Close the connection because its ping was not answered, unless the server did not run in
        the meantime, or the answer may be in the socket."""
        if self._ping_due is None:
            super().keepalive_timeout()
            return
        left = self._ping_due - awake.time()
        if left <= 0:
            self._ping_due = None
        self.pong_timer = asyncio.get_running_loop().call_later(
            max(left, _LEAST_WAIT), self.keepalive_timeout
        )

    async def send(self, message: ASGISendEvent) -> None:
        """Send an event of the application.

        Kludex/uvicorn#3138: uvicorn takes a handshake that was refused as it was told to for one
        that was not completed, and logs an error.
        """
        await super().send(message)
        if self.initial_response is not None and self.close_sent:
            self.handshake_complete = True
