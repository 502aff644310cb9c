"""The ticks of the event loop: they drive the clock of deadlines, count stalls, and show the
watchdogs that the loop runs."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from liusheng.runtime.clock import TICK_SECONDS, AwakeClock, awake
from liusheng.runtime.histogram import Histogram

_log = logging.getLogger(__name__)

STALL_SECONDS = 0.1
"""A tick that comes later than this is counted as a stall."""

_DELAYS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)  # seconds


class LoopMonitor:
    """Ticks while the event loop runs.

    ticks: so far; the watchdog compares them.
    stalls: ticks that came more than `STALL_SECONDS` late.
    delay: seconds by which the last tick was late; delays: by which all were.
    longest_delay: seconds by which any tick was late.
    """

    def __init__(
        self,
        *,
        clock: AwakeClock = awake,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.ticks = 0
        self.stalls = 0
        self.delay = 0.0
        self.delays = Histogram(_DELAYS)
        self.longest_delay = 0.0
        self._clock = clock
        self._now = now
        self._due = 0.0
        self._calls: list[_PeriodicCall] = []
        self._timer: asyncio.TimerHandle | None = None

    def every(self, seconds: float, call: Callable[[], None]) -> None:
        """Call `call` about every `seconds` from now on, on the event loop."""
        self._calls.append(_PeriodicCall(seconds, call, self._now()))

    def start(self) -> None:
        """Tick from now on."""
        self._due = self._now()
        self._tick()

    def stop(self) -> None:
        """Tick no more."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        self._clock.stop()

    def _tick(self) -> None:
        now = self._now()
        self.ticks += 1
        self.delay = max(0.0, now - self._due)
        self.longest_delay = max(self.longest_delay, self.delay)
        self.delays.observe(self.delay)
        if self.delay > STALL_SECONDS:
            self.stalls += 1
            _log.debug("the event loop did not run for %.2f s", self.delay)
        self._clock.tick()
        for each in self._calls:
            each.call_if_due(now)
        self._due = now + TICK_SECONDS
        self._timer = asyncio.get_running_loop().call_later(TICK_SECONDS, self._tick)


class _PeriodicCall:
    def __init__(self, seconds: float, call: Callable[[], None], now: float) -> None:
        self._seconds = seconds
        self._call = call
        self._due = now

    def call_if_due(self, now: float) -> None:
        if now >= self._due:
            self._due = now + self._seconds
            self._call()
