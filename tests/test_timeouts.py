"""A limit of time does not lose a cancellation."""

from __future__ import annotations

import asyncio

import pytest

from liusheng.timeouts import timeout, wait_for_event


@pytest.mark.parametrize("turns", range(5))
async def test_a_cancellation_beside_the_awaited_result_cancels(turns: int) -> None:
    """Whichever of the loop's turns after the result it comes in."""
    result: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def wait() -> None:
        async with timeout(60):
            await asyncio.ensure_future(asyncio.shield(result))

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    result.set_result(None)
    for _ in range(turns):
        await asyncio.sleep(0)
    cancelled = task.cancel()
    await asyncio.wait({task})
    assert task.cancelled() == cancelled


async def test_a_block_that_takes_too_long_ends() -> None:
    with pytest.raises(asyncio.TimeoutError):
        async with timeout(0.01):
            await asyncio.Event().wait()


async def test_none_is_no_limit() -> None:
    async with timeout(None):
        await asyncio.sleep(0.01)


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
