"""A path and what answers there, as an ASGI endpoint."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping

import msgspec
import structlog
from msgspec import Struct
from starlette.types import Receive, Scope, Send

from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.server.errors import server_stopping
from liusheng.server.http.exchange import JSON, ClientGoneError, Exchange
from liusheng.server.http.statuses import Failures, http_status

_log = logging.getLogger(__name__)

_RETRY_SECONDS = "5"


class Endpoint:
    """One operation over HTTP.

    path: below the server's prefix; names in braces are parameters of it.
    handle: answers; may raise `ProtocolError`, before or after the answer has begun.
    failures: how the clients of this path are told of errors.
    summary, query, body, answers: for the documents; `body` and `answers` have the messages by
        media type (none: bytes).
    """

    def __init__(
        self,
        method: str,
        path: str,
        handle: Callable[[Exchange], Awaitable[None]],
        failures: Failures,
        *,
        summary: str,
        query: type[Struct] | None = None,
        body: Mapping[str, type[Struct] | None] | None = None,
        answers: Mapping[str, tuple[type[Struct], ...]] | None = None,
    ) -> None:
        self.method = method
        self.path = path
        self.summary = summary
        self.query = query
        self.body = body or {}
        self.answers = answers or {}
        self.failures = failures
        self._handle = handle
        self._open: set[asyncio.Task[None]] = set()
        self._stopping = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange(scope, receive, send)
        client = exchange.request.client
        peer = f"{client.host}:{client.port}" if client else "unknown"
        began = time.monotonic()
        with structlog.contextvars.bound_contextvars(task=self.path, peer=peer):
            await self._serve(exchange)
            _log.info("answered %d after %.2f s", exchange.status, time.monotonic() - began)

    async def stop(self, patience: float) -> None:
        """Tell everyone who is being answered that the server stops; wait up to `patience` s."""
        self._stopping = True
        for task in self._open:
            task.cancel()
        if self._open:
            await asyncio.wait(list(self._open), timeout=patience)

    async def _serve(self, exchange: Exchange) -> None:
        handling = asyncio.create_task(self._answer(exchange))
        leaving = asyncio.create_task(exchange.gone())
        stalling = asyncio.create_task(exchange.stalled())
        tasks = (handling, leaving, stalling)
        self._open.add(handling)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if not handling.done():
                _log.info("the client is gone, or takes nothing any more")
        finally:
            self._open.discard(handling)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _answer(self, exchange: Exchange) -> None:
        try:
            await self._handle(exchange)
        except ProtocolError as error:
            await self._fail(exchange, error)
        except ClientGoneError:
            _log.info("the client is gone")
        except asyncio.CancelledError:
            if not self._stopping:
                raise
            await self._fail(exchange, server_stopping())
        except Exception:
            _log.exception("a request failed")
            await self._fail(
                exchange,
                ProtocolError(
                    ErrorCode.INTERNAL_ERROR,
                    "The server made a mistake and cannot answer this; try again.",
                ),
            )

    async def _fail(self, exchange: Exchange, error: ProtocolError) -> None:
        if exchange.ended:
            return
        if exchange.status:
            _log.warning("cut off: %s", error.message)
            if exchange.tell:
                await exchange.end(exchange.tell(error))
            return
        status = http_status(error.code)
        headers = {"Retry-After": _RETRY_SECONDS} if status == 503 else {}
        body = msgspec.json.encode(self.failures.message(error))
        await exchange.answer(body, status, headers=headers)


def fixed_endpoint(
    path: str,
    answer: Struct,
    failures: Failures,
    *,
    summary: str,
) -> Endpoint:
    """Return a door that always answers GET with the same message."""
    body = msgspec.json.encode(answer)

    async def handle(exchange: Exchange) -> None:
        await exchange.answer(body)

    return Endpoint("GET", path, handle, failures, summary=summary, answers={JSON: (type(answer),)})
