"""TLS that is read in small pieces, so that no client keeps the event loop for itself.

An event loop reads up to 256 KB from a connection with TLS, and decrypts them in one turn. Of the
smallest records these are 11,000. Here it takes a few KB at a time; when that has lasted for about
a millisecond, others have their turn.

The rest is left to the loop's own TLS. No loop lets one say how much that reads at a time, so its
class is used directly, as the loops do for a connection that was accepted.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import sys
import time
from asyncio import sslproto
from typing import Any

_SLICE_SECONDS = 0.001
_PIECE = 8 * 1024  # bytes: at most 390 records
_RECORD = 16 * 1024  # bytes that a record can bring

# The protocol has a deadline, in time in which this process ran. The loop's own of a minute would
# cut a longer one short.
_NO_HANDSHAKE_TIMEOUT = 86_400.0


class RecordReader(ssl.SSLObject):
    """The state of a connection with TLS; a read takes room for one record.

    A read never returns more than that. Loops ask for 256 KB each time, and a block of that size
    costs much more than the smallest records themselves.
    """

    def read(self, len: int = 1024, buffer: Any = None) -> Any:  # noqa: A002
        """Return what was decrypted, or write it into `buffer` and return its size in bytes."""
        return super().read(min(len, _RECORD), buffer)


async def open_tls(
    loop: asyncio.AbstractEventLoop,
    accepted: socket.socket,
    protocol: asyncio.Protocol,
    context: ssl.SSLContext,
) -> None:
    """Do what the loop's `connect_accepted_socket` does; return after the handshake, or when the
    client has left in it: then `protocol` was told nothing.

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
    tls._get_app_transport().set_read_buffer_limits(high=_PIECE)
    transport, _ = await loop.connect_accepted_socket(lambda: PacedTls(loop, tls), accepted)
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

    Nothing is held here: what is not read yet waits in the system.

    tls: the loop's.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, tls: Any) -> None:
        self._loop = loop
        self._tls = tls
        self._transport: asyncio.Transport | None = None
        self._until: float | None = None  # of this turn of the loop, if it has read in it
        self._paused = False  # by this object

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin the handshake."""
        self._transport = transport
        self._tls.connection_made(transport)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return room for a piece."""
        buffer: memoryview = self._tls.get_buffer(sizehint)
        return buffer[:_PIECE]

    def buffer_updated(self, nbytes: int) -> None:
        """Decrypt a piece. If this turn has lasted long enough, the next one comes in another."""
        if self._until is None:
            self._until = time.monotonic() + _SLICE_SECONDS
            self._loop.call_soon(self._next_turn)
        self._tls.buffer_updated(nbytes)
        if (
            time.monotonic() >= self._until
            and self._transport
            # Otherwise TLS has paused it, and will resume it. It pauses when it gets something, so
            # never while this object has.
            and self._transport.is_reading()
        ):
            self._transport.pause_reading()
            self._paused = True

    def _next_turn(self) -> None:
        self._until = None
        if self._paused:
            self._paused = False
            if self._transport:
                self._transport.resume_reading()

    def eof_received(self) -> bool | None:
        """All was received."""
        keep_open: bool | None = self._tls.eof_received()
        return keep_open

    def pause_writing(self) -> None:
        """The client does not read."""
        self._tls.pause_writing()

    def resume_writing(self) -> None:
        """The client reads."""
        self._tls.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended."""
        self._transport = None
        self._tls.connection_lost(exc)
