"""TLS that is read in small pieces, so that no client keeps the event loop for itself.

An event loop reads up to 256 KB from a connection with TLS, and decrypts them in one turn. Of the
smallest records these are 11,000, and of those that change keys 9,000, which take a third of a
second. Here it takes some KB at a time, or less where these take long; each is decrypted in a turn
(`Turns`).

TLS answers some records itself: a request for other keys, a handshake that it does not want. Of a
client that does not read these answers nothing more is read once there are many.

The rest is left to the loop's own TLS. No loop lets one say how much that reads at a time, so its
class is used directly, as the loops do for a connection that was accepted.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import sys
from asyncio import sslproto
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from liusheng.server.limits.pace import Pace
from liusheng.server.limits.turns import Turns, Waiting

_LEAST, _MOST = 256, 8 * 1024  # bytes of a piece: 9 records that change keys, and 300
_RECORD = 16 * 1024  # bytes that a record can bring
_MAX_ANSWERS = 64 * 1024  # bytes of TLS's own answers behind what the client does not read

# The protocol has a deadline, in time in which this process ran. The loop's own of a minute would
# cut a longer one short.
_NO_HANDSHAKE_TIMEOUT = 86_400.0


def _nothing() -> None:
    pass


class RecordReader(ssl.SSLObject):
    """The state of a connection with TLS; a read takes room for one record.

    A read never returns more than that. Loops ask for 256 KB each time, and a block of that size
    costs much more than the smallest records themselves.

    Nor does it return the end together with what comes before that: a loop would close the
    connection, although the application, which does not read on then, has still to parse that.

    outgoing: what is to be sent.
    paced: whether this is for `PacedTls`, which looks for the end again.
    answered: bytes of it that reading has caused so far.
    ended: whether the end is there, and the next read returns it.
    on_end: called when that becomes so.
    """

    outgoing: ssl.MemoryBIO
    paced: bool
    answered = 0
    ended = False
    on_end: Callable[[], object]
    _goes_on = False  # something was returned since the loop last had to wait

    def read(self, len: int = 1024, buffer: Any = None) -> Any:  # noqa: A002
        """Return what was decrypted, or write it into `buffer` and return its size in bytes."""
        before = self.outgoing.pending
        goes_on, self._goes_on = self._goes_on, False
        try:
            found = super().read(min(len, _RECORD), buffer)
        finally:
            self.answered += self.outgoing.pending - before
        self._goes_on = bool(found)
        self.ended = self.paced and goes_on and not found
        if self.ended:
            self.on_end()
            raise ssl.SSLWantReadError
        return found

    def pending(self) -> int:
        """Return how many bytes are decrypted, the end being one: uvloop reads only if there is."""
        return super().pending() or self.ended


class RecordContext(ssl.SSLContext):
    """What connections with TLS have in common; each has a `RecordReader`. paced: see there."""

    sslobject_class = RecordReader
    paced = False

    def wrap_bio(
        self, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO, *args: Any, **options: Any
    ) -> RecordReader:
        """Return the state of a new connection."""
        made = super().wrap_bio(incoming, outgoing, *args, **options)
        assert isinstance(made, RecordReader)
        made.outgoing = outgoing
        made.paced = self.paced
        made.on_end = _nothing
        return made


async def open_tls(
    loop: asyncio.AbstractEventLoop,
    accepted: socket.socket,
    protocol: asyncio.Protocol,
    context: RecordContext,
    turns: Turns,
) -> None:
    """Do what the loop's `connect_accepted_socket` does; return after the handshake, or when the
    client has left in it: then `protocol` was told nothing.

    turns: of the connection.

    Raises:
        OSError: the handshake failed.
    """
    kind = _tls_of(loop)
    if not hasattr(kind, "get_buffer"):
        # The asyncio of Python 3.10, which serves nobody where there is uvloop.
        await loop.connect_accepted_socket(
            lambda: protocol, accepted, ssl=context, ssl_handshake_timeout=_NO_HANDSHAKE_TIMEOUT
        )
        return
    context.paced = True
    done: asyncio.Future[None] = loop.create_future()
    tls = kind(
        loop,
        protocol,
        context,
        done,
        server_side=True,
        ssl_handshake_timeout=_NO_HANDSHAKE_TIMEOUT,
    )
    # Of what the protocol does not want now, it decrypts all at once when the protocol does.
    tls._get_app_transport().set_read_buffer_limits(high=1)
    transport, _ = await loop.connect_accepted_socket(lambda: PacedTls(tls, turns), accepted)
    try:
        await asyncio.wait([done])
    except asyncio.CancelledError:
        done.cancel()
        transport.abort()
        raise
    if error := done.exception():
        # Not itself: it would refer to this connection from then on, and asyncio's to itself.
        raise ConnectionAbortedError(f"the handshake failed: {error}")


def _tls_of(loop: asyncio.AbstractEventLoop) -> Any:
    """Return the class of a loop's TLS."""
    uvloop = sys.modules.get("uvloop.loop")
    if uvloop and isinstance(loop, uvloop.Loop):
        return uvloop.SSLProtocol
    return sslproto.SSLProtocol


class PacedTls(asyncio.BufferedProtocol):
    """Gives the loop's TLS what a connection receives, piece by piece.

    At most a piece is held here: what is not read yet waits in the system. Reading is paused by
    this object or by TLS, never by both: it is being read when either pauses it.

    tls: the loop's.
    turns: of the connection.
    """

    def __init__(self, tls: Any, turns: Turns) -> None:
        self._tls = tls
        self._turns = turns
        self._waiting: Waiting | None = None
        self._looking: Waiting | None = None
        self._application: Any = tls._get_app_transport()
        self._pace = Pace(_LEAST, _MOST, _LEAST * 4)
        self._records: RecordReader | None = None  # after the handshake
        self._transport: asyncio.Transport | None = None
        self._received = 0  # bytes of the piece that waits for its turn, in the room that TLS gave
        self._writing_paused = False
        self._answered = 0  # bytes, when writing was paused
        self._unread = False  # reading is paused until the client reads

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin the handshake."""
        self._transport = transport
        self._tls.connection_made(transport)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return room for a piece."""
        if self._received:
            self._go_on()  # asyncio on Windows hands over what it has read, paused or not
        buffer: memoryview = self._tls.get_buffer(sizehint)
        return buffer[: self._pace.piece if self._wanted else _LEAST]

    def buffer_updated(self, nbytes: int) -> None:
        """Decrypt a piece, now or in one of the next turns."""
        if self._turns.may_work() or not self._transport:
            self._decrypt(nbytes)
        else:
            self._received = nbytes
            self._transport.pause_reading()
            self._waiting = self._turns.wait(self._go_on)

    def _go_on(self) -> None:
        received, self._received = self._received, 0
        if received and self._transport:
            self._transport.resume_reading()
            self._decrypt(received)

    def _decrypt(self, nbytes: int) -> None:
        began, wanted = self._turns.clock(), self._wanted
        self._tls.buffer_updated(nbytes)
        if self._records is None:
            self._find_records()
        if wanted:  # otherwise it was not decrypted
            self._pace.took(self._turns.clock() - began)
        if (
            self._writing_paused
            and self._answers - self._answered > _MAX_ANSWERS
            and self._transport
            and self._transport.is_reading()
        ):
            self._transport.pause_reading()
            self._unread = True

    @property
    def _wanted(self) -> bool:
        """Whether what comes is decrypted at once: while TLS closes, to be dropped."""
        application = self._application
        return bool(application and (application.is_closing() or application.is_reading()))

    def _look_again_soon(self) -> None:
        self._looking = self._turns.wait(self._look_again)

    def _look_again(self) -> None:
        """Have TLS find the end. If it is not wanted now, it is found when it is."""
        if self._transport:
            self._tls.buffer_updated(0)

    def _find_records(self) -> None:
        found = None
        with suppress(AttributeError):  # asyncio's transport, when it was closed twice
            found = self._application and self._application.get_extra_info("ssl_object")
        if isinstance(found, RecordReader):
            self._records = found
            found.on_end = self._look_again_soon
            if found.ended:  # behind the last of the handshake
                self._look_again_soon()

    @property
    def _answers(self) -> int:
        return self._records.answered if self._records else 0

    def eof_received(self) -> bool:
        """All was received: what waits behind TLS is parsed in the turn in which TLS is told."""
        if self._turns.may_work():
            return self._end()
        self._waiting = self._turns.wait(self._end_later)
        return True

    def _end_later(self) -> None:
        if not self._end() and self._transport:
            self._transport.close()

    def _end(self) -> bool:
        """Return whether TLS closes the connection later."""
        if self._records and self._records.ended:
            return True  # with its own end, which it is about to find
        return bool(self._tls.eof_received())

    def pause_writing(self) -> None:
        """The client does not read."""
        self._writing_paused = True
        self._answered = self._answers
        self._tls.pause_writing()

    def resume_writing(self) -> None:
        """The client reads."""
        self._writing_paused = False
        self._tls.resume_writing()
        if self._unread and self._transport:
            self._unread = False
            self._transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended."""
        if self._records:
            self._records.on_end = _nothing  # rather than refer to this object
        self._transport = self._application = None
        for each in (self._waiting, self._looking):
            if each:
                each.cancel()
        self._tls.connection_lost(exc)
