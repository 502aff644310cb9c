"""A limit of time does not lose a cancellation."""

from __future__ import annotations

import asyncio

import pytest

from liusheng.timeouts import timeout


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
