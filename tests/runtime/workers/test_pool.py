"""A pool of real worker processes, with a queue for its source."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import deque
from pathlib import Path
from typing import Any

import pytest

from liusheng.runtime.options import PoolOptions
from liusheng.runtime.workers import pool as pools
from liusheng.runtime.workers.pool import Job, Pool
from liusheng.runtime.workers.process import WorkerLostError

pytestmark = pytest.mark.slow

HANDLER = "tests.support.worker_handlers.Handler"


class Queue:
    """A source: calls that wait, and what became of them."""

    def __init__(self) -> None:
        self.pool: Pool | None = None
        self.lost: list[int] = []
        self.lost_one = asyncio.Event()
        self.stranded_by: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()
        self.takes_that_fail = 0
        self.fails_on_loss = False
        self._jobs: deque[Job] = deque()

    def call(self, method: str, *args: Any) -> asyncio.Future[Any]:
        result: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        job = Job(method, args, result.set_result, result.set_exception, result.set_exception)
        self.add(job)
        return result

    def add(self, job: Job) -> None:
        assert self.pool
        self._jobs.append(job)
        self.pool.wake()

    def take(self, worker: int) -> Job | None:
        if self.takes_that_fail:
            self.takes_that_fail -= 1
            raise KeyError(worker)
        return self._jobs.popleft() if self._jobs else None

    def worker_lost(self, worker: int) -> None:
        self.lost.append(worker)
        self.lost_one.set()
        if self.fails_on_loss:
            raise KeyError(worker)

    def stranded(self, error: Exception) -> None:
        if not self.stranded_by.done():
            self.stranded_by.set_result(error)


@pytest.fixture
async def queue() -> Queue:
    return Queue()


async def started(queue: Queue, workers: int = 1, factory: str = HANDLER, *args: Any) -> Pool:
    pool = Pool("test", factory, args, PoolOptions(workers=workers, call_timeout=10))
    queue.pool = pool
    await pool.start(queue)
    return pool


async def test_jobs_are_done_by_all_workers(queue: Queue) -> None:
    pool = await started(queue, 2)
    try:
        assert pool.size == 2
        assert not pool.is_stranded
        pids = await asyncio.gather(*(queue.call("pid") for _ in range(40)))
        assert set(pids) <= set(pool.pids)
        assert await queue.call("add", 1, 2) == 3
    finally:
        pids = pool.pids
        await pool.stop()
    assert pool.pids == []
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


async def test_the_description_is_that_of_the_handler() -> None:
    queue = Queue()
    pool = Pool("test", HANDLER, ("x",), PoolOptions())
    try:
        assert (await pool.start(queue))["args"] == ("x",)
    finally:
        await pool.stop()


async def test_a_job_that_fails_is_one_job(queue: Queue) -> None:
    pool = await started(queue)
    try:
        before = pool.pids
        with pytest.raises(LookupError, match="this one"):
            await queue.call("fail", "this one")
        assert await queue.call("add", 1, 2) == 3
        assert pool.pids == before
        assert queue.lost == []
    finally:
        await pool.stop()


async def test_a_lost_worker_is_replaced(queue: Queue) -> None:
    pool = await started(queue)
    try:
        (before,) = pool.pids
        with pytest.raises(WorkerLostError):
            await queue.call("die", 3)
        assert queue.lost == [0]
        after = await queue.call("pid")
        assert after != before
        assert pool.pids == [after]
    finally:
        await pool.stop()


async def test_faults_of_the_source_and_of_callbacks_end_no_worker(
    queue: Queue, caplog: pytest.LogCaptureFixture
) -> None:
    pool = await started(queue)
    try:
        (pid,) = pool.pids

        def fail(_: Any) -> None:
            raise ZeroDivisionError

        queue.add(Job("pid", (), fail, fail, fail))
        assert await queue.call("add", 1, 2) == 3
        queue.takes_that_fail = 1
        waiting = queue.call("add", 2, 2)
        await asyncio.sleep(0.05)
        pool.wake()
        assert await waiting == 4
        assert pool.pids == [pid]
        queue.fails_on_loss = True
        os.kill(pid, signal.SIGKILL)
        await queue.lost_one.wait()
        assert await queue.call("add", 3, 3) == 6
    finally:
        await pool.stop()
    assert "a callback of the pool failed" in caplog.text
    assert "cannot take a job" in caplog.text


async def test_a_pool_without_a_worker_that_starts_is_stranded_until_one_does(
    queue: Queue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "_FIRST_BACKOFF", 0.01)
    stop = tmp_path / "stop"
    pool = await started(queue, 1, "tests.support.worker_handlers.start_until", str(stop))
    try:
        stop.touch()
        with pytest.raises(WorkerLostError):
            await queue.call("die", 3)
        assert "the model has gone" in str(await queue.stranded_by)
        assert pool.is_stranded
        waiting = queue.call("add", 1, 2)
        stop.unlink()
        assert await waiting == 3
        assert not pool.is_stranded
    finally:
        await pool.stop()


async def test_when_one_worker_cannot_start_none_is_left(queue: Queue, tmp_path: Path) -> None:
    stop = tmp_path / "stop"
    stop.touch()
    pool = Pool(
        "test", "tests.support.worker_handlers.start_until", (str(stop),), PoolOptions(workers=2)
    )
    with pytest.raises(FileNotFoundError, match="the model has gone"):
        await pool.start(queue)
    assert pool.pids == []


async def test_a_worker_that_dies_without_a_job_is_replaced_at_once(
    queue: Queue, caplog: pytest.LogCaptureFixture
) -> None:
    pool = await started(queue)
    try:
        (pid,) = pool.pids
        os.kill(pid, signal.SIGKILL)
        await asyncio.wait_for(queue.lost_one.wait(), 60)
        assert queue.lost == [0]
        assert await queue.call("add", 1, 2) == 3
        assert pool.losses == {"idle": 1}
        assert pool.alive == 1
        assert pool.pids != [pid]
        assert pool.restarts == 1
        assert f"Worker {pid} died without a job (exit status -9)" in caplog.text
    finally:
        await pool.stop()


async def test_a_job_that_takes_far_too_long_is_given_to_another_worker(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("liusheng.runtime.workers.process.limit_of_call", lambda limit, _: limit)
    pool = await started(queue, 2)
    try:
        for call, words in (("hang", "did nothing for"), ("spin", "for 0.3 s of its own time")):
            lost: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
            ignore = lost.set_result
            queue.add(Job(call, (), ignore, ignore, lost.set_result, limit=0.3))
            error = await lost
            assert isinstance(error, WorkerLostError)
            assert error.hung
            assert words in str(error)
            assert await queue.call("add", 1, 2) == 3
        assert pool.losses == {"hung": 2}
    finally:
        await pool.stop()


async def test_the_processor_time_of_a_call_is_known(queue: Queue) -> None:
    pool = await started(queue)
    try:
        took: list[float] = []
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        lost = done.set_exception
        queue.add(Job("work", (0.05,), done.set_result, lost, lost, timed=took.append))
        await done
        assert took[0] >= 0.05
    finally:
        await pool.stop()


async def test_a_job_that_could_not_be_taken_is_asked_for_again(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "_TAKE_AGAIN", 0.01)
    pool = await started(queue)
    queue.takes_that_fail = 1
    assert await asyncio.wait_for(queue.call("add", 1, 2), 60) == 3, "nothing else woke the worker"
    await pool.stop()
