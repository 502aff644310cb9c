"""Waiting for a place in a service: first come, first served, for a limited time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from liusheng.runtime.errors import BusyError
from liusheng.timeouts import wait_for_event

_LOOK_SECONDS = 0.25
"""Seconds after which whoever is first looks again: places come free by load too."""


class PlaceQueue:
    """Those who wait for a place.

    seconds: that one waits at most; 0: nobody waits.
    most: who wait at once.
    clock: seconds, monotonic.
    """

    def __init__(self, seconds: float, most: int, clock: Callable[[], float]) -> None:
        self.seconds = seconds
        self._most = most
        self._clock = clock
        self._waiting: deque[asyncio.Event] = deque()

    def limit(self, seconds: float, most: int) -> None:
        """Change the limits, for those who come from now on."""
        self.seconds = seconds
        self._most = most

    def __len__(self) -> int:
        return len(self._waiting)

    async def wait(self, check: Callable[[], None]) -> None:
        """Wait until it is the caller's turn and there is a place; the caller takes it at once.

        check: raises BusyError while there is none.

        Raises:
            BusyError: there was none in time, or there is none to wait for.
        """
        if not self._waiting:
            try:
                check()
            except BusyError as busy:
                if not self.seconds or busy.reason == "workers":
                    raise
            else:
                return
        if len(self._waiting) >= self._most:
            raise BusyError(f"{len(self._waiting)} clients wait for a place, the limit", "queue")
        await self._queue(check)

    async def _queue(self, check: Callable[[], None]) -> None:
        look = asyncio.Event()
        self._waiting.append(look)
        end = self._clock() + self.seconds
        try:
            while True:
                left = end - self._clock()
                await wait_for_event(look, max(0.0, min(left, _LOOK_SECONDS)))
                look.clear()
                if self._waiting[0] is not look:
                    if left > 0:
                        continue
                    raise BusyError(
                        f"{len(self._waiting)} clients wait for a place, and none was free within "
                        f"{self.seconds:g} s",
                        "queue",
                    )
                try:
                    check()
                except BusyError:
                    if left <= 0:
                        raise
                else:
                    return
        finally:
            self._waiting.remove(look)
            self.place_left()

    def place_left(self) -> None:
        """A session ended: whoever is first looks again."""
        if self._waiting:
            self._waiting[0].set()
