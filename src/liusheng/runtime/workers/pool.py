"""A pool of worker processes: restarts lost workers and gives each worker its next job."""

from __future__ import annotations

import asyncio
import logging
import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from liusheng.runtime.options import PoolOptions
from liusheng.runtime.workers.process import WorkerLostError, WorkerProcess
from liusheng.runtime.workers.supply import WorkerSupply
from liusheng.runtime.workers.worker import Creation

_log = logging.getLogger(__name__)

_FIRST_BACKOFF = 0.5
_LAST_BACKOFF = 30.0
_TAKE_AGAIN = 1.0  # seconds after a job could not be taken
_STRANDED_AFTER = 3  # consecutive failed starts


def ignore(_: object) -> None:
    """Do nothing with the outcome of a job."""


@dataclass(frozen=True)
class Job:
    """One call to a worker, and the callbacks for its end.

    Exactly one of these callbacks is called afterwards, on the event loop:
    done: with the method's return value.
    failed: with the exception that it raised; the worker continues.
    lost: the worker died or hung during the call.

    limit: seconds of its own time after which the worker counts as hung (see `hang.call_limit`).
    timed: called before `done` with the seconds of processor time that the call took.
    """

    method: str
    args: tuple[Any, ...]
    done: Callable[[Any], None]
    failed: Callable[[Exception], None]
    lost: Callable[[WorkerLostError], None]
    limit: float = math.inf
    timed: Callable[[float], None] = ignore


class JobSource(Protocol):
    """Where a pool gets its jobs from."""

    def take(self, worker: int) -> Job | None:
        """Return the next job for this worker, or None if there is none now."""

    def worker_lost(self, worker: int) -> None:
        """The worker's process ended, with its state; another process replaces it."""

    def stranded(self, error: Exception) -> None:
        """No worker is alive, and none can be started: fail what is waiting."""


class Pool:
    """Worker processes that take jobs from a source.

    name: for the log, and of the processes.
    factory, args: create a worker's handler (see `liusheng.runtime.workers.worker`).
    restarts: how many workers were replaced.
    losses: how many workers were lost, by what happened: "died", "hung", or "idle", for those that
        died while they had no job.
    """

    def __init__(
        self,
        name: str,
        factory: str,
        args: Sequence[Any],
        options: PoolOptions,
    ) -> None:
        self._name = name
        self._supply = WorkerSupply(Creation(name, factory, tuple(args), options.nice), options)
        self.options = options
        self._source: JobSource | None = None
        self._processes: list[WorkerProcess | None] = []
        self._wakes: list[asyncio.Event] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._renewal: asyncio.Task[WorkerProcess | None] | None = None
        self._failed_starts = 0
        self._timer: asyncio.TimerHandle | None = None
        self.restarts = 0
        self.test_result: Any = None
        self.losses: Counter[str] = Counter()

    async def start(self, source: JobSource, test: str = "") -> Any:
        """Start all workers; return the description of their handler.

        test: name of a method to call in the first worker before any job; what it returns is
            `test_result`.

        Raises:
            Exception: raised by the first worker that failed (see `WorkerProcess.start`). No
                worker is left running.
        """
        self._source = source
        await self._supply.prepare()
        results = await asyncio.gather(
            *(self._supply.worker() for _ in range(self.options.workers)), return_exceptions=True
        )
        self._processes = [each for each in results if isinstance(each, WorkerProcess)]
        for result in results:
            if isinstance(result, BaseException):
                await self.stop()
                raise result
        first = self._processes[0]
        description = first.description if first else None
        if test:
            await self._test(0, test)
        self._wakes = [asyncio.Event() for _ in self._processes]
        self._tasks = [
            asyncio.create_task(self._serve(worker), name=f"{self._name}-{worker}")
            for worker in range(len(self._processes))
        ]
        return description

    async def _test(self, worker: int, method: str) -> None:
        """Call a method whose failure is not the server's."""
        process = self._processes[worker]
        assert process
        try:
            self.test_result = await process.call(method, timeout=self.options.call_timeout)
        except WorkerLostError as error:
            _log.warning("%s: the self-test failed: %s", self._name, error)
            self._processes[worker] = None
        except Exception:
            _log.warning("%s: the self-test failed", self._name, exc_info=True)

    @property
    def pids(self) -> list[int]:
        """Process ids of the live workers."""
        return [process.pid for process in self._processes if process]

    @property
    def processes(self) -> dict[str, list[int]]:
        """Process ids by what the processes do; the template is apart from the workers."""
        template = self._supply.template_pids
        own = {self._name: self.pids}
        return own | {f"{self._name}_template": template} if template else own

    @property
    def is_stranded(self) -> bool:
        """Whether no worker is alive and the last starts failed."""
        return self._failed_starts >= _STRANDED_AFTER and not self.pids

    @property
    def size(self) -> int:
        """The number of workers, restarting ones included."""
        return len(self._processes)

    @property
    def alive(self) -> int:
        """The number of workers that can take jobs now."""
        return sum(process is not None for process in self._processes)

    def wake(self) -> None:
        """Ask the source for jobs: it may have some."""
        for event in self._wakes:
            event.set()

    def wake_later(self, seconds: float) -> None:
        """Call `wake` in so many seconds, instead of when it was last asked for here."""
        if self._timer:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self.wake)

    async def stop(self) -> None:
        """End all workers. No callback of a running job is called."""
        if self._timer:
            self._timer.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        await self._drop_renewal()
        await asyncio.gather(*(process.kill() for process in self._processes if process))
        self._processes = []
        await self._supply.stop()

    async def _serve(self, worker: int) -> None:
        while True:
            process = self._processes[worker] or await self._restart(worker)
            self._wakes[worker].clear()
            process = await self._renewed(worker, process)
            job = self._next_job(worker)
            if job is None:
                await self._rest(worker, process)
            else:
                await self._execute(worker, process, job)
                self.wake()

    async def _rest(self, worker: int, process: WorkerProcess) -> None:
        """Wait until there may be a job, or until the worker has died."""
        woken = asyncio.ensure_future(self._wakes[worker].wait())
        exited = asyncio.ensure_future(process.exited())
        try:
            await asyncio.wait({woken, exited}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            woken.cancel()
            exited.cancel()
        if exited.done() and not exited.cancelled():
            await process.kill()  # closes the pipe
            message = f"Worker {process.pid} died without a job (exit status {exited.result()})."
            self._lose(worker, WorkerLostError(message), "idle")
            self.wake()

    async def _execute(self, worker: int, process: WorkerProcess, job: Job) -> None:
        timeout = self.options.call_timeout
        try:
            value = await process.call(job.method, *job.args, timeout=timeout, limit=job.limit)
        except WorkerLostError as error:
            self._lose(worker, error, "hung" if error.hung else "died")
            self._notify(job.lost, error)
        except Exception as error:
            self._notify(job.failed, error)
        else:
            self._notify(job.timed, process.processor_seconds)
            self._notify(job.done, value)

    def _lose(self, worker: int, error: WorkerLostError, what: str) -> None:
        assert self._source is not None
        _log.error("%s %s", self._name, error)
        self.losses[what] += 1
        self._processes[worker] = None
        self._notify(self._source.worker_lost, worker)

    async def _restart(self, worker: int) -> WorkerProcess:
        backoff = _FIRST_BACKOFF
        while True:
            try:
                process = await self._supply.worker()
            except Exception as error:
                _log.error("%s worker %d cannot be started: %s", self._name, worker, error)
                self._failed_starts += 1
                if self.is_stranded and self._source:
                    self._notify(self._source.stranded, error)
                await asyncio.sleep(backoff)
                backoff = min(2 * backoff, _LAST_BACKOFF)
            else:
                _log.info("%s worker %d was restarted (pid %d)", self._name, worker, process.pid)
                self._processes[worker] = process
                self._failed_starts = 0
                self.restarts += 1
                self.wake()
                return process

    async def _renewed(self, worker: int, process: WorkerProcess) -> WorkerProcess:
        """Return the worker that is to have the next job: this one, or another one in its place
        that shares its memory with the others.

        One is replaced after the other, each between two jobs, when the new one is ready.
        """
        outdated, renewal = self._supply.is_outdated, self._renewal
        if renewal is None:
            if outdated(process):
                self._renewal = asyncio.create_task(self._fresh(), name=f"{self._name}-renewal")
                self._renewal.add_done_callback(lambda _: self.wake())
            return process
        if not renewal.done() or (
            not outdated(process) and any(each and outdated(each) for each in self._processes)
        ):
            return process
        fresh, self._renewal = renewal.result(), None
        if fresh is None:
            self.wake()  # for another attempt
            return process
        if not outdated(process) or outdated(fresh):  # it was lost meanwhile, or the template
            await fresh.kill()
            return process
        assert self._source is not None
        self._processes[worker] = fresh
        _log.info("%s worker %d shares memory again (pid %d)", self._name, worker, fresh.pid)
        self._notify(self._source.worker_lost, worker)
        await process.kill()
        self.wake()
        return fresh

    async def _fresh(self) -> WorkerProcess | None:
        """Return a new worker; None: there is none to be had for now."""
        try:
            return await self._supply.worker()
        except Exception as error:
            _log.warning("a %s worker keeps its memory for itself: %s", self._name, error)
            await asyncio.sleep(_LAST_BACKOFF)
            return None

    async def _drop_renewal(self) -> None:
        if self._renewal:
            self._renewal.cancel()
            (fresh,) = await asyncio.gather(self._renewal, return_exceptions=True)
            if isinstance(fresh, WorkerProcess):
                await fresh.kill()
            self._renewal = None

    def _next_job(self, worker: int) -> Job | None:
        assert self._source is not None
        try:
            return self._source.take(worker)
        except Exception:
            # A fault of the source must not end the worker's loop.
            _log.exception("cannot take a job for %s worker %d", self._name, worker)
            # What waits for that job may be told of by nothing else.
            self.wake_later(_TAKE_AGAIN)
            return None

    @staticmethod
    def _notify(callback: Callable[[Any], None], value: Any) -> None:
        # Nor must a fault of a callback.
        try:
            callback(value)
        except Exception:
            _log.exception("a callback of the pool failed")
