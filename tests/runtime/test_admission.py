"""Waiting for a place, with real waits of a few milliseconds and a clock of the test."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from liusheng.runtime.admission import Admission
from liusheng.runtime.clock import AwakeClock
from liusheng.runtime.errors import BusyError


class House:
    """Has places, and admits whoever asks for one."""

    def __init__(self, places: int, seconds: float, most_waiting: int = 8) -> None:
        self.places = places
        self.now = 0.0
        self.stranded = False
        self.looks = 0
        self.order: list[str] = []
        self.clock = AwakeClock(lambda: self.now)
        self.admission = Admission(seconds, most_waiting, lambda: self.now, self.clock.time)

    def check(self) -> None:
        self.looks += 1
        if self.stranded:
            raise self.admission.busy("no worker is alive", "workers")
        if not self.places:
            raise self.admission.busy("no place is free", "sessions")

    async def enter(self, name: str, *, upload: bool = False) -> None:
        await self.admission.wait(self.check, upload=upload)
        self.places -= 1
        self.order.append(name)

    def leave(self) -> None:
        self.places += 1
        self.admission.ended()


async def settle(until: Callable[[], bool]) -> None:
    for _ in range(1000):
        if until():
            return
        await asyncio.sleep(0.001)
    pytest.fail("it did not happen")


async def test_without_a_queue_a_client_is_refused_at_once() -> None:
    house = House(0, seconds=0.0)
    assert not house.admission.queues
    with pytest.raises(BusyError, match="no place") as caught:
        await house.enter("a")
    assert caught.value.reason == "sessions"
    assert caught.value.retry_after == 5.0
    with pytest.raises(BusyError):
        house.admission.check(house.check)
    assert house.admission.refused == {"sessions": 2}


async def test_who_came_first_is_served_first() -> None:
    house = House(1, seconds=10.0)
    assert house.admission.queues
    await house.enter("a")
    waiting = []
    for name in "bcd":
        waiting.append(asyncio.create_task(house.enter(name)))
        await settle(lambda: house.admission.waiting == len(waiting))
    for count in (2, 3, 4):
        house.leave()
        await settle(lambda: len(house.order) == count)  # noqa: B023
    assert house.order == list("abcd")
    await asyncio.gather(*waiting)


async def test_nobody_overtakes_those_who_wait() -> None:
    house = House(0, seconds=10.0)
    first = asyncio.create_task(house.enter("first"))
    await settle(lambda: house.admission.waiting == 1)
    house.places = 1  # and nobody was told
    second = asyncio.create_task(house.enter("second"))
    await settle(lambda: house.order == ["first"])
    await first
    house.leave()
    await second
    assert house.order == ["first", "second"]


async def test_an_upload_that_came_first_holds_up_no_speaker() -> None:
    house = House(0, seconds=10.0)
    first = asyncio.create_task(house.enter("upload", upload=True))
    await settle(lambda: house.admission.waiting == 1)
    second = asyncio.create_task(house.enter("speaker"))
    await settle(lambda: house.admission.waiting == 2)
    house.leave()
    await second
    house.leave()
    await first
    assert house.order == ["speaker", "upload"]


async def test_an_upload_takes_no_place_that_a_speaker_waits_for() -> None:
    house = House(0, seconds=10.0)
    first = asyncio.create_task(house.enter("speaker"))
    await settle(lambda: house.admission.waiting == 1)
    house.places = 1  # and nobody was told
    second = asyncio.create_task(house.enter("upload", upload=True))
    await settle(lambda: house.order == ["speaker"])
    await first
    house.now = 11.0
    with pytest.raises(BusyError, match="no place is free"):
        await second


async def test_who_waited_for_too_long_is_refused() -> None:
    house = House(0, seconds=10.0)
    waiting = [asyncio.create_task(house.enter(name)) for name in "ab"]
    await settle(lambda: house.admission.waiting == 2)
    house.now = 11.0
    for task in waiting:
        with pytest.raises(BusyError):
            await task
    assert house.admission.waiting == 0
    assert house.admission.refused.total() == 2


async def test_a_freeze_is_no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("liusheng.runtime.place_queue._LOOK_SECONDS", 0.001)
    house = House(0, seconds=10.0)
    house.clock.tick()
    waiting = asyncio.create_task(house.enter("a"))
    await settle(lambda: house.looks > 1)
    house.now = 75.0  # the process was stopped
    house.clock.tick()
    looks = house.looks
    await settle(lambda: house.looks > looks + 1)
    assert not waiting.done()
    house.leave()
    await waiting


async def test_who_leaves_the_queue_leaves_it_to_the_others() -> None:
    house = House(0, seconds=10.0)
    first, second = (asyncio.create_task(house.enter(name)) for name in "ab")
    await settle(lambda: house.admission.waiting == 2)
    first.cancel()
    house.leave()
    await second
    assert house.order == ["b"]
    assert first.cancelled()


async def test_there_is_no_waiting_for_what_will_not_be() -> None:
    house = House(0, seconds=10.0, most_waiting=1)
    house.stranded = True
    with pytest.raises(BusyError, match="no worker"):
        await house.enter("a")
    house.stranded = False
    waiting = asyncio.create_task(house.enter("b"))
    await settle(lambda: house.admission.waiting == 1)
    with pytest.raises(BusyError, match="1 clients wait") as caught:
        await house.enter("c")
    assert caught.value.reason == "queue"
    house.leave()
    await waiting


async def test_other_limits_hold_from_now_on() -> None:
    house = House(0, seconds=0.0, most_waiting=0)
    house.admission.limit(10.0, 1)
    waiting = asyncio.create_task(house.enter("a"))
    await settle(lambda: house.admission.waiting == 1)
    with pytest.raises(BusyError, match="1 clients wait"):
        await house.enter("b")
    house.leave()
    await waiting


async def test_it_takes_longer_for_those_at_the_end_of_the_queue() -> None:
    house = House(0, seconds=10.0)
    for _ in range(60):
        house.now += 4.0
        house.admission.ended()
    alone = house.admission.busy("full", "sessions").retry_after
    waiting = [asyncio.create_task(house.enter(name)) for name in "ab"]
    await settle(lambda: house.admission.waiting == 2)
    assert house.admission.busy("full", "sessions").retry_after == pytest.approx(3 * alone)
    assert house.admission.busy("full", "sessions", least=50.0).retry_after == 50.0
    for task in waiting:
        task.cancel()
