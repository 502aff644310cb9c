"""Pieces that take about half a slice, and turns that are shared."""

from __future__ import annotations

import asyncio

import pytest

from liusheng.server.limits.pace import SLICE_SECONDS, Pace, SharedTurns


def test_the_size_of_a_piece_follows_the_time_that_it_takes() -> None:
    pace = Pace(least=100, most=1_000, piece=400)
    sizes = []
    for seconds in (0.0, 0.0, SLICE_SECONDS, SLICE_SECONDS, SLICE_SECONDS, SLICE_SECONDS, 0.0):
        pace.took(seconds)
        sizes.append(pace.piece)
    assert sizes == [800, 1_000, 500, 250, 125, 100, 200]


class Working:
    """Work that takes time on a clock of its own."""

    def __init__(self) -> None:
        self.now = 0.0
        self.turns = SharedTurns(asyncio.get_running_loop(), lambda: self.now)
        self.done: list[str] = []

    def work(self, name: str, seconds: float) -> None:
        def work() -> None:
            self.done.append(name)
            self.now += seconds

        if self.turns.may_work():
            work()
        else:
            self.turns.wait(work)


async def test_who_comes_too_late_in_a_turn_waits_for_the_next_ones() -> None:
    all_of_it = SLICE_SECONDS
    working = Working()
    for name in "abc":
        working.work(name, all_of_it)
    assert working.done == ["a"]
    await asyncio.sleep(0)
    assert working.done == ["a", "b"]
    working.work("d", all_of_it / 2)
    working.work("e", all_of_it / 2)
    await asyncio.sleep(0)
    assert working.done == ["a", "b", "c"]
    await asyncio.sleep(0)
    assert working.done == ["a", "b", "c", "d", "e"]
    working.work("f", 0)
    assert working.done[-1] == "e"
    await asyncio.sleep(0)
    working.work("g", 0)
    assert working.done[-2:] == ["f", "g"]


async def test_nobody_who_waits_is_forgotten_for_the_fault_of_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    faults: list[object] = []
    working = Working()
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "call_exception_handler", faults.append)
    working.work("a", SLICE_SECONDS)
    working.turns.wait(lambda: 1 / 0)  # type: ignore[arg-type]
    working.work("b", 0)
    for _ in range(3):
        await asyncio.sleep(0)
    assert working.done == ["a", "b"]
    assert len(faults) == 1
