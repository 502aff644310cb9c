"""Workers that are forked from a process that has loaded what they share."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from liusheng.runtime.forking.fork_server import ForkerLostError, launch
from liusheng.runtime.options import PoolOptions
from liusheng.runtime.workers import forked, supply, templates
from liusheng.runtime.workers import pool as pools
from liusheng.runtime.workers.pool import Pool
from liusheng.runtime.workers.process import WorkerLostError, WorkerProcess, pool_environment
from liusheng.runtime.workers.server_pipe import ServerPipe
from liusheng.runtime.workers.supply import WorkerSupply
from liusheng.runtime.workers.templates import Template
from liusheng.runtime.workers.worker import Creation, NotForkableError

from .test_pool import Queue

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is forked"),
]

HANDLER = "tests.support.worker_handlers.Handler"
PREPARED = "tests.support.worker_handlers.Prepared"
THREADED = "tests.support.worker_handlers.Threaded"


def template_of(worker: WorkerProcess) -> psutil.Process:
    parent = psutil.Process(worker.pid).parent()
    assert parent
    return parent


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(3000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("not within 30 s")


@pytest.fixture
async def template() -> AsyncIterator[Template]:
    template = await Template.start(Creation("test", HANDLER, ("a",), 1), PoolOptions(threads=2))
    yield template
    await template.stop()


@pytest.fixture
async def worker(template: Template) -> AsyncIterator[WorkerProcess]:
    worker = await template.worker()
    yield worker
    await worker.kill()


async def test_a_worker_is_a_process_of_its_own(template: Template, worker: WorkerProcess) -> None:
    assert worker.description == {"args": ("a",), "niceness": os.nice(0) + 1, "threads": "2"}
    assert await worker.call("pid", timeout=60) == worker.pid
    other = await template.worker()
    assert other.pid != worker.pid
    assert template_of(other) == template_of(worker)
    assert template_of(worker).name() == psutil.Process(worker.pid).name() == "test"
    await other.kill()
    assert not psutil.pid_exists(other.pid)
    assert await worker.call("add", 1, 2, timeout=60) == 3


async def test_the_factory_runs_once_and_each_worker_finishes_its_handler() -> None:
    template = await Template.start(Creation("test", PREPARED, ()), PoolOptions())
    one, other = await asyncio.gather(template.worker(), template.worker())
    args = one.description["args"]
    assert args == other.description["args"] == (template_of(one).pid, "finished")
    await asyncio.gather(one.kill(), other.kill())
    await template.stop()


@pytest.mark.parametrize(
    ("method", "args", "message", "from_outside"),
    [
        pytest.param("die", (3,), r"died \(exit status 3\)", False, id="exits"),
        pytest.param("kill_itself", (9,), r"died \(exit status -9\)", True, id="is killed"),
        pytest.param("kill_itself", (11,), r"died \(exit status -11\)", False, id="crashes"),
    ],
)
async def test_a_worker_that(
    worker: WorkerProcess, method: str, args: tuple[int], message: str, from_outside: bool
) -> None:
    with pytest.raises(WorkerLostError, match=message) as lost:
        await worker.call(method, *args, timeout=60)
    assert lost.value.from_outside is from_outside


async def test_a_worker_that_hangs_is_killed(worker: WorkerProcess) -> None:
    with pytest.raises(WorkerLostError, match=r"did not respond for 0\.1 s and was killed"):
        await worker.call("hang", timeout=0.1)
    assert not psutil.pid_exists(worker.pid)
    await worker.kill()


async def test_ctrl_c_ends_neither(template: Template, worker: WorkerProcess) -> None:
    for pid in (worker.pid, template_of(worker).pid):
        os.kill(pid, signal.SIGINT)
    assert await worker.call("add", 1, 2, timeout=60) == 3
    assert template.alive


async def test_a_template_that_dies_leaves_its_workers(
    template: Template, worker: WorkerProcess
) -> None:
    template_of(worker).kill()
    await until(lambda: not template.alive)
    with pytest.raises(ForkerLostError):
        await template.worker()
    assert await worker.call("add", 1, 2, timeout=60) == 3
    await template.abandon()
    with pytest.raises(WorkerLostError, match="exit status 255"):
        await worker.call("die", 3, timeout=60)


@pytest.fixture
def first_process() -> Iterator[None]:
    """Orphans go to this process, as in a container whose first process is the server."""
    set_subreaper, libc = 36, ctypes.CDLL(None)
    assert libc.prctl(set_subreaper, 1, 0, 0, 0) == 0
    yield
    libc.prctl(set_subreaper, 0, 0, 0, 0)


@pytest.mark.usefixtures("first_process")
async def test_a_worker_that_outlives_its_template_leaves_no_zombie(
    template: Template, worker: WorkerProcess
) -> None:
    template_of(worker).kill()
    await until(lambda: not template.alive)
    await template.abandon()
    assert template_of(worker).pid == os.getpid()
    await worker.kill()
    await until(lambda: not psutil.pid_exists(worker.pid))


async def test_a_template_that_is_stopped_is_not_waited_for(
    template: Template, worker: WorkerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(templates, "_FORK_TIMEOUT", 0.1)
    monkeypatch.setattr(forked, "_STATUS_TIMEOUT", 0.1)
    stopped = template_of(worker)
    stopped.suspend()
    with pytest.raises(ForkerLostError, match=r"within 0\.1 s"):
        await template.worker()
    await template.abandon()
    assert not psutil.pid_exists(stopped.pid)
    assert await worker.call("add", 1, 2, timeout=60) == 3


async def test_a_template_outlives_a_fork_that_cannot_be_had(
    template: Template, worker: WorkerProcess
) -> None:
    forker = template_of(worker)
    limits = forker.rlimit(psutil.RLIMIT_NOFILE)
    forker.rlimit(psutil.RLIMIT_NOFILE, (2, limits[1]))  # as many as it polls
    with pytest.raises(WorkerLostError, match="no memory, process or file descriptor"):
        await template.worker()
    forker.rlimit(psutil.RLIMIT_NOFILE, limits)
    other = await template.worker()
    assert template_of(other) == forker
    await other.kill()


async def test_the_end_of_the_server_ends_all(template: Template, worker: WorkerProcess) -> None:
    processes = [psutil.Process(worker.pid), template_of(worker)]
    await template.stop()
    _, alive = psutil.wait_procs(processes, timeout=30)
    assert alive == []


async def test_a_template_whose_server_ended_while_it_loaded_ends_quietly(
    capfd: pytest.CaptureFixture[str],
) -> None:
    environment = pool_environment(PoolOptions())
    process, _, reader, writer = await launch(templates._command, environment)
    await ServerPipe(reader, writer).send(Creation("test", HANDLER, ("a",)))
    writer.transport.abort()
    assert await process.wait() == 0
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("factory", "error", "text"),
    [
        ("tests.support.fake_handlers.broken", FileNotFoundError, "model.bin"),
        ("tests.support.fake_handlers.fatal", WorkerLostError, "exit status 7"),
        (THREADED, NotForkableError, "it has 1 threads"),
    ],
)
async def test_a_factory_that_fails(factory: str, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        await Template.start(Creation("test", factory, ()), PoolOptions())


@pytest.mark.parametrize("steps", [*range(0, 24, 3), 40])
async def test_a_start_that_is_cancelled_leaves_no_process(template: Template, steps: int) -> None:
    def forks() -> set[psutil.Process]:
        return set(psutil.Process().children(recursive=True))

    before = forks()
    starting = asyncio.ensure_future(template.worker())
    for _ in range(steps):
        await asyncio.sleep(0)
    if starting.cancel():
        with pytest.raises(asyncio.CancelledError):
            await starting
    else:  # on a slow machine it may be there already
        await starting.result().kill()
    await until(lambda: forks() <= before)
    gc.collect()  # an unclosed transport is a warning here, and so an error


async def started(factory: str, *args: Any) -> tuple[Pool, Queue]:
    queue = Queue()
    pool = Pool("test", factory, args, PoolOptions(workers=2, share=True))
    queue.pool = pool
    await pool.start(queue)
    return pool, queue


async def test_a_pool_replaces_workers_and_their_template() -> None:
    before = set(psutil.Process().children(recursive=True))
    pool, queue = await started(PREPARED)
    (template,) = {psutil.Process(pid).parent() for pid in pool.pids}
    assert template
    assert pool.processes == {"test": pool.pids, "test_template": [template.pid]}
    for kills_template in (False, True, False):
        restarts = pool.restarts
        (template if kills_template else psutil.Process(pool.pids[0])).kill()
        if not kills_template:
            await until(lambda: pool.restarts > restarts and pool.alive == 2)  # noqa: B023
    assert await queue.call("add", 1, 2) == 3
    (_, other) = sorted(pool.pids, key=lambda pid: psutil.Process(pid).create_time())
    assert psutil.Process(other).parent() not in (None, template)
    children = set(psutil.Process().children(recursive=True)) - before
    await pool.stop()
    _, alive = psutil.wait_procs(children, timeout=30)
    assert alive == []


def parents(pool: Pool) -> set[psutil.Process | None]:
    return {psutil.Process(pid).parent() for pid in pool.pids}


async def lose_template(pool: Pool, busy: int = 0) -> psutil.Process:
    """Have a pool of two lose its template, and the worker that is not busy; return the other."""
    (template,) = parents(pool)
    lost, left = map(psutil.Process, sorted(pool.pids, key=lambda pid: pid == busy))
    assert template
    template.kill()
    lost.kill()
    return left


async def test_workers_of_a_lost_template_are_replaced_as_soon_as_there_is_another_one() -> None:
    before = set(psutil.Process().children(recursive=True))
    pool, queue = await started(PREPARED)
    old = await lose_template(pool)
    await until(lambda: pool.alive == 2 and old.pid not in pool.pids)
    (template,) = parents(pool)
    assert pool.processes == {"test": pool.pids, "test_template": [template.pid if template else 0]}
    assert sorted(queue.lost) == [0, 1], "what the old one held is to go to others"
    assert pool.losses == {"idle": 1}, "it was not lost"
    assert await queue.call("add", 1, 2) == 3
    await until(lambda: not old.is_running())
    assert len(set(psutil.Process().children(recursive=True)) - before) == 3
    await pool.stop()
    assert set(psutil.Process().children(recursive=True)) <= before


async def test_a_worker_of_a_lost_template_ends_its_job_first(tmp_path: Path) -> None:
    pool, queue = await started(PREPARED)
    held = tmp_path / "held"
    working = queue.call("hold", str(held))
    await until(lambda: held.exists() and held.read_text() != "")
    busy = int(held.read_text())
    await lose_template(pool, busy)
    await until(lambda: pool.restarts == 1)
    assert busy in pool.pids
    held.unlink()
    assert await working == busy
    await until(lambda: busy not in pool.pids)
    assert len(parents(pool)) == 1
    await pool.stop()


async def test_a_worker_of_a_lost_template_stays_while_there_is_no_other_one(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(pools, "_LAST_BACKOFF", 0.01)
    pool, queue = await started(PREPARED)
    start, left = WorkerSupply.worker, [True, False, False]

    async def fail_twice(source: WorkerSupply) -> WorkerProcess:
        if left and not left.pop(0):
            raise WorkerLostError("no memory")
        return await start(source)

    monkeypatch.setattr(WorkerSupply, "worker", fail_twice)
    old = await lose_template(pool)
    await until(lambda: "keeps its memory for itself: no memory" in caplog.text)
    assert old.pid in pool.pids
    await until(lambda: pool.alive == 2 and old.pid not in pool.pids)
    assert left == []
    assert await queue.call("add", 1, 2) == 3
    await pool.stop()


async def test_a_replacement_that_nobody_needs_any_more_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = set(psutil.Process().children(recursive=True))
    pool, _ = await started(PREPARED)
    start, calls, go_on = WorkerSupply.worker, 0, asyncio.Event()

    async def hold_second(source: WorkerSupply) -> WorkerProcess:
        nonlocal calls
        calls += 1
        worker = await start(source)
        if calls == 2:
            await go_on.wait()
        return worker

    monkeypatch.setattr(WorkerSupply, "worker", hold_second)
    old = await lose_template(pool)
    await until(lambda: calls == 2)
    old.kill()
    await until(lambda: pool.restarts == 2 and pool.alive == 2)
    go_on.set()
    await until(lambda: len(set(psutil.Process().children(recursive=True)) - before) == 3)
    assert len(parents(pool)) == 1
    await pool.stop()


async def test_a_pool_whose_handlers_have_threads_shares_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    pool, queue = await started(THREADED)
    assert "test workers share no memory: it has 1 threads" in caplog.text
    assert {psutil.Process(pid).ppid() for pid in pool.pids} == {os.getpid()}
    assert pool.processes == {"test": pool.pids}
    assert await queue.call("pid") in pool.pids
    await pool.stop()


async def test_a_sandbox_without_descriptors_of_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: int) -> int:
        raise PermissionError

    assert forked.can_fork()
    with monkeypatch.context() as patch:
        patch.setattr(os, "pidfd_open", refuse)
        assert not forked.can_fork()
    # asyncio may use such descriptors itself, for the whole life of its loop.
    monkeypatch.setattr(supply, "can_fork", lambda: False)
    pool, queue = await started(HANDLER)
    assert {psutil.Process(pid).ppid() for pid in pool.pids} == {os.getpid()}
    assert await queue.call("add", 1, 2) == 3
    await pool.stop()


async def test_a_pool_that_cannot_begin_says_why_once(tmp_path: Path) -> None:
    tries = tmp_path / "tries"
    with pytest.raises(FileNotFoundError, match="gone"):
        await started("tests.support.worker_handlers.count_and_fail", str(tries))
    assert tries.read_text(encoding="utf-8") == "x"
