from __future__ import annotations

import asyncio

import pytest

from liusheng.runtime.workers.timeouts import wait_for_event


async def test_an_event_that_is_set_needs_no_wait() -> None:
    event = asyncio.Event()
    event.set()
    assert await wait_for_event(event, 0.0)


async def test_an_event_that_is_set_in_time() -> None:
    event = asyncio.Event()
    asyncio.get_running_loop().call_later(0.01, event.set)
    assert await wait_for_event(event, 60.0)


async def test_an_event_that_is_not_set_in_time() -> None:
    assert not await wait_for_event(asyncio.Event(), 0.01)


async def test_a_cancellation_in_the_tick_of_the_event_is_not_lost() -> None:
    event = asyncio.Event()

    async def wait() -> None:
        while True:
            await wait_for_event(event, 60.0)
            event.clear()

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    event.set()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
