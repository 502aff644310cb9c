"""What a replica's application gets from Ray Serve's proxy, as from our own server.

Ray Serve's proxy accepts the connections of clients and passes the messages of ASGI on. It reads
ahead without a bound, and knows nothing of our limits: so the bytes of a WebSocket that the session
has not taken yet are counted here, and a client with too many of them is disconnected.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import Any, cast

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from liusheng.cluster.serving.task_routes import unmarked
from liusheng.server.config.settings import Settings
from liusheng.server.limits.connection import Connection
from liusheng.server.limits.server_limits import ServerLimits

_log = logging.getLogger(__name__)

_LEAVING = (1000, 1001, 1005)  # RFC 6455, 7.4.1: normal, going away, without a code
_TOO_BIG = 1009
_MESSAGE_OVERHEAD = 400  # bytes of Python objects


class Entry:
    """An ASGI application: another one, with the limits of this replica.

    limits: what is counted for all connections of the replica.
    """

    def __init__(self, app: ASGIApp, settings: Settings, limits: ServerLimits) -> None:
        self._limits = limits
        self._path_prefix = settings.path_prefix
        # Our server has these addresses from uvicorn's settings; here uvicorn is Ray Serve's.
        proxies = settings.access.trusted_proxies
        self._app: ASGIApp = _behind(app, proxies) if proxies else app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request or a WebSocket."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        connection = Connection(self._limits)
        # The path is whole, prefix included, as our routes are.
        path = unmarked(scope["path"], self._path_prefix)
        scope = {**scope, "path": path, "root_path": "", "state": connection.in_state({})}
        try:
            if scope["type"] == "websocket":
                await self._serve_websocket(scope, receive, send, connection)
            else:
                await self._app(scope, receive, send)
        finally:
            connection.closed()

    async def _serve_websocket(
        self, scope: Scope, receive: Receive, send: Send, connection: Connection
    ) -> None:
        frames = _Frames(receive, connection)
        reading = asyncio.create_task(frames.read())
        serving = asyncio.ensure_future(self._app(scope, frames.receive, send))
        try:
            await asyncio.wait((reading, serving), return_when=asyncio.FIRST_COMPLETED)
            if not serving.done() and frames.too_many:
                _log.warning("disconnected a client: it sends more than can be held for it")
                serving.cancel()
                await asyncio.gather(serving, return_exceptions=True)
                await send({"type": "websocket.close", "code": _TOO_BIG})
                return
            await serving
        finally:
            reading.cancel()
            serving.cancel()
            await asyncio.gather(reading, serving, return_exceptions=True)


def _behind(app: ASGIApp, proxies: list[str]) -> ASGIApp:
    behind: Any = ProxyHeadersMiddleware(cast(Any, app), proxies)  # other names for ASGI's types
    return cast(ASGIApp, behind)


class _Frames:
    """The messages of a WebSocket that its session has not taken yet.

    too_many: reading ended because of that.
    """

    def __init__(self, receive: Receive, connection: Connection) -> None:
        self.too_many = False
        self._receive = receive
        self._connection = connection
        self._messages: deque[Message] = deque()
        self._came = asyncio.Event()
        self._held = 0

    async def read(self) -> None:
        """Read until the client has gone, or has too much here."""
        while True:
            message = await self._receive()
            self._messages.append(message)
            self._came.set()
            if message["type"] == "websocket.disconnect":
                self._connection.left = message.get("code") in _LEAVING
                # What the client sent before is still worth working on, unless it has gone.
                self._connection.lost.set()
                return
            self._hold(_size(message))
            if self._connection.account.over_for_good:
                self.too_many = True
                return

    async def receive(self) -> Message:
        """Return the next message."""
        while not self._messages:
            self._came.clear()
            await self._came.wait()
        message = self._messages.popleft()
        if message["type"] == "websocket.disconnect":
            self._messages.append(message)  # for whoever asks again
        else:
            self._hold(-_size(message))
        return message

    def _hold(self, by: int) -> None:
        self._held += by
        self._connection.account.hold("messages", self._held)


def _size(message: Message) -> int:
    return len(message.get("bytes") or message.get("text") or "") + _MESSAGE_OVERHEAD


async def _lifespan(receive: Receive, send: Send) -> None:
    """Ray Serve asks for it; the replica itself starts and ends what there is."""
    for event in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{event}.complete"})
