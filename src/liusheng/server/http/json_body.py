"""The JSON object in the body of a request."""

from __future__ import annotations

from typing import Any

from liusheng.protocol.frames import is_costly, max_json_size, parse_body
from liusheng.server.config.limits import LimitSettings
from liusheng.server.http.exchange import HttpExchange


async def json_body(exchange: HttpExchange, limits: LimitSettings) -> dict[str, Any]:
    """Receive and return the JSON object of a request with a text.

    Raises:
        DisconnectedError, ProtocolError: see `HttpExchange.body` and `parse_body`.
    """
    body = await exchange.body(max_json_size(limits.max_text_chars), limits.idle_seconds)
    if not is_costly(body):
        return parse_body(body)
    return await exchange.in_turn(lambda _: parse_body(body))
