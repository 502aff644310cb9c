"""What every WebSocket session here does: read frames, run the session, write what it owes.

The session decides (see `liusheng.protocol`); this moves bytes. Reading and writing are two tasks,
so that a client that sends everything before it reads anything is served like any other.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Iterable, Iterator
from typing import Generic, Protocol, TypeVar

import structlog
from starlette.types import Message
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from liusheng.protocol.asr_session import Close
from liusheng.protocol.errors import CloseCode, ErrorCode, ProtocolError

_log = logging.getLogger(__name__)

LONGEST_PAUSE = 10.0
"""Seconds for which a socket is not read at most: longer, and pings would go unanswered."""

C = TypeVar("C")
C_co = TypeVar("C_co", covariant=True)


class Session(Protocol[C_co]):
    """What the driver needs of a session that gives commands of type C_co."""

    @property
    def id(self) -> str: ...
    @property
    def awaits_client(self) -> bool: ...
    @property
    def closed(self) -> bool: ...
    def commands(self) -> Iterable[C_co]: ...
    def next_message(self) -> str | Close | None: ...
    def text_received(self, frame: str) -> None: ...
    def bytes_received(self, data: bytes) -> None: ...
    def disconnected(self) -> None: ...
    def idle(self) -> None: ...
    def stop(self, error: ProtocolError, code: CloseCode) -> None: ...


class SocketDriver(Generic[C]):
    """Runs one session on one socket.

    idle_seconds: after so long without a frame or a reply, when it is the client's turn, the
        session is told that it is idle.
    """

    def __init__(self, websocket: WebSocket, session: Session[C], idle_seconds: float) -> None:
        self._websocket = websocket
        self._session = session
        self._idle_seconds = idle_seconds
        self._wake = asyncio.Event()
        self._flushed = asyncio.Event()
        self._active = time.monotonic()

    # What a kind of session adds

    def execute(self, command: C) -> None:
        """Do what the session wants done. Must not block."""
        raise NotImplementedError

    async def room(self) -> None:
        """Wait until the next frame may be read, for `LONGEST_PAUSE` at most."""

    # For kinds of sessions, and for the server

    def progress(self) -> None:
        """The session has been told something: do what it wants, and send what it owes."""
        for command in self._session.commands():
            self.execute(command)
        self._flushed.clear()
        self._wake.set()

    async def flushed(self) -> None:
        """Wait until everything owed is handed to the socket, at the client's pace."""
        await self._flushed.wait()

    async def run(self) -> None:
        """Serve the socket until it is closed."""
        await self._websocket.accept()
        reader = asyncio.create_task(self._read())
        writer = asyncio.create_task(self._write())
        try:
            await asyncio.wait((reader, writer), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (reader, writer):
                task.cancel()
            for task in (reader, writer):
                with contextlib.suppress(asyncio.CancelledError, WebSocketDisconnect):
                    await task
            self._session.disconnected()
            self.progress()

    async def stop(self, error: ProtocolError, code: CloseCode, patience: float) -> None:
        """Close from the server's side; wait up to `patience` seconds for the client to take it."""
        self._session.stop(error, code)
        self.progress()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self.flushed(), patience)

    # Inside

    async def _read(self) -> None:
        try:
            while True:
                await self.room()
                message = await self._receive()
                if message is None:
                    self._session.idle()
                elif message["type"] == "websocket.disconnect":
                    return
                elif (text := message.get("text")) is not None:
                    self._session.text_received(text)
                else:
                    self._session.bytes_received(message["bytes"])
                self.progress()
        except Exception:
            # A session never raises; if one does, its client is told, and nobody else notices.
            _log.exception("session failed")
            error = ProtocolError(
                ErrorCode.INTERNAL_ERROR,
                "The server made a mistake and this session cannot go on; start a new one.",
            )
            await self.stop(error, CloseCode.INTERNAL, LONGEST_PAUSE)

    async def _receive(self) -> Message | None:
        """Return the next ASGI message; None when the client is idle."""
        while True:
            try:
                message = await asyncio.wait_for(self._websocket.receive(), self._patience())
            except asyncio.TimeoutError:
                if self._session.awaits_client and self._patience() <= 0:
                    return None
                if not self._session.awaits_client:
                    self._active = time.monotonic()
                continue
            self._active = time.monotonic()
            return message

    def _patience(self) -> float:
        return self._active + self._idle_seconds - time.monotonic()

    async def _write(self) -> None:
        while True:
            while (message := self._session.next_message()) is not None:
                if isinstance(message, Close):
                    if self._websocket.application_state is WebSocketState.CONNECTED:
                        await self._websocket.close(message.code, message.reason)
                    self._flushed.set()
                    return
                await self._websocket.send_text(message)
                self._active = time.monotonic()
            self._flushed.set()
            await self._wake.wait()
            self._wake.clear()


@contextlib.contextmanager
def logged(task: str, websocket: WebSocket) -> Iterator[None]:
    """Log a connection's begin and end, with its address on every line in between."""
    client = websocket.client
    peer = f"{client.host}:{client.port}" if client else "unknown"
    began = time.monotonic()
    with structlog.contextvars.bound_contextvars(task=task, peer=peer):
        _log.debug("connected")
        try:
            yield
        finally:
            _log.info("disconnected after %.1f s", time.monotonic() - began)
