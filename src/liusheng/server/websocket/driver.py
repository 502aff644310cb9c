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
from liusheng.runtime.workers.timeouts import wait_for_event

_log = logging.getLogger(__name__)

LONGEST_PAUSE = 10.0
"""Seconds for which a socket is not read at most: longer, and pings would go unanswered."""

MOST_OWED = 100
"""Messages that may wait for a client that does not read, before it is read slowly itself."""

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
    @property
    def backlog(self) -> int: ...
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
        self._over = asyncio.Event()
        self._active = time.monotonic()
        # One call of `receive` at a time, and never cancelled: a frame is not to be lost.
        self._receiving: asyncio.Future[Message] | None = None
        self._draining = False

    # What a kind of session adds

    def execute(self, command: C) -> None:
        """Do what the session wants done. Must not block."""
        raise NotImplementedError

    async def room(self) -> None:
        """Wait until the next frame may be taken, for `LONGEST_PAUSE` at most."""

    # For kinds of sessions, and for the server

    def progress(self) -> None:
        """The session has been told something: do what it wants, and send what it owes."""
        for command in self._session.commands():
            self.execute(command)
        self._flushed.clear()
        self._wake.set()
        if self._session.closed:
            self._over.set()

    async def flushed(self) -> None:
        """Wait until everything owed is handed to the socket, at the client's pace."""
        await self._flushed.wait()

    async def run(self) -> None:
        """Serve the socket until it is closed."""
        await self._websocket.accept()
        reader = asyncio.create_task(self._read())
        writer = asyncio.create_task(self._write())
        overdue = asyncio.create_task(self._overdue())
        tasks = (reader, writer, overdue)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            # First of all, so that whatever becomes of the tasks, nothing is held for this client.
            self._session.disconnected()
            self.progress()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if self._receiving:
                self._receiving.cancel()
            structlog.contextvars.bind_contextvars(session=self._session.id)

    async def stop(self, error: ProtocolError, code: CloseCode, patience: float) -> None:
        """Close from the server's side; wait up to `patience` seconds for the client to take it."""
        self._session.stop(error, code)
        self.progress()
        await wait_for_event(self._flushed, patience)

    # Inside

    async def _read(self) -> None:
        try:
            while True:
                message = await self._receive()
                if message is None:
                    self._session.idle()
                    self.progress()
                    continue
                if message["type"] == "websocket.disconnect":
                    return
                await self._pause()
                if (text := message.get("text")) is not None:
                    self._session.text_received(text)
                else:
                    self._session.bytes_received(message["bytes"])
                self._active = time.monotonic()
                self.progress()
        except Exception:
            # A session never raises; if one does, its client is told, and nobody else notices.
            _log.exception("session failed")
            await self.stop(_mistake(), CloseCode.INTERNAL, LONGEST_PAUSE)

    async def _pause(self) -> None:
        """Wait for room, but not for so long that pings go unanswered.

        The ASGI server reads its socket again when everything it has read is taken: after one full
        pause, all of that is taken without another.
        """
        if self._draining:
            return
        began = time.monotonic()
        await self.room()
        if not self._session.closed and self._session.backlog > MOST_OWED:
            await wait_for_event(self._flushed, LONGEST_PAUSE - (time.monotonic() - began))
        self._draining = time.monotonic() - began >= LONGEST_PAUSE

    async def _receive(self) -> Message | None:
        """Return the next ASGI message; None when the client is idle."""
        if self._receiving is None:
            self._receiving = asyncio.ensure_future(self._websocket.receive())
            await asyncio.sleep(0)  # what is there already is taken without waiting
        while not self._receiving.done():
            self._draining = False
            await asyncio.wait({self._receiving}, timeout=max(0.0, self._patience()))
            if self._receiving.done():
                break
            if not self._session.awaits_client:
                self._active = time.monotonic()
            elif self._patience() <= 0:
                self._active = time.monotonic()
                return None
        received, self._receiving = self._receiving, None
        self._active = time.monotonic()
        return received.result()

    def _patience(self) -> float:
        return self._active + self._idle_seconds - time.monotonic()

    async def _write(self) -> None:
        try:
            while True:
                while (message := self._session.next_message()) is not None:
                    if isinstance(message, Close):
                        await self._close(message.code, message.reason)
                        return
                    await self._websocket.send_text(message)
                    self._active = time.monotonic()
                self._flushed.set()
                await self._wake.wait()
                self._wake.clear()
        except (WebSocketDisconnect, RuntimeError) as error:
            # The client is gone, or the ASGI server has closed the socket for a reason of its own
            # (a broken frame, a ping without answer), after which it takes no more messages.
            _log.debug("cannot send: %s", error)
        except Exception:
            _log.exception("cannot write what is owed")
            await self._close(CloseCode.INTERNAL, "internal error")
        finally:
            self._flushed.set()

    async def _close(self, code: CloseCode, reason: str) -> None:
        if self._websocket.application_state is WebSocketState.CONNECTED:
            await self._websocket.close(code, reason)

    async def _overdue(self) -> None:
        """End when a session that is over cannot be flushed: a client that never reads."""
        await self._over.wait()
        await asyncio.sleep(LONGEST_PAUSE)


def _mistake() -> ProtocolError:
    return ProtocolError(
        ErrorCode.INTERNAL_ERROR,
        "The server made a mistake and this session cannot go on; start a new one.",
    )


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
