"""The refusal of a request or of a WebSocket handshake, before anything of it is handled."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from starlette.types import Receive, Scope, Send

from liusheng.protocol.errors import ProtocolError
from liusheng.server.http.error_format import error_format, http_status
from liusheng.server.http.exchange import JSON
from liusheng.server.request_record import current_record


async def refuse(
    scope: Scope,
    receive: Receive,
    send: Send,
    error: ProtocolError,
    path_prefix: str = "",
    headers: Mapping[str, str] | None = None,
) -> None:
    """Answer with an error, in the format of the paths around the one requested.

    A WebSocket is refused with the same HTTP response in place of its handshake ("websocket.http
    .response" of ASGI), so that status and reason reach programs that can read them.
    """
    current_record().failed(error.code.value)
    body = msgspec.json.encode(error_format(scope["path"], path_prefix).message(error))
    every = {"Content-Type": JSON, "Content-Length": str(len(body)), **(headers or {})}
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in every.items()]
    kind = "http.response"
    if scope["type"] == "websocket":
        await receive()  # websocket.connect
        kind = "websocket.http.response"
    await send({"type": f"{kind}.start", "status": http_status(error.code), "headers": raw})
    await send({"type": f"{kind}.body", "body": body})
