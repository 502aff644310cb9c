"""Uvicorn's HTTP protocol, with bounds on connections, on what they hold, and on their time.

What it changes:

- A connection is counted when it is accepted, before its TLS handshake if it has one.
- A connection over a limit is answered at once, and closed when the client has read that. So is
  one that brings no valid request, or one with too long headers.
- The headers of a request have to arrive within `limits.header_seconds`, the handshake included; a
  new connection gives way to others until then.
- A client that does not read what it is sent is disconnected after `limits.unread_seconds`.
- The body of a request that was refused is read and dropped for some seconds, so that the client
  sees why.
- What is received is parsed in slices, and charged to the connection's account.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import h11
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle
from uvicorn.server import ServerState

from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.runtime.clock import AwakeTimer, awake
from liusheng.server.limits.connection import Connection
from liusheng.server.limits.connections import OpenConnection
from liusheng.server.limits.departure import Departure
from liusheng.server.limits.reading import ReadProgress, Unsent, unsent
from liusheng.server.limits.request_parser import (
    InvalidRequestError,
    RequestParser,
    invalid_handshake,
)
from liusheng.server.limits.slices import SlicedInput
from liusheng.server.limits.uvicorn_config import LimitedConfig
from liusheng.server.limits.websocket_protocol import LimitedWebSocketProtocol

READ_AHEAD = 1 << 20
"""Bytes that are not parsed, from which on reading pauses."""

_LINGER = 5.0  # seconds in which what a refused client still sends is dropped
_MAX_LINGERING = 16  # refused connections that are open at a time; further ones are closed at once
_UNREAD_SECONDS = 20.0  # after which a client that reads nothing gives way to others
_TURN_SECONDS = 0.1  # after which it is seen whether what came in time has had its turn
_GRACE_SECONDS = 2.0  # that this takes at most: a client can keep its own turns busy
_REFUSED_SECONDS = 1.0  # for a refused client's handshake, and to read why it is refused


class LimitedHttpProtocol(H11Protocol):
    """One connection, until it becomes a WebSocket.

    `arrived` comes before `connection_made`, which may never come: `connection_lost` does then.

    made: whether it has come.
    turns: of the connection.
    """

    _refused_open = 0  # of all connections

    def __init__(
        self,
        config: LimitedConfig,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._limits = config.limits
        self._refusal = config.refusal
        self._connection = Connection(self._limits)
        self.turns = self._connection.turns
        super().__init__(config, server_state, self._connection.in_state(app_state), _loop)
        self.conn = RequestParser()
        self._peer = ""
        self._entry: OpenConnection | None = None
        self._input = SlicedInput(
            self.turns, self._parse, self._may_parse, self._worked, self._give_way
        )
        self.made = False
        self._abort: Callable[[], None] = lambda: None
        self._refused = b""  # the answer to a connection over a limit, or to what is no request
        self._upgraded = False
        self._deadline: AwakeTimer | None = None
        self._progress = ReadProgress()
        self._unread = False
        self._flushed_at: float | None = None
        self._departure: Departure | None = None
        self._waits_for = ""
        self._grace = _GRACE_SECONDS
        self._completing = False  # a response
        self._connection.account.on_room = self._input.work
        self._connection.cut_off = self._cut_off

    # The transport

    def arrived(
        self, peer: str, descriptor: int, drop: Callable[[], None], *, handshake: bool
    ) -> bool:
        """Admit a connection that was accepted, or refuse it; return whether to go on with it.

        peer: its address.
        drop: ends it while there is no transport.
        handshake: a TLS handshake comes first.
        """
        self._abort = drop
        self._peer = peer
        self._connection.belong(self._limits.connections.client_of(peer))
        self.connections.add(self)
        try:
            self._entry = entry = self._limits.open(peer, descriptor, self._give_way)
        except ProtocolError as error:
            self._will_refuse(error)
            if handshake:
                self._set_deadline("handshake", _REFUSED_SECONDS)
                return self._may_linger()
        else:
            connections = self._limits.connections
            self._connection.on_closed = lambda: connections.close(entry)
            self._set_deadline("headers", self._limits.settings.header_seconds)
        return True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to read, or say why not."""
        super().connection_made(transport)
        self.made = True
        self._abort = transport.abort
        self.flow = _Flow(transport, self)
        self._departure = Departure(self.loop, transport, self._input)
        if self._refused:
            self._refuse()
        else:
            self._watch()

    def data_received(self, data: bytes) -> None:
        """Take what was received."""
        if not self._refused:
            self._input.put(data)

    def eof_received(self) -> bool:  # type: ignore[override]
        """Take what was received before the end."""
        return self._input.end(self.transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Free what the connection held."""
        super().connection_lost(exc)
        self._unset_keepalive_if_required()
        self._set_deadline("", 0)
        self._rest()
        if self._refused:
            type(self)._refused_open -= 1
        self._connection.closed()
        self._let_go()

    def _let_go(self) -> None:
        """Let go of all that refers to this object.

        It is freed at once then. The garbage collector would find it much later, together with all
        others of a flood, and hold up the event loop for the time that those take.
        """
        self._input.close()
        self._connection.cut_off = lambda: None
        if isinstance(self.flow, _Flow):
            self.flow.let_go()

    def shutdown(self) -> None:
        """End the connection, after the response that is under way. A refused one ends soon."""
        if not self.made:
            self._give_way()
        elif not self._refused:
            super().shutdown()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Leave the connection to a WebSocket, with its account and its place.

        Raises:
            InvalidRequestError: websockets does not take the handshake; it knows HTTP less well.
        """
        self._upgraded = True
        self._set_deadline("", 0)
        self._rest()
        if self._entry:
            self._entry.waiting = self._entry.unread = False
        super().handle_websocket_upgrade(event)
        protocol = self.transport.get_protocol()
        assert isinstance(protocol, LimitedWebSocketProtocol)
        if not protocol.handshake_initiated:
            # Nobody would answer it, nor end it.
            protocol.dismiss()
            self._upgraded = False
            self.connections.add(self)
            self.transport.set_protocol(self)
            raise invalid_handshake(protocol.conn.handshake_exc)
        # What the client sent without waiting for the answer.
        rest = self.conn.trailing_data[0] + self._input.take_all()
        self._connection.account.hold("received", 0)
        self._let_go()
        if rest:
            protocol.data_received(rest)

    def handle_events(self) -> None:
        """Handle what was parsed. What is no request is refused; a response that has begun is cut
        off then."""
        if self._completing:
            return
        try:
            super().handle_events()
        except InvalidRequestError as invalid:
            self._limits.refused(self._peer, invalid.error)
            if self.cycle and not self.cycle.response_complete:
                self._connection.closed_for = invalid.error.code
                self._disconnect(self.cycle)
                if self.cycle.response_started:
                    self.transport.close()
                    return
            self._input.drop()
            self._unset_keepalive_if_required()
            self._will_refuse(invalid.error)
            self._refuse()

    def _cut_off(self) -> None:
        cycle = self.cycle
        if cycle and cycle.response_started and not cycle.response_complete:
            self._disconnect(cycle)
            self.transport.close()

    def _disconnect(self, cycle: RequestResponseCycle) -> None:
        """Have the application see that the client has gone; nothing more of it is sent."""
        cycle.waiting_for_100_continue = False
        cycle.disconnected = True
        cycle.message_event.set()

    def on_response_complete(self) -> None:
        """A response is complete: wait for the next request, or for the rest of this one."""
        self._completing = True
        try:
            super().on_response_complete()
        finally:
            self._completing = False
        if self.timeout_keep_alive_task:
            # Measured in time in which this process ran: the next request may be there already.
            self._grace = _GRACE_SECONDS
            self.timeout_keep_alive_task.cancel()
            self.timeout_keep_alive_task = AwakeTimer(  # type: ignore[assignment]
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )
        self._watch()
        if self.conn.their_state is h11.IDLE and self.conn.trailing_data[0]:
            self._input.put(b"")  # what was sent behind the request takes a turn

    # Reading

    def _parse(self, piece: bytes) -> None:
        """Parse a piece, or what the parser kept of the one before (b"")."""
        if piece:
            super().data_received(piece)
        else:
            self._unset_keepalive_if_required()
            self.handle_events()

    def _may_parse(self) -> bool:
        return not (
            self.flow.read_paused or self._upgraded or self._refused or self.transport.is_closing()
        )

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing: the request is answered without the upgrade, as HTTP wants it."""

    def resume_writing(self) -> None:
        """The client has read, even if as much waits again at the next look."""
        self._progress.has_read(awake.time())
        super().resume_writing()

    def _worked(self) -> None:
        if self._upgraded or self.transport.is_closing():
            return
        held = self._input.size + len(self.cycle.body if self.cycle else b"")
        self._connection.account.hold("received", held)
        self._watch()
        self.read_or_pause()

    def read_or_pause(self) -> None:
        """Read from the transport, unless much that was read is not parsed.

        It is read ahead of what is wanted: the end of a connection comes behind all that its client
        has sent.
        """
        if not (self._upgraded or self.transport.is_closing()):
            limit = 0 if self._connection.account.over else READ_AHEAD
            if self._input.size > limit:
                self.transport.pause_reading()
                if self._departure:
                    self._departure.watch()
            else:
                self.transport.resume_reading()
                self._rest()

    def _rest(self) -> None:
        if self._departure:
            self._departure.rest()

    def go_on(self) -> None:
        """Parse more, soon: the application wants it, or is about to."""
        self.read_or_pause()
        self.loop.call_soon(self._input.work)

    # Deadlines

    def _watch(self) -> None:
        """Set the deadline for what the connection waits for now."""
        if self._upgraded or self._refused or self._entry is None or self.transport.is_closing():
            return
        idle = self.conn.their_state is h11.IDLE
        answered = self.cycle is not None and self.cycle.response_complete
        rest = not idle and answered and self.conn.our_state is h11.DONE
        waited = self._entry.waiting
        self._entry.waiting = idle or rest
        if idle and self.timeout_keep_alive_task is None:
            self._set_deadline("headers", self._limits.settings.header_seconds)
        elif rest:
            if self._waits_for != "rest":
                self._limits.waits(self._entry)
            self._set_deadline("rest", _LINGER)
        else:
            self._set_deadline("", 0)
        if idle and answered and not waited:  # what comes of a request makes it no newer
            self._limits.waits(self._entry)

    def _set_deadline(self, what: str, seconds: float) -> None:
        if what == self._waits_for:
            return
        if self._deadline:
            self._deadline.cancel()
        self._waits_for = what
        self._grace = _GRACE_SECONDS
        self._deadline = AwakeTimer(seconds, self._late) if what else None

    def _late(self) -> None:
        if self._waits_for == "headers" and self._may_be_there():
            self._deadline = AwakeTimer(_TURN_SECONDS, self._late)
        else:
            self._deadline = None
            self._give_way()

    def _may_be_there(self) -> bool:
        """Whether to look again for a request: what was received waits for its turn."""
        self._grace -= _TURN_SECONDS
        return self.turns.waits and self._grace > 0

    def timeout_keep_alive_handler(self) -> None:
        """Close the connection, unless the next request is there and waits for its turn."""
        if self._may_be_there():
            self.timeout_keep_alive_task = AwakeTimer(  # type: ignore[assignment]
                _TURN_SECONDS, self.timeout_keep_alive_handler
            )
        else:
            super().timeout_keep_alive_handler()

    def _give_way(self) -> None:
        if self._unread:
            self._connection.closed_for = ErrorCode.SLOW_READER
        # Closing would wait for what the client has not read, and with TLS for its answer.
        self._abort()

    def watch_reading(self, now: float) -> None:
        """End the connection if its client reads nothing; before, it gives way to others."""
        if not self.made or self._connection.lost.is_set():
            return
        found = unsent(self.transport)
        if self.transport.is_closing():
            self._watch_closing(found, now)
        seconds = self._progress.unread_seconds(found, now)
        self._unread = seconds >= _UNREAD_SECONDS
        if self._entry:
            self._entry.unread = self._unread
        if seconds >= self._limits.settings.unread_seconds:
            self._unread = True
            self._give_way()

    def _watch_closing(self, found: Unsent, now: float) -> None:
        """The response is over. A client has some seconds to close its side, as TLS wants it, and
        gives way to others."""
        if self._entry and not self._entry.waiting:
            self._limits.waits(self._entry)
        if found.buffered or found.queued or not found.taken:
            self._flushed_at = None  # or nobody knows: the event loop ends it some time
        elif self._flushed_at is None:
            self._flushed_at = now
        elif now - self._flushed_at >= _LINGER:
            self._give_way()

    # Refusals

    def _will_refuse(self, error: ProtocolError) -> None:
        self._refused = self._refusal(error)
        type(self)._refused_open += 1

    def _may_linger(self) -> bool:
        return type(self)._refused_open <= _MAX_LINGERING

    def _refuse(self) -> None:
        # What is before it is flushed, too.
        seconds = _LINGER if self.transport.get_write_buffer_size() else _REFUSED_SECONDS
        self.transport.write(self._refused)
        if self._may_linger() and self.transport.can_write_eof():
            self.transport.write_eof()
        else:
            self.transport.close()
        self._set_deadline("refused", seconds)


class _Flow(FlowControl):
    """Flow control that knows of input which is not parsed."""

    def __init__(self, transport: asyncio.Transport, protocol: LimitedHttpProtocol) -> None:
        super().__init__(transport)
        self._protocol: LimitedHttpProtocol | None = protocol

    def pause_reading(self) -> None:
        """The application has enough."""
        self.read_paused = True
        if self._protocol:
            self._protocol.read_or_pause()

    def resume_reading(self) -> None:
        """The application wants more."""
        if self.read_paused:
            self.read_paused = False
            if self._protocol:
                self._protocol.go_on()

    def let_go(self) -> None:
        """Nothing more is read."""
        self._protocol = None
