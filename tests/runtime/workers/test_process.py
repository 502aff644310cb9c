"""A real worker process, with a handler that does as it is told."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from collections.abc import AsyncIterator

import psutil
import pytest

from liusheng.runtime.options import PoolOptions
from liusheng.runtime.workers.hang import LOOK_SECONDS, ObservedProcess
from liusheng.runtime.workers.pipe import WorkerCallError
from liusheng.runtime.workers.process import WorkerLostError, WorkerProcess
from liusheng.runtime.workers.worker import Creation

pytestmark = pytest.mark.slow

HANDLER = "tests.support.worker_handlers.Handler"


@pytest.fixture
async def worker() -> AsyncIterator[WorkerProcess]:
    creation = Creation("test", HANDLER, ("a", 1), nice=2)
    worker = await WorkerProcess.start(creation, PoolOptions(threads=3))
    yield worker
    await worker.kill()


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_the_handler_describes_itself(worker: WorkerProcess) -> None:
    assert worker.description == {"args": ("a", 1), "niceness": os.nice(0) + 2, "threads": "3"}


async def test_calls_are_made_in_the_worker(worker: WorkerProcess) -> None:
    assert await worker.call("add", 1, 2, timeout=60) == 3
    assert await worker.call("pid", timeout=60) == worker.pid != os.getpid()


async def test_a_method_that_raises_leaves_the_worker_alive(worker: WorkerProcess) -> None:
    with pytest.raises(LookupError, match="no such word") as caught:
        await worker.call("fail", "no such word", timeout=60)
    (trace,) = getattr(caught.value, "__notes__")  # noqa: B009  # since Python 3.11
    assert "in fail" in trace, "the traceback of the worker"
    with pytest.raises(WorkerCallError, match="LocalError: not for pickle"):
        await worker.call("fail_unpicklably", timeout=60)
    assert await worker.call("add", 2, 2, timeout=60) == 4


async def test_a_worker_that_dies_is_lost(worker: WorkerProcess) -> None:
    with pytest.raises(WorkerLostError, match=rf"Worker {worker.pid} died \(exit status 3\)"):
        await worker.call("die", 3, timeout=60)
    with pytest.raises(WorkerLostError):
        await worker.call("add", 1, 2, timeout=60)


async def test_a_worker_that_hangs_is_killed(worker: WorkerProcess) -> None:
    with pytest.raises(WorkerLostError, match=r"did not respond for 0\.1 s and was killed"):
        await worker.call("hang", timeout=0.1)
    assert not is_alive(worker.pid)


async def test_a_cancelled_call_kills_the_worker(worker: WorkerProcess) -> None:
    call = asyncio.create_task(worker.call("hang", timeout=60))
    await asyncio.sleep(0.05)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert not is_alive(worker.pid), "its response would be taken for the next call's"


async def test_an_error_in_looking_at_a_worker_leaves_no_response_for_the_next_call(
    worker: WorkerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: ObservedProcess) -> None:
        raise RuntimeError("it cannot be looked at")

    monkeypatch.setattr(ObservedProcess, "activity", fail)
    with pytest.raises(RuntimeError, match="it cannot be looked at"):
        await worker.call("work", 3 * LOOK_SECONDS, timeout=60)
    with pytest.raises(WorkerLostError):
        await worker.call("add", 1, 2, timeout=60)
    assert not is_alive(worker.pid)


async def test_ctrl_c_does_not_end_a_worker(worker: WorkerProcess) -> None:
    os.kill(worker.pid, signal.SIGINT)
    assert await worker.call("add", 1, 2, timeout=60) == 3


async def test_killing_twice_does_nothing(worker: WorkerProcess) -> None:
    await worker.kill()
    assert not is_alive(worker.pid)
    await worker.kill()


@pytest.mark.parametrize(
    ("factory", "error", "text"),
    [
        pytest.param(
            "tests.support.fake_handlers.broken", FileNotFoundError, "model.bin", id="raises"
        ),
        pytest.param(
            "tests.support.fake_handlers.fatal", WorkerLostError, "exit status 7", id="dies"
        ),
        pytest.param("tests.support.no_such_module.f", ModuleNotFoundError, "no_such", id="is not"),
    ],
)
async def test_a_factory_that(factory: str, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        await WorkerProcess.start(Creation("test", factory, ()), PoolOptions())


async def test_a_start_that_takes_too_long() -> None:
    creation = Creation("test", "time.sleep", (60,))
    with pytest.raises(WorkerLostError, match=r"did not respond for 0\.2 s"):
        await WorkerProcess.start(creation, PoolOptions(start_timeout=0.2))


@pytest.mark.parametrize("steps", [*range(12), 20])
async def test_a_start_that_is_cancelled_leaves_no_process(steps: int) -> None:
    before = set(psutil.Process().children())
    creation = Creation("test", HANDLER, ("a", 1))
    starting = asyncio.ensure_future(WorkerProcess.start(creation, PoolOptions()))
    for _ in range(steps):
        await asyncio.sleep(0)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert set(psutil.Process().children()) <= before
    gc.collect()  # an unclosed transport is a warning here, and so an error
