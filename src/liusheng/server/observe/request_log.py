"""The outermost middleware: it gives each request an id, and counts, logs and traces it.

The id is made here. One that a client or proxy sends (X-Request-Id) is not taken: anybody could
send the id of somebody else's request. Proxies log ours, from the response.
"""

from __future__ import annotations

import logging
import time
from typing import Any

import structlog
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from liusheng.protocol.errors import ErrorCode
from liusheng.protocol.session import random_id
from liusheng.server.observe.observer import Observer
from liusheng.server.observe.routes import is_observation, request_kind, request_method
from liusheng.server.request_record import RequestRecord, recording

_log = logging.getLogger("liusheng.access")

REQUEST_ID = "X-Request-Id"

_MOST_PATH = 200
"""Characters of a path that are logged."""

_NO_STATUS = 499
"""As nginx logs it: the client closed the connection before it got a response."""

_STARTS = ("http.response.start", "websocket.http.response.start", "websocket.accept")


class RequestLog:
    """Serves another application, and records each request."""

    def __init__(self, app: ASGIApp, observer: Observer) -> None:
        self._app = app
        self._observer = observer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request or WebSocket."""
        prefix = self._observer.state.path_prefix
        kind = request_kind(scope, prefix)
        counted = self._observer.traffic.begin(kind)
        record = RequestRecord(random_id(), counted)
        exchange = _Exchange(record, receive, send)
        client = scope.get("client")
        peer = f"{client[0]}:{client[1]}" if client else "unknown"
        began = time.monotonic()
        trace = self._observer.tracing.begin(scope, kind, record)
        with (
            recording(record),
            trace,
            structlog.contextvars.bound_contextvars(request=record.id, peer=peer, **trace.names),
        ):
            try:
                await self._app(scope, exchange.receive, exchange.send)
            except Exception:
                if not exchange.status:
                    exchange.status = 500  # what the ASGI server answers
                    record.failed(ErrorCode.INTERNAL_ERROR.value)
                raise
            finally:
                counted.ended()
                seconds = time.monotonic() - began
                self._count(exchange)
                self._observer.traffic.answered(kind, exchange.status or _NO_STATUS, seconds)
                trace.answered(exchange.status or _NO_STATUS, exchange.close_code)
                quiet = is_observation(scope, prefix) and not record.codes
                _log_request(scope, exchange, seconds, logging.DEBUG if quiet else logging.INFO)

    def _count(self, exchange: _Exchange) -> None:
        traffic = self._observer.traffic
        traffic.bytes_in += exchange.bytes_in
        traffic.bytes_out += exchange.bytes_out
        if exchange.close_code is not None:
            traffic.closed(exchange.close_code)


class _Exchange:
    """The messages of one request on their way.

    status: of the response; 101 after a handshake; 0: there was none.
    close_code: of a WebSocket.
    """

    def __init__(self, record: RequestRecord, receive: Receive, send: Send) -> None:
        self.record = record
        self.status = 0
        self.close_code: int | None = None
        self.bytes_in = 0
        self.bytes_out = 0
        self._receive = receive
        self._send = send

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            if self.close_code is None:
                self.close_code = int(message.get("code", 1005))
        else:
            self.bytes_in += _size(message)
        return message

    async def send(self, message: Message) -> None:
        kind = message["type"]
        if kind in _STARTS:
            self.status = message.get("status", 101)
            headers = MutableHeaders(raw=list(message.get("headers", ())))
            headers[REQUEST_ID] = self.record.id
            message = {**message, "headers": headers.raw}
            if kind == "websocket.accept":
                self.record.admitted()
        elif kind == "websocket.close":
            self.status = self.status or 403  # what the ASGI server answers
            if self.status == 101 and self.close_code is None:
                self.close_code = int(message.get("code", 1000))
        else:
            self.bytes_out += _size(message)
        await self._send(message)


def _size(message: Message) -> int:
    content = message.get("body") or message.get("bytes") or message.get("text") or b""
    return len(content)


def _log_request(scope: Scope, exchange: _Exchange, seconds: float, level: int) -> None:
    record = exchange.record
    method = request_method(scope)
    path = scope["path"].rstrip(":")  # that of the Wyoming protocol ends with one
    if len(path) > _MOST_PATH:
        path = path[:_MOST_PATH] + "…"
    status: int | None = exchange.status or _NO_STATUS
    if status == 101:
        status = None
    fields: dict[str, Any] = {
        "method": method,
        "path": path,
        "status": status,
        "close": exchange.close_code,
        "error": ",".join(record.codes),
        "seconds": round(seconds, 3),
        "bytes_in": exchange.bytes_in,
        "bytes_out": exchange.bytes_out,
        "audio_in": round(record.audio_in, 2) or None,
        "audio_out": round(record.audio_out, 2) or None,
        "session": record.session,
        "key": record.key,
    }
    known = {name: value for name, value in fields.items() if value not in ("", None)}
    outcome = exchange.close_code if status is None else status
    codes = f" {fields['error']}" if record.codes else ""
    with structlog.contextvars.bound_contextvars(**known):
        _log.log(level, "%s %s: %s%s after %.2f s", method, path, outcome, codes, seconds)
