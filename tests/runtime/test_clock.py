"""The clock of deadlines: what the machine's clock counts while the process does not run is left
out."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liusheng.runtime import clock
from liusheng.runtime.clock import AwakeClock, AwakeTimer


class Machine:
    """Its time in seconds is what a test says."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_without_ticks_it_is_the_machines_clock() -> None:
    machine = Machine()
    awake = AwakeClock(machine)
    began = awake.time()
    machine.seconds += 75
    assert awake.time() - began == 75


def test_a_freeze_is_left_out_before_the_next_tick_and_after_it() -> None:
    machine = Machine()
    awake = AwakeClock(machine)
    awake.tick()
    began = awake.time()
    machine.seconds += 75
    assert awake.time() - began <= 0.25
    awake.tick()
    assert awake.time() - began <= 0.25
    machine.seconds += 0.05
    assert 0.05 <= awake.time() - began <= 0.3 + 1e-9


def test_when_ticks_end_all_time_counts_again() -> None:
    machine = Machine()
    awake = AwakeClock(machine)
    awake.tick()
    machine.seconds += 75
    awake.stop()
    began = awake.time()
    machine.seconds += 5
    assert awake.time() - began == pytest.approx(5)


@given(st.lists(st.tuples(st.floats(0, 100), st.sampled_from(["tick", "stop", "none"]))))
def test_it_never_goes_back_nor_faster_than_the_machine(
    steps: list[tuple[float, str]],
) -> None:
    machine = Machine()
    awake = AwakeClock(machine)
    shown = awake.time()
    for seconds, event in steps:
        machine.seconds += seconds
        if event != "none":
            getattr(awake, event)()
        now = awake.time()
        assert -1e-9 <= now - shown <= seconds + 1e-9
        shown = now


async def test_what_is_done_in_time() -> None:
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(done.set_result, None)
    assert await clock.done_within(done, 60)


async def test_a_deadline_is_not_held_to_before_a_last_look() -> None:
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(done.set_result, None)
    assert await clock.done_within(done, 0)


async def test_what_is_not_done_is_not_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine()
    monkeypatch.setattr(clock, "awake", AwakeClock(machine))
    never: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def wait(_: object, timeout: float) -> None:
        machine.seconds += timeout

    monkeypatch.setattr(asyncio, "wait", wait)
    assert not await clock.done_within(never, 5)
    assert machine.seconds == pytest.approx(105.1)
    assert not never.done()


async def test_a_timer_leaves_out_a_freeze_and_looks_once_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    machine = Machine()
    awake = AwakeClock(machine)
    awake.tick()
    monkeypatch.setattr(clock, "awake", awake)
    monkeypatch.setattr(clock, "_LAST_LOOK", 0.001)
    called: list[float] = []
    AwakeTimer(0.02, lambda: called.append(machine.seconds))
    cancelled = AwakeTimer(0.001, lambda: called.append(-1.0))
    cancelled.cancel()
    for _ in range(5):
        machine.seconds += 75  # the loop's timers are due
        awake.tick()
        machine.seconds = awake._ticked or 0.0
        await asyncio.sleep(0)
    assert called == []
    while not called:
        await asyncio.sleep(0.001)
        machine.seconds += 0.01
        awake.tick()
    assert len(called) == 1
