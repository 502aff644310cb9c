"""An HTTP method and path and the function that handles its requests, as an ASGI application."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

import msgspec
from msgspec import Struct
from starlette.types import Receive, Scope, Send

from liusheng.protocol.errors import ProtocolError
from liusheng.server.ending import end_with
from liusheng.server.errors import internal_error, server_stopping
from liusheng.server.http.error_format import ErrorFormat, http_status, retry_headers
from liusheng.server.http.exchange import JSON, DisconnectedError, HttpExchange
from liusheng.server.request_record import current_record

_log = logging.getLogger(__name__)


class Endpoint:
    """One operation over HTTP.

    path: below the server's path prefix; names in braces are path parameters.
    handle: answers a request; may raise `ProtocolError` before and after the response has begun.
    errors: the format of error responses.
    summary, query, body, answers, headers: for the API's description; `body` and `answers` map
        media types to messages (None or (): bytes), `headers` those of the response to what they
        say.
    """

    def __init__(
        self,
        method: str,
        path: str,
        handle: Callable[[HttpExchange], Awaitable[None]],
        errors: ErrorFormat,
        *,
        summary: str,
        query: type[Struct] | None = None,
        body: Mapping[str, type[Struct] | None] | None = None,
        answers: Mapping[str, tuple[type[Struct], ...]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.method = method
        self.path = path
        self.summary = summary
        self.query = query
        self.body = body or {}
        self.answers = answers or {}
        self.headers = headers or {}
        self.errors = errors
        self._handle = handle
        self._running: set[asyncio.Task[None]] = set()
        self._ended: dict[asyncio.Task[None], ProtocolError] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        current_record().admitted()
        exchange = HttpExchange(scope, receive, send)
        try:
            await self._serve(exchange)
        finally:
            exchange.holds(0)

    def cut_off(self) -> None:
        """Answer every running request with server_stopping; does not wait."""
        for task in self._running:
            self._end(task, server_stopping())

    async def stop(self, timeout: float) -> None:
        """Answer every running request with server_stopping; wait up to `timeout` seconds."""
        self.cut_off()
        if self._running:
            await asyncio.wait(list(self._running), timeout=timeout)

    def _end(self, task: asyncio.Task[None], error: ProtocolError) -> None:
        """Have a request answered with an error instead of what it would be answered with."""
        self._ended[task] = error
        task.cancel()

    async def _serve(self, exchange: HttpExchange) -> None:
        handling = asyncio.create_task(self._answer(exchange))
        disconnected = asyncio.create_task(exchange.disconnected())
        lost = asyncio.create_task(exchange.lost())
        tasks = (handling, disconnected, lost)
        self._running.add(handling)

        async def end(error: ProtocolError) -> None:
            self._end(handling, error)

        end_with(exchange.request.scope, end)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if reason := exchange.closed_for:
                _log.info("the connection was closed: %s", reason.value)
                current_record().failed(reason.value)
            elif not handling.done():
                _log.info("the client disconnected")
        finally:
            self._running.discard(handling)
            self._ended.pop(handling, None)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _answer(self, exchange: HttpExchange) -> None:
        try:
            await self._handle(exchange)
        except ProtocolError as error:
            await self._send_error(exchange, error)
        except DisconnectedError:
            _log.info("the client disconnected")
        except asyncio.CancelledError:
            task = asyncio.current_task()
            reason = self._ended.get(task) if task else None
            if reason is None:
                raise
            await self._send_error(exchange, reason)
        except Exception:
            _log.exception("a request failed")
            await self._send_error(exchange, internal_error())

    async def _send_error(self, exchange: HttpExchange, error: ProtocolError) -> None:
        if exchange.ended:
            return
        current_record().failed(error.code.value)
        if exchange.status:
            _log.warning("response cut off: %s", error.code.value)
            if exchange.error_chunk:
                await exchange.end(exchange.error_chunk(error))
            else:
                exchange.cut_off()
            return
        status = http_status(error.code)
        headers = retry_headers(error)
        body = msgspec.json.encode(self.errors.message(error))
        await exchange.answer(body, status, headers=headers)


def fixed_endpoint(path: str, answer: Struct, errors: ErrorFormat, *, summary: str) -> Endpoint:
    """Return an endpoint that answers every GET with the same message."""
    body = msgspec.json.encode(answer)

    async def handle(exchange: HttpExchange) -> None:
        await exchange.answer(body)

    return Endpoint("GET", path, handle, errors, summary=summary, answers={JSON: (type(answer),)})
