"""Noticing that a client has left while its connection is not read.

An event loop learns of the end of a connection by reading it. Where reading is paused, because
there is more than can be worked on, the work would go on for a client that is no longer there,
until it comes to the end of what was sent before. The kernel knows: poll(2) reports the end of a
connection although nothing is read.
"""

from __future__ import annotations

import asyncio
import select
from typing import Protocol

_LOOK_SECONDS = 0.5

# A peer that has closed its side only has left, too: this server ends a connection at its end of
# file in any case. Linux reports that; other systems report a connection that is reset.
_LEFT = getattr(select, "POLLRDHUP", 0)
_POLLS = hasattr(select, "poll")  # not on Windows


class Waits(Protocol):
    """Input that may wait for its turn."""

    @property
    def waits(self) -> bool: ...


class Departure:
    """Looks, while a connection is not read, whether its peer has left, and aborts it then; not
    while its input waits for this server only, and may be all that its client wanted to say."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, transport: asyncio.Transport, received: Waits
    ) -> None:
        self._loop = loop
        self._transport = transport
        self._received = received
        self._timer: asyncio.TimerHandle | None = None

    def watch(self) -> None:
        """Reading is paused."""
        if _POLLS and self._timer is None:
            self._timer = self._loop.call_later(_LOOK_SECONDS, self._look)

    def rest(self) -> None:
        """The connection is read again, or closed."""
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        if self._transport.is_closing():
            return
        if has_left(self._transport) and not self._received.waits:
            self._transport.abort()
        else:
            self.watch()


def has_left(transport: asyncio.BaseTransport) -> bool:
    """Return whether the peer of a connection has closed or reset it."""
    connection = transport.get_extra_info("socket")
    descriptor = -1 if connection is None else connection.fileno()
    if descriptor < 0:
        return False
    poll = select.poll()
    poll.register(descriptor, _LEFT)  # errors are reported in any case
    return bool(poll.poll(0))
