"""What this program adds to Ray Serve's proxies: a close frame for the clients of a replica that
died, and the choice of a deployment by the task of a request (`task_routes`).

Ray Serve calls `middlewares` in each proxy if the environment variable PROXY_VARIABLE names it when
Ray starts. Nothing here imports Ray.
"""

from __future__ import annotations

import contextlib

from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from liusheng.cluster.serving.task_routes import TaskRoutes
from liusheng.protocol.errors import CloseCode

PROXY_VARIABLE = "RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH"
PROXY_VALUE = "liusheng.cluster.serving.proxy.middlewares"


def middlewares() -> list[Middleware]:
    """Return the middleware of a proxy."""
    return [Middleware(CloseFrame), Middleware(TaskRoutes)]


class CloseFrame:
    """Closes a WebSocket with 1012 (service restart) whose application has ended without a close.

    That is what is left when its replica dies; without a frame, a client sees a broken network.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request or a WebSocket."""
        if scope["type"] != "websocket":
            await self._app(scope, receive, send)
            return
        is_open = False

        async def noted_send(message: Message) -> None:
            nonlocal is_open
            if message["type"] == "websocket.accept":
                is_open = True
            elif message["type"] == "websocket.close":
                is_open = False
            await send(message)

        async def noted_receive() -> Message:
            nonlocal is_open
            message = await receive()
            if message["type"] == "websocket.disconnect":
                is_open = False
            return message

        await self._app(scope, noted_receive, noted_send)
        if is_open:
            with contextlib.suppress(Exception):  # the client has gone meanwhile
                await send({"type": "websocket.close", "code": CloseCode.SERVICE_RESTART})
