"""One HTTP request and its response, which may begin while the request is still being received."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import TypeVar

from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.limits import message_too_large
from liusheng.runtime.clock import awake, done_within
from liusheng.server.limits.connection import connection_of

JSON = "application/json"

_BODY = "body"

T = TypeVar("T")


class DisconnectedError(Exception):
    """The client closed the connection; a response has no reader."""


class HttpExchange:
    """A request, and the means to answer it.

    status: of the response; 0 before it has begun.
    ended: whether the response is complete.
    error_chunk: renders an error as the last chunk of a response that has begun; None: the response
        is cut off, which HTTP clients detect.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.request = Request(scope)
        self._connection = connection_of(scope)
        self.error_chunk: Callable[[ProtocolError], bytes] | None = None
        self.status = 0
        self.ended = False
        self._receive = receive
        self._send = send
        self._body_received = asyncio.Event()

    # The request

    async def chunks(
        self,
        idle_seconds: float,
        max_bytes: int | None = None,
        too_large: ProtocolError | None = None,
    ) -> AsyncIterator[bytes]:
        """Yield the body as it is received.

        max_bytes: of the body. One that is announced to be larger is refused before it is read (a
            client that expects "100 Continue" gets the error instead), and one that comes too
            slowly holds what it uses for nothing. None: of a live stream, which may be both.
        too_large: what is wrong with a larger one; by default that.

        Raises:
            DisconnectedError: the connection ended before the body did.
            ProtocolError: idle_timeout, if nothing is received for `idle_seconds`, or too little;
                message_too_large.
        """
        more = True
        size = 0
        spare = idle_seconds  # by which the body is ahead of the least rate, and no more than that
        rate = self._connection.settings.min_upload_rate
        too_large = too_large or message_too_large("The request's body", max_bytes or 0, "bytes")
        if max_bytes is not None and self._announced > max_bytes:
            raise too_large
        while more:
            asked = awake.time()
            message = await self._next_event(idle_seconds)
            spare -= awake.time() - asked
            if message["type"] == "http.disconnect":
                raise DisconnectedError
            more = message.get("more_body", False)
            if not more:
                self._body_received.set()
            chunk = message.get("body", b"")
            size += len(chunk)
            if max_bytes is not None and size > max_bytes:
                raise too_large
            if max_bytes is not None and rate and more:
                spare = min(idle_seconds, spare + len(chunk) / rate)
                if spare < 0:
                    raise _too_slow(idle_seconds, rate)
            if chunk:
                yield chunk

    async def body(
        self, max_bytes: int, idle_seconds: float, too_large: ProtocolError | None = None
    ) -> bytes:
        """Return the whole body, which is charged to the connection until `holds` says less.

        too_large: as for `chunks`; if the connection may hold less, that is what is wrong.

        Raises:
            DisconnectedError, ProtocolError: as `chunks`; server_busy, if it does not fit.
        """
        account = self._connection.account
        if account.most < max_bytes:
            max_bytes, too_large = account.most, None
        if self._announced <= max_bytes:
            # Nothing is kept free for it: who only announces a body would hold what others need.
            account.hold(_BODY, self._announced)
            try:
                self._check_memory()
            finally:
                account.hold(_BODY, 0)
        data = bytearray()
        async for chunk in self.chunks(idle_seconds, max_bytes, too_large):
            data += chunk
            account.hold(_BODY, len(data))
            self._check_memory()
        return bytes(data)

    async def in_turn(self, work: Callable[[float], T]) -> T:
        """Do work on what was received when it is its turn; see `Turns.do`."""
        return await self._connection.turns.do(work)

    def holds(self, size: int) -> None:
        """So many bytes are held of the body, or of what was made of it."""
        self._connection.account.hold(_BODY, size)

    @property
    def _announced(self) -> int:
        """The size of the body as its header says; 0 if it does not."""
        length = self.request.headers.get("content-length", "")
        return int(length) if length.isdecimal() and length.isascii() else 0

    def _check_memory(self) -> None:
        if self._connection.account.over:
            raise ProtocolError(
                ErrorCode.SERVER_BUSY,
                "The server has no memory for this request's body now. Try again later.",
            )

    async def _next_event(self, idle_seconds: float) -> Message:
        # Not `asyncio.wait_for`: see `liusheng.timeouts`.
        receiving = asyncio.ensure_future(self._receive())
        try:
            if await done_within(receiving, idle_seconds):
                return receiving.result()
        finally:
            receiving.cancel()
        raise ProtocolError(
            ErrorCode.IDLE_TIMEOUT,
            f"No part of the request's body was received for {idle_seconds:g} s; send the request "
            "again.",
        )

    async def disconnected(self) -> None:
        """Wait until the client closes the connection, after its request and before its response
        is complete."""
        await self._body_received.wait()
        while (await self._receive())["type"] != "http.disconnect":
            pass
        if self.ended:
            # The ASGI server reports a complete response as a disconnect too; the handler may still
            # be releasing what it used.
            await asyncio.Event().wait()

    @property
    def closed_for(self) -> ErrorCode | None:
        """The error for which the server closed the connection, if it was one."""
        return self._connection.closed_for

    async def lost(self) -> None:
        """Wait until the connection is lost before the response is complete, whatever of the
        request was not received yet."""
        await self._connection.lost.wait()
        if self.ended:
            await asyncio.Event().wait()

    # The response

    async def start(
        self, content_type: str, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> None:
        """Begin a response of unknown length."""
        # X-Accel-Buffering: a proxy must not collect a streamed response before it forwards it.
        every = {"Content-Type": content_type, "X-Accel-Buffering": "no", **(headers or {})}
        raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in every.items()]
        await self._send({"type": "http.response.start", "status": status, "headers": raw})
        self.status = status

    async def write(self, chunk: bytes) -> None:
        """Send a part of the body; waits while the client does not read."""
        if chunk:
            await self._write(chunk, more=True)

    async def end(self, chunk: bytes = b"") -> None:
        """Send the last part of the body."""
        self.ended = True
        await self._write(chunk, more=False)

    def cut_off(self) -> None:
        """End the connection without completing the response, which HTTP clients detect."""
        self._connection.cut_off()

    async def answer(
        self,
        body: bytes,
        status: int = 200,
        content_type: str = JSON,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Send a whole response."""
        await self.start(
            content_type, status, {"Content-Length": str(len(body)), **(headers or {})}
        )
        await self.end(body)

    async def _write(self, chunk: bytes, *, more: bool) -> None:
        await self._send({"type": "http.response.body", "body": chunk, "more_body": more})


def _too_slow(seconds: float, rate: float) -> ProtocolError:
    return ProtocolError(
        ErrorCode.IDLE_TIMEOUT,
        f"For {seconds:g} s the request's body was received at less than {rate:,.0f} bytes a "
        "second; send the request again over a faster connection, or send less.",
    )
