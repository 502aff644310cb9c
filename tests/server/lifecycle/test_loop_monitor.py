"""The ticks of the event loop."""

from __future__ import annotations

import asyncio
import time

import pytest

from liusheng.runtime.clock import AwakeClock
from liusheng.server.lifecycle.loop_monitor import LoopMonitor


async def ticks(monitor: LoopMonitor, count: int) -> None:
    aim = monitor.ticks + count
    while monitor.ticks < aim:  # noqa: ASYNC110 - it has no event to wait for
        await asyncio.sleep(0.01)


async def test_a_stall_is_counted_and_left_out_of_the_clock(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = AwakeClock()
    monitor = LoopMonitor(clock=clock)
    monitor.start()
    await ticks(monitor, 2)
    before, stalls, began = clock.time(), monitor.stalls, time.monotonic()
    with caplog.at_level("DEBUG"):
        time.sleep(0.6)  # noqa: ASYNC251 - the stall
        await ticks(monitor, 1)
    assert monitor.stalls > stalls
    assert monitor.longest_delay >= 0.5
    assert monitor.delays.count == monitor.ticks
    assert monitor.delays.total >= 0.5
    assert "did not run for 0." in caplog.text
    assert clock.time() - before <= time.monotonic() - began - 0.3
    monitor.stop()
    count = monitor.ticks
    await asyncio.sleep(0.12)
    assert monitor.ticks == count


async def test_what_is_called_with_the_ticks() -> None:
    now = 0.0
    monitor = LoopMonitor(clock=AwakeClock(lambda: now), now=lambda: now)
    calls: list[float] = []
    monitor.every(1, lambda: calls.append(now))
    monitor.start()
    for now in (0.5, 1.0, 1.2, 3.0, 3.9, 4.0):  # noqa: B007 - the clock reads it
        await ticks(monitor, 1)
    monitor.stop()
    assert calls == [0.0, 1.0, 3.0, 4.0]


def test_stopping_what_was_not_started() -> None:
    LoopMonitor(clock=AwakeClock()).stop()
