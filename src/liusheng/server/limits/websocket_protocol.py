"""Uvicorn's WebSocket protocol, with bounds on what it holds and answers that arrive.

What it changes:

- Messages are read ahead up to `READ_AHEAD` bytes, then reading pauses. So pings are seen although
  the session does not take the messages before them, and nothing piles up.
- Fragments, frames and messages are charged to the connection's account. A message that can never
  fit is answered with 1009; one that cannot fit now with 1013, after `_PATIENCE` seconds.
- A client that does not read is owed one pong, the newest, as RFC 6455 (5.5.3) allows.
- The keepalive does not count the time in which the server itself does not read.
- After a fatal error the rest of what the client sends is read and dropped. Closing at once would
  reset the connection, and the client would never see the close frame.
"""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.frames import Frame

from liusheng.runtime.clock import awake
from liusheng.server.limits.connection import connection_of
from liusheng.server.limits.departure import Departure
from liusheng.server.limits.slices import SlicedInput
from liusheng.server.limits.uvicorn_config import LimitedConfig

if TYPE_CHECKING:
    from uvicorn._types import ASGIReceiveEvent, ASGISendEvent

READ_AHEAD = 4 << 20
"""Bytes of messages that wait for the session, from which on reading pauses."""

_FRAME_OVERHEAD = 100  # bytes of Python objects
_MESSAGE_OVERHEAD = 400
_PATIENCE = 10.0  # seconds for others to free memory that an incomplete message needs
_LEAST_WAIT = 0.1  # seconds in which the socket is read once more
_LINGER = 10.0  # seconds in which what a client still sends is dropped
_FLUSH = 30.0  # seconds for a client to read what is left, after the session is over

_LEAVING = (1000, 1001, 1005)  # RFC 6455, 7.4.1: normal, going away, without a code
_NOT_UTF8, _TOO_BIG, _TRY_LATER = 1007, 1009, 1013


class LimitedWebSocketProtocol(WebSocketsSansIOProtocol):
    """One WebSocket."""

    def __init__(
        self,
        config: LimitedConfig,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._connection = connection_of({"state": app_state})
        self._account = self._connection.account
        self._account.on_room = self._go_on
        self._turns = self._connection.turns
        self._input = SlicedInput(
            self._turns, self._parse, self._may_parse, self._worked, self._abort
        )
        self._departure: Departure | None = None
        self._awaits_handshake = True
        self._queued = 0  # bytes of messages that were not received by the session
        self._fragments = 0  # bytes of the message that is not complete
        self._reading = True
        self._read_at = 0.0  # when reading was last resumed
        self._pinged_at = 0.0
        self._last_chance = False  # the socket was read once more after the pong was due
        self._owed_pong = b""
        self._lingering = False
        self._stuck: asyncio.TimerHandle | None = None
        self._last_call: asyncio.TimerHandle | None = None

    # The transport

    def data_received(self, data: bytes) -> None:
        """Take what was received; the handshake comes first, at once and whole."""
        if self._awaits_handshake:
            self._awaits_handshake = False
            self._parse(data)
            self._worked()
        elif not self._lingering:
            self._input.put(data)

    def dismiss(self) -> None:
        """The handshake was not understood: the connection is not this object's any more."""
        self.connections.discard(self)
        self._input.close()

    def eof_received(self) -> bool:  # type: ignore[override]
        """Take what was received before the end, the close frame for one."""
        return self._input.end(self.transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Free what the connection held."""
        self._free()
        if self._departure:
            self._departure.rest()
        super().connection_lost(exc)
        for timer in (self._stuck, self._last_call):
            if timer:
                timer.cancel()
        self._stuck = self._last_call = None
        self._connection.closed()
        self._input.close()  # which refers to this object

    def resume_writing(self) -> None:
        """Send the newest pong: the client reads again."""
        super().resume_writing()
        if self._owed_pong and not self.transport.is_closing():
            self.transport.write(self._owed_pong)
        self._owed_pong = b""

    # Reading

    def _parse(self, piece: bytes) -> None:
        super().data_received(piece)

    def _may_parse(self) -> bool:
        if self.disconnected or self._lingering:
            return False
        if self.close_sent:
            return True
        if self.handshake_initiated and not self.handshake_complete:
            return False  # its answer must not stand behind those to frames
        return self._queued < READ_AHEAD and not self._account.over

    def _worked(self) -> None:
        """Account for what is held, and read more or not."""
        if self.disconnected:
            return
        incomplete = self._fragments + len(self.conn.reader.buffer)
        self._account.hold("incomplete", incomplete + self._input.size)
        self._account.hold("messages", self._queued)
        self._account.hold("unsent", self.transport.get_write_buffer_size())
        if self._lingering or self.transport.is_closing():
            return
        if self._account.over and incomplete and not self._queued:
            self._wait_for_memory()
        elif self._stuck:
            self._stuck.cancel()
            self._stuck = None
        if not self._lingering:
            self._read(self._may_parse() and not self._input.size)

    def _go_on(self) -> None:
        self._input.work()

    def _read(self, on: bool) -> None:
        if on and not self._reading:
            self._reading = True
            self._read_at = awake.time()
            self.transport.resume_reading()
            if self._departure:
                self._departure.rest()
        elif not on and self._reading:
            self._reading = False
            self.transport.pause_reading()
            self._departure = self._departure or Departure(self.loop, self.transport, self._input)
            self._departure.watch()

    def _wait_for_memory(self) -> None:
        """An incomplete message does not fit: nothing that this client does can make room."""
        if self.close_sent:
            self.transport.abort()
        elif self._account.over_for_good:
            self._fail(_TOO_BIG, "message too large")
        elif not self._stuck:
            self._stuck = self.loop.call_later(
                _PATIENCE, self._fail, _TRY_LATER, "no memory for this message now"
            )

    # Events of the WebSocket

    def handle_text(self, event: Frame) -> None:
        """Handle the first frame of a text."""
        self._fragments = len(event.data) + _FRAME_OVERHEAD
        super().handle_text(event)

    def handle_bytes(self, event: Frame) -> None:
        """Handle the first frame of a binary message."""
        self._fragments = len(event.data) + _FRAME_OVERHEAD
        super().handle_bytes(event)

    def handle_cont(self, event: Frame) -> None:
        """Handle a further frame."""
        self._fragments += len(event.data) + _FRAME_OVERHEAD
        super().handle_cont(event)

    def send_receive_event_to_app(self) -> None:
        """Queue a complete message; unlike the base class, do not pause after each."""
        data = b"".join(self.frames)
        self.frames = []
        self._fragments = 0
        if self.close_sent:
            return
        message: ASGIReceiveEvent = {"type": "websocket.receive", "bytes": data}
        if self.curr_msg_data_type == "text":
            try:
                message = {"type": "websocket.receive", "text": data.decode()}
            except UnicodeDecodeError:
                self._fail(_NOT_UTF8, "invalid UTF-8")
                return
        self._queued += _size(message)
        self.queue.put_nowait(message)

    def handle_ping(self) -> None:
        """Send a pong; while the client does not read, note the newest."""
        if self._lingering:
            return
        output = [each for each in self.conn.data_to_send() if each]
        if self.writable.is_set():
            self.transport.write(b"".join(output))
        elif output:
            self._owed_pong = output[-1]

    def handle_close(self, event: Frame) -> None:
        """Handle a close frame; note that the client leaves, if it says so."""
        received = self.conn.close_rcvd
        self._connection.left = received is not None and received.code in _LEAVING
        super().handle_close(event)

    def handle_parser_exception(self) -> None:
        """Send the close frame that says what was wrong."""
        assert self.conn.close_sent is not None
        close = self.conn.close_sent
        self._end(close.code, close.reason)

    def _fail(self, code: int, reason: str) -> None:
        self._stuck = None
        if self.close_sent or self.transport.is_closing():
            return
        self.conn.fail(code, reason)
        self._end(code, reason)

    def _free(self) -> None:
        """Drop what was not received by the session, which is over.

        Not when the garbage collector comes to it: until then, it would be held and not counted.
        """
        self._input.drop()
        self.conn.reader.discard()
        self.frames = []
        self._queued = self._fragments = 0
        events = [self.queue.get_nowait() for _ in range(self.queue.qsize())]
        for event in events:
            if event["type"] != "websocket.receive":
                self.queue.put_nowait(event)

    def _end(self, code: int, reason: str) -> None:
        self._free()
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self._lingering = True
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._read(True)
        # The base class does not close the transport while this is set.
        self.close_timer = self.loop.call_later(_LINGER, self.transport.abort)
        self._connection.lost.set()

    # Keepalive

    def send_keepalive_ping(self) -> None:
        """Send a ping, unless this server does not read now."""
        if self._reading:
            self._pinged_at = awake.time()
            self._last_chance = False
            super().send_keepalive_ping()
        else:
            self.schedule_ping()

    def keepalive_timeout(self) -> None:
        """Close, unless this server did not read, or did not run, all the time since the ping: the
        pong may be among what was not read."""
        now = awake.time()
        timeout = self.ping_timeout or 0.0
        if not self._reading or self._turns.waits or self._read_at > self._pinged_at:
            self._pinged_at = now
        left = self._pinged_at + timeout - now
        if left > 0 or not self._last_chance:
            self._last_chance = left <= 0
            wait = max(left, _LEAST_WAIT)
            self.pong_timer = self.loop.call_later(wait, self.keepalive_timeout)
            return
        super().keepalive_timeout()
        self._abort_after(_LINGER)

    # The application

    async def receive(self) -> ASGIReceiveEvent:
        """Return the next message."""
        message = await self.queue.get()
        if message["type"] == "websocket.receive":
            self._queued -= _size(message)
            if self._input.size or not self._reading:
                self._input.work()
            else:
                self._account.hold("messages", self._queued)
        return message

    async def send(self, message: ASGISendEvent) -> None:
        """Send a message; waits while the client does not read."""
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and self.close_sent:
            # Uvicorn takes a handshake that was refused so for one without an answer, and logs it
            # as a fault of the application (Kludex/uvicorn#3138).
            self.handshake_complete = True
        if self._lingering or self.disconnected:
            return
        if self.close_sent:
            self._abort_after(self.close_timeout + _LINGER)
        self._input.work()

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        """The session is over: do not wait for ever until the client has read the rest."""
        super().on_task_complete(task)
        if not self._lingering:
            self._abort_after(_FLUSH)

    def _abort(self) -> None:
        self.transport.abort()

    def _abort_after(self, seconds: float) -> None:
        if not self.disconnected and self._last_call is None:
            self._last_call = self.loop.call_later(seconds, self.transport.abort)


def _size(message: Any) -> int:
    """Return the bytes that a received message takes."""
    text = message.get("text")
    return sys.getsizeof(message.get("bytes") if text is None else text) + _MESSAGE_OVERHEAD
