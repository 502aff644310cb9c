"""The driver of a WebSocket session: receives frames, executes commands, sends messages.

The session decides (see `liusheng.protocol.session`); the driver does the I/O. Reading and writing
are two tasks, so that a client may send all of its audio before it reads any reply.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Generic, TypeVar

from starlette.types import Message
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from liusheng.protocol.errors import CloseCode, ProtocolError
from liusheng.protocol.outbox import Close
from liusheng.protocol.session import DrivenSession
from liusheng.runtime.clock import awake, done_within
from liusheng.server.errors import internal_error, slow_reader
from liusheng.server.limits.connection import connection_of
from liusheng.server.request_record import current_record
from liusheng.timeouts import wait_for_event

_log = logging.getLogger(__name__)

MAX_PAUSE = 10.0
"""Seconds of one wait for room, and for a client to take the next message of a session that is
over."""

MAX_END = 600.0
"""Seconds for a client to take all that is left of a session that is over."""

MAX_BACKLOG = 100
"""Unsent messages, from which on the driver takes no frame until they are sent."""

MAX_UNSENT = 256 << 10
"""Bytes of unsent messages, from which on it takes none either: as many as a connection may hold
however short memory is."""

_SENT_AT_ONCE = 16  # messages, after which others have their turn
_POLL_SECONDS = 1.0

C = TypeVar("C")


class SocketDriver(Generic[C]):
    """Runs one session on one WebSocket.

    idle_seconds: seconds without a frame or a reply, while the session waits for the client, after
        which `idle` of the session is called.
    record: of the WebSocket.
    """

    def __init__(
        self,
        websocket: WebSocket,
        session: DrivenSession[C],
        idle_seconds: float,
    ) -> None:
        self._websocket = websocket
        self._session = session
        self.record = current_record()
        self._idle_seconds = idle_seconds
        self._wake = asyncio.Event()
        self._flushed = asyncio.Event()
        self._written = asyncio.Event()  # what there was, whenever that was
        self._over = asyncio.Event()
        self._active = awake.time()
        # One call of `receive` at a time, and never cancelled: that could lose a frame.
        self._receiving: asyncio.Future[Message] | None = None
        self._connection = connection_of(websocket.scope)
        self._sending_since: float | None = None
        self._waits_for_reader = False  # no frame is taken until the client has read
        self._waits_for_turn = False  # a frame that was taken

    # For subclasses to implement

    def execute(self, command: C) -> None:
        """Execute a command of the session. Must not block."""
        raise NotImplementedError

    async def room(self) -> None:
        """Wait until the next frame may be passed to the session, however long that takes.

        The server below reads ahead so far that it sees pings, and no further.
        """

    # For subclasses and the application

    @property
    def behind(self) -> bool:
        """Whether so much is not sent yet that no frame is taken."""
        return self._session.backlog > MAX_BACKLOG or self._session.unsent > MAX_UNSENT

    def progress(self) -> None:
        """Execute the new commands of the session, and wake the writer for its messages."""
        for command in self._session.commands():
            self.execute(command)
        self._flushed.clear()
        self._wake.set()
        if self._session.closed:
            self._over.set()

    def start(self, work: Callable[[], Awaitable[None]]) -> asyncio.Task[None]:
        """Run work of the session in a task. What it raises ends this session, and no other."""
        return asyncio.create_task(self._guarded(work))

    async def flushed(self) -> None:
        """Wait until every message is written to the socket, at the client's pace."""
        await self._flushed.wait()

    async def run(self) -> None:
        """Serve the WebSocket until it is closed."""
        await self._websocket.accept()
        reader = asyncio.create_task(self._read())
        writer = asyncio.create_task(self._write())
        overdue = asyncio.create_task(self._overdue())
        lost = asyncio.create_task(self._connection.lost.wait())
        tasks = (reader, writer, overdue, lost, asyncio.create_task(self._watch()))
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            # First, so that the work for this client ends whatever the tasks do.
            self._session.disconnected(deliberate=self._connection.left)
            self.progress()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if self._receiving:
                self._receiving.cancel()
            self.record.session = self._session.id

    def release(self, error: ProtocolError, code: CloseCode, quiet_seconds: float) -> None:
        """Close from the server's side if the client loses nothing by it: no work is under way, and
        nothing was sent or received for so long."""
        received = self._waits_for_turn or self._session.has_more
        idle = not (self._session.under_way or received)
        if idle and awake.time() - self._active >= quiet_seconds:
            self._session.stop(error, code)
            self.progress()

    def wind_down(self, error: ProtocolError, code: CloseCode) -> None:
        """Close from the server's side after the results of what was received; does not wait."""
        self._session.wind_down(error, code)
        self.progress()

    async def stop(self, error: ProtocolError, code: CloseCode, timeout: float) -> None:
        """Close from the server's side; wait up to `timeout` seconds until all is written."""
        self._session.stop(error, code)
        self.progress()
        await wait_for_event(self._flushed, timeout)

    # Internals

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
                text = message.get("text")
                if text is not None:
                    await self._take(text, partial(self._session.text_received, text))
                else:
                    data = message["bytes"]
                    await self._take(data, partial(self._session.bytes_received, data))
                while self._session.has_more:
                    await asyncio.sleep(0)  # others have their turn
                    await self._pause()
                    await self._take(b"", self._session.go_on)
        except Exception:
            # A session does not raise. If one does, only its own client is affected.
            _log.exception("session failed")
            await self.stop(internal_error(), CloseCode.INTERNAL, MAX_PAUSE)

    async def _take(self, frame: str | bytes, handle: Callable[[], None]) -> None:
        """Have the session handle a frame, or more of the last one (b"")."""
        if not self._session.is_costly(frame):
            self._handle(handle)
            return
        self._waits_for_turn = True
        self._connection.account.hold("frame", len(frame))
        try:
            await self._connection.turns.do(lambda _: self._handle(handle))
        finally:
            self._connection.account.hold("frame", 0)

    def _handle(self, handle: Callable[[], None]) -> None:
        self._waits_for_turn = False
        handle()
        self._active = awake.time()
        self.progress()
        self._account()

    async def _guarded(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except Exception:
            _log.exception("session failed")
            await self.stop(internal_error(), CloseCode.INTERNAL, MAX_PAUSE)

    async def _pause(self) -> None:
        """Wait until the next frame may be taken."""
        await self.room()
        self._waits_for_reader = True
        while not self._session.closed and self.behind:
            # Not until `_flushed`, which may be set: texts in a queue count as backlog, too.
            self._written.clear()
            await wait_for_event(self._written, MAX_PAUSE)
        self._waits_for_reader = False

    async def _receive(self) -> Message | None:
        """Return the next ASGI message; None when the client is idle."""
        if self._receiving is None:
            self._receiving = asyncio.ensure_future(self._websocket.receive())
            await asyncio.sleep(0)  # a frame that is there already is received without waiting
        while not self._receiving.done():
            await asyncio.wait({self._receiving}, timeout=max(0.0, self._time_left()))
            if self._receiving.done():
                break
            if not self._session.awaits_client:
                self._active = awake.time()
            elif self._time_left() <= 0 and not await done_within(self._receiving, 0):
                self._active = awake.time()
                return None
        received, self._receiving = self._receiving, None
        self._active = awake.time()
        return received.result()

    def _time_left(self) -> float:
        """Return the seconds until the client counts as idle."""
        return self._active + self._idle_seconds - awake.time()

    async def _write(self) -> None:
        try:
            while True:
                sent = 0
                while (message := self._session.next_message()) is not None:
                    for code in self._session.take_errors():
                        self.record.failed(code)
                    if not await self._send_message(message) or isinstance(message, Close):
                        return
                    sent += 1
                    if not sent % _SENT_AT_ONCE:  # sending does not wait where the client reads
                        await asyncio.sleep(0)
                self._flushed.set()
                self._written.set()
                await self._wake.wait()
                self._wake.clear()
        except Exception:
            _log.exception("cannot send a message")
            await self._close(CloseCode.INTERNAL, "internal error")
        finally:
            self._flushed.set()

    async def _send_message(self, message: str | bytes | Close) -> bool:
        """Send a message or the close; return whether the connection took it."""
        self._sending_since = awake.time()
        try:
            if isinstance(message, Close):
                await self._close(message.code, message.reason)
            elif isinstance(message, bytes):
                await self._websocket.send_bytes(message)
            else:
                await self._websocket.send_text(message)
        except (WebSocketDisconnect, RuntimeError) as error:
            # The client disconnected, or the ASGI server has closed the connection itself (an
            # invalid frame, an unanswered ping) and accepts no more messages.
            _log.debug("cannot send: %s", error)
            return False
        finally:
            self._sending_since = None
        self._active = awake.time()
        return True

    async def _close(self, code: CloseCode, reason: str) -> None:
        if self._websocket.application_state is WebSocketState.CONNECTED:
            await self._websocket.close(code, reason)

    async def _overdue(self) -> None:
        """Return when a session that is over cannot be flushed: its client does not read.

        One that reads slowly has its time for each message, and `MAX_END` for all: the final reply
        may come after many.
        """
        await self._over.wait()
        over = awake.time()
        while True:
            passed = awake.time() - over
            unread = min(self._unread_seconds(), passed)
            if passed >= MAX_END:
                _log.warning("the client has read for %.0f s, and misses the end", passed)
                self.record.failed(slow_reader(passed).code.value)
                return
            if unread >= MAX_PAUSE:
                _log.warning("the client has not read for %.0f s, and misses the end", unread)
                self.record.failed(slow_reader(unread).code.value)
                return
            await asyncio.sleep(min(MAX_PAUSE - unread, MAX_END - passed))

    def _unread_seconds(self) -> float:
        """Return for how long the client has not taken the message that is being sent."""
        return 0.0 if self._sending_since is None else awake.time() - self._sending_since

    async def _watch(self) -> None:
        """Watch the time: for the session, and for a client that does not read.

        A client that sends on may read later, and is not disconnected: its replies cost a counter.
        """
        limit = self._connection.settings.unread_seconds
        while True:
            await asyncio.sleep(min(_POLL_SECONDS, limit))
            now = awake.time()
            self._session.time_passed(now)
            self._account()
            waited = self._unread_seconds()
            sends = self._session.awaits_client and not self._waits_for_reader
            if waited >= limit and not (sends or self._session.closed):
                _log.warning("the client has not read for %.0f s", waited)
                self._session.unreachable(slow_reader(waited), CloseCode.POLICY)
            if self._session.closed:
                self.progress()

    def _account(self) -> None:
        """Charge what is held for this client to its connection.

        The audio of recognitions is not charged: `room` limits it for each session, and those who
        speak must not wait because others send too much of something else.
        """
        self._connection.account.hold("session", self._session.held)
