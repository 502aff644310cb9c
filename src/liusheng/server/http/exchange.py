"""One HTTP request and its answer, which may be written while the request is still being read."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping

from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from liusheng.protocol.errors import ErrorCode, ProtocolError

JSON = "application/json"

LONGEST_WRITE = 60.0
"""Seconds after which a client that takes nothing of its answer is given up: it holds a place."""


class ClientGoneError(Exception):
    """The client closed the connection; nobody reads what would be answered."""


class Exchange:
    """What a door is given.

    tell: how an error is told in an answer that has begun, as the chunk that ends it; None: the
        answer is cut off, which HTTP clients notice.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.request = Request(scope)
        self.tell: Callable[[ProtocolError], bytes] | None = None
        self.status = 0
        self.ended = False
        self._receive = receive
        self._send = send
        self._read = asyncio.Event()
        self._writing: float | None = None  # since when a piece is being written

    # The request

    async def chunks(
        self, idle_seconds: float, max_bytes: int | None = None
    ) -> AsyncIterator[bytes]:
        """Yield the body as it comes.

        Raises:
            ClientGoneError: when the connection ends before the body does.
            ProtocolError: idle_timeout, when nothing comes for so long; message_too_large.
        """
        more = True
        size = 0
        while more:
            message = await self._received(idle_seconds)
            if message["type"] == "http.disconnect":
                raise ClientGoneError
            more = message.get("more_body", False)
            if not more:
                self._read.set()
            chunk = message.get("body", b"")
            size += len(chunk)
            if max_bytes is not None and size > max_bytes:
                raise ProtocolError(
                    ErrorCode.MESSAGE_TOO_LARGE,
                    f"The request's body is over the limit of {max_bytes:,} bytes; "
                    "send less at a time.",
                )
            if chunk:
                yield chunk

    async def body(self, max_bytes: int, idle_seconds: float) -> bytes:
        """Return the whole body.

        Raises:
            ProtocolError: message_too_large or idle_timeout.
        """
        return b"".join([chunk async for chunk in self.chunks(idle_seconds, max_bytes)])

    async def _received(self, idle_seconds: float) -> Message:
        # Not `asyncio.wait_for`: see `liusheng.runtime.workers.timeouts`.
        receiving = asyncio.ensure_future(self._receive())
        try:
            await asyncio.wait({receiving}, timeout=idle_seconds)
            if receiving.done():
                return receiving.result()
        finally:
            receiving.cancel()
        raise ProtocolError(
            ErrorCode.IDLE_TIMEOUT,
            f"Nothing more of the request's body came for {idle_seconds:g} s.",
        )

    async def gone(self) -> None:
        """Wait until the client, whose request is read, leaves before it has its answer."""
        await self._read.wait()
        while (await self._receive())["type"] != "http.disconnect":
            pass
        if self.ended:
            # The ASGI server says so of an answer that is complete, too: whoever gave it is
            # putting away what it needed.
            await asyncio.Event().wait()

    # The answer

    async def start(
        self, content_type: str, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> None:
        """Begin an answer whose length is not known."""
        self.status = status
        # A proxy that collects an answer before it passes it on would make waiting of streaming.
        every = {"Content-Type": content_type, "X-Accel-Buffering": "no", **(headers or {})}
        raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in every.items()]
        await self._send({"type": "http.response.start", "status": status, "headers": raw})

    async def write(self, chunk: bytes) -> None:
        """Send a piece; waits while the client does not take what was sent."""
        if chunk:
            await self._write(chunk, more=True)

    async def end(self, chunk: bytes = b"") -> None:
        """Send the last piece."""
        self.ended = True
        await self._write(chunk, more=False)

    async def answer(
        self,
        body: bytes,
        status: int = 200,
        content_type: str = JSON,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Send a whole answer."""
        await self.start(
            content_type, status, {"Content-Length": str(len(body)), **(headers or {})}
        )
        await self.end(body)

    async def stalled(self) -> None:
        """Wait until a client has taken nothing for `LONGEST_WRITE` of what there is for it."""
        while True:
            await asyncio.sleep(LONGEST_WRITE / 10)
            if self._writing is not None and time.monotonic() - self._writing > LONGEST_WRITE:
                return

    async def _write(self, chunk: bytes, *, more: bool) -> None:
        self._writing = time.monotonic()
        await self._send({"type": "http.response.body", "body": chunk, "more_body": more})
        self._writing = None
