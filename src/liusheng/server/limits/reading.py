"""Whether clients read what they are sent over HTTP.

A response that is not read waits in this process and in the system, and whatever sends it waits,
too. So does the end of a connection: it is closed when all has been sent.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from liusheng.runtime.clock import awake
from liusheng.server.limits.rare_log import RareLog

_log = logging.getLogger(__name__)

_LOOKS = 4  # in the time that a client has
_AT_ONCE = 16  # connections in a turn of the event loop; those that end are closed in it

_ACKED_AT = 120  # where `tcpi_bytes_acked` is in the `tcp_info` of Linux (tcp(7), linux/tcp.h)


@dataclass(frozen=True)
class Unsent:
    """What waits to be read on a connection.

    buffered: bytes in this process. With TLS the event loop may have more.
    queued: bytes in the system that the client's system has not taken; 0 where that is not known.
    taken: bytes that the client's system has taken so far; 0 where that is not known.
    """

    buffered: int
    queued: int = 0
    taken: int = 0


def unsent(transport: asyncio.Transport) -> Unsent:
    """Return what waits to be read on a connection."""
    buffered = transport.get_write_buffer_size()
    connection = transport.get_extra_info("socket")
    if sys.platform != "linux" or connection is None or connection.fileno() < 0:
        return Unsent(buffered)
    import fcntl
    import termios

    try:
        info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _ACKED_AT + 8)
        (taken,) = struct.unpack_from("=Q", info, _ACKED_AT)
        queue = fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, bytes(4))
    except (OSError, struct.error):  # another kind of socket, or another kernel
        return Unsent(buffered)
    return Unsent(buffered, struct.unpack("=i", queue)[0] if taken else 0, taken)


class ReadProgress:
    """For how long a client has read nothing."""

    def __init__(self) -> None:
        self._last = Unsent(0)
        self._since = 0.0

    def has_read(self, now: float) -> None:
        """The client has read, as is known from elsewhere. now: seconds on the clock `awake`."""
        self._since = now

    def unread_seconds(self, found: Unsent, now: float) -> float:
        """Return how long nothing was read of what waits. found: what waits now."""
        last, self._last = self._last, found
        waits = found.buffered or found.queued
        waited = last.buffered or last.queued
        read = found.taken != last.taken or found.buffered < last.buffered
        if not waits or not waited or read:
            self._since = now
        return now - self._since


class ReadingConnection(Protocol):
    """A connection whose client may not read."""

    def watch_reading(self, now: float) -> None:
        """End it if its client has read nothing for too long. now: on the clock `awake`."""


async def watch_reading(
    connections: Callable[[], Iterable[ReadingConnection]], seconds: Callable[[], float]
) -> None:
    """Look at all connections again and again, until cancelled.

    seconds: returns how long a client may read nothing.
    """
    failures = RareLog(_log, logging.ERROR, "failures")
    while True:
        await asyncio.sleep(min(1.0, seconds() / _LOOKS))
        now = awake.time()
        for number, each in enumerate(connections(), start=1):
            if not number % _AT_ONCE:
                await asyncio.sleep(0)
            try:
                each.watch_reading(now)
            except Exception as error:  # of one that is about to be closed, for instance
                failures.write(f"cannot see whether a client reads: {error!r}", error)
