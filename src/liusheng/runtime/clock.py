"""A clock for the deadlines of clients and workers: it leaves out the time in which this process
did not run.

A process that is stopped (SIGSTOP), in a virtual machine that is suspended, or whose event loop is
held up reads nothing. Measured by the machine's clock, every client and worker would then have been
silent for so long, although their messages wait in the sockets.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

TICK_SECONDS = 0.05
"""Seconds between two ticks of the event loop."""

_LONGEST_STEP = 0.25  # seconds between two ticks; what is longer is left out
_LAST_LOOK = 0.1  # seconds in which the sockets are read again before a deadline is held to


class AwakeClock:
    """Seconds in which the event loop ran.

    It is the machine's clock until the event loop ticks.

    monotonic: the machine's clock, in seconds.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._ticked: float | None = None
        self._left_out = 0.0

    def time(self) -> float:
        """Return the seconds since some moment; they never decrease."""
        now = self._monotonic()
        return now - self._left_out - self._gap(now)

    def tick(self) -> None:
        """The event loop runs."""
        now = self._monotonic()
        self._left_out += self._gap(now)
        self._ticked = now

    def stop(self) -> None:
        """No more ticks come: count all time from now on."""
        self.tick()
        self._ticked = None

    def _gap(self, now: float) -> float:
        """Return the seconds since the last tick that are left out."""
        return 0.0 if self._ticked is None else max(0.0, now - self._ticked - _LONGEST_STEP)


awake = AwakeClock()
"""The clock of this process; `liusheng.server.lifecycle.loop_monitor` ticks it."""


class AwakeTimer:
    """Calls back after some seconds on the clock `awake`, when the sockets were read once more.

    So a client whose message came while this process was stopped is not taken for a silent one.
    """

    def __init__(self, seconds: float, callback: Callable[[], object]) -> None:
        self._callback = callback
        self._loop = asyncio.get_running_loop()
        self._at = awake.time() + seconds
        self._looked = False
        self._handle = self._loop.call_later(seconds, self._fire)

    def cancel(self) -> None:
        """Do not call back."""
        self._handle.cancel()

    def _fire(self) -> None:
        left = self._at - awake.time()
        if left <= 0 and self._looked:
            self._callback()
            return
        self._looked = left <= 0
        self._handle = self._loop.call_later(max(left, _LAST_LOOK), self._fire)


async def done_within(future: asyncio.Future[Any], seconds: float) -> bool:
    """Wait until `future` is done, for at most `seconds` on the clock `awake`; return whether it is
    done. It is not cancelled.
    """
    deadline = awake.time() + seconds
    while not future.done() and (left := deadline - awake.time()) > 0:
        await asyncio.wait({future}, timeout=left)
    if not future.done():
        await asyncio.wait({future}, timeout=_LAST_LOOK)
    return future.done()
