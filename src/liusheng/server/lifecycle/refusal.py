"""The answer to new requests and WebSockets while the server drains."""

from __future__ import annotations

import msgspec
from starlette.types import Scope, Send

from liusheng.server.errors import server_stopping
from liusheng.server.http.error_format import errors_of, http_status
from liusheng.server.http.exchange import JSON

RETRY_SECONDS = 5
"""When a client is asked to try again; another server, or the next process of this one, answers."""


async def refuse(scope: Scope, send: Send, path_prefix: str) -> None:
    """Answer 503 to a request, or to the handshake of a WebSocket, and close the connection."""
    error = server_stopping()
    body = msgspec.json.encode(errors_of(scope["path"], path_prefix).message(error))
    headers = {
        "content-type": JSON,
        "content-length": str(len(body)),
        "retry-after": str(RETRY_SECONDS),
        "connection": "close",
    }
    kind = "websocket.http.response" if scope["type"] == "websocket" else "http.response"
    await send(
        {
            "type": f"{kind}.start",
            "status": http_status(error.code),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
    )
    await send({"type": f"{kind}.body", "body": body})
