"""Whether clients read what they are sent over HTTP.

A response that is not read waits in this process, and whatever sends it waits, too. So does the end
of a connection: it is closed when all has been sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Protocol

from liusheng.runtime.clock import awake

_LOOKS = 4  # in the time that a client has


class ReadProgress:
    """For how long a client has read nothing."""

    def __init__(self) -> None:
        self._unsent = 0
        self._since = 0.0

    def unread_seconds(self, unsent: int, now: float) -> float:
        """Return how long nothing was read of what waits.

        unsent: bytes that wait to be sent now. It has read when they are fewer than at the last
            look: the system takes more as the client reads.
        now: seconds on the clock `awake`.
        """
        if not unsent or not self._unsent or unsent < self._unsent:
            self._since = now
        self._unsent = unsent
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
    while True:
        await asyncio.sleep(min(1.0, seconds() / _LOOKS))
        now = awake.time()
        for each in connections():
            each.watch_reading(now)
