from __future__ import annotations

import asyncio
import threading

import pytest

from liusheng.server.threads import in_thread


async def test_a_result_and_an_error() -> None:
    assert await in_thread(threading.get_ident) != threading.get_ident()
    with pytest.raises(ZeroDivisionError):
        await in_thread(lambda: 1 // 0)


@pytest.mark.parametrize("fails", [False, True])
async def test_a_cancelled_call_has_ended(fails: bool) -> None:
    began, go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def call() -> None:
        began.set()
        assert go_on.wait(30)
        ended.set()
        if fails:
            raise OSError("too late")

    running = asyncio.create_task(in_thread(call))
    await asyncio.to_thread(began.wait, 30)
    for _ in range(3):
        running.cancel()
        await asyncio.sleep(0.001)
    assert not running.done()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert ended.is_set()


async def test_a_call_that_never_ran_is_cancelled_with_its_caller(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waiting: list[asyncio.Future[None]] = []

    async def to_thread(_: object) -> None:
        waiting.append(asyncio.get_running_loop().create_future())
        await waiting[0]

    monkeypatch.setattr(asyncio, "to_thread", to_thread)
    running = asyncio.create_task(in_thread(lambda: None))
    while not waiting:  # noqa: ASYNC110
        await asyncio.sleep(0)
    running.cancel()
    await asyncio.sleep(0)
    waiting[0].cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
