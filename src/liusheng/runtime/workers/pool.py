"""A pool of worker processes: keeps them alive and gives each its next job."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from liusheng.runtime.options import PoolOptions
from liusheng.runtime.workers.process import WorkerLostError, WorkerProcess

_log = logging.getLogger(__name__)

_FIRST_BACKOFF = 0.5
_LAST_BACKOFF = 30.0
_STRANDED_AFTER = 3  # failed starts in a row


@dataclass(frozen=True)
class Job:
    """One call to a worker, and what becomes of it.

    Exactly one of these is called afterwards, on the event loop:
    done: with what the method returned.
    failed: with what it raised; the worker goes on.
    lost: the worker died or hung during it.
    """

    method: str
    args: tuple[Any, ...]
    done: Callable[[Any], None]
    failed: Callable[[Exception], None]
    lost: Callable[[WorkerLostError], None]


class Source(Protocol):
    """Where a pool's work comes from."""

    def take(self, worker: int) -> Job | None:
        """Return this worker's next job, or None when it has none now."""

    def worker_lost(self, worker: int) -> None:
        """What this worker held is gone; another process takes its place."""

    def stranded(self, error: Exception) -> None:
        """No worker is left, and none can be started: nothing will be done for anyone."""


class Pool:
    """Some worker processes that take jobs from a source.

    factory, args: what makes a worker's handler (see `WorkerProcess.start`).
    """

    def __init__(
        self,
        name: str,
        factory: str,
        args: Sequence[Any],
        options: PoolOptions,
    ) -> None:
        self._name = name
        self._factory = factory
        self._args = args
        self._options = options
        self._source: Source | None = None
        self._processes: list[WorkerProcess | None] = []
        self._wakes: list[asyncio.Event] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._failed_starts = 0

    async def start(self, source: Source) -> Any:
        """Start all workers; return the description of their handler.

        Raises:
            Exception: what the first failing worker raised (see `WorkerProcess.start`); none is
                left running.
        """
        self._source = source
        results = await asyncio.gather(
            *(self._new_process() for _ in range(self._options.workers)), return_exceptions=True
        )
        self._processes = [each for each in results if isinstance(each, WorkerProcess)]
        for result in results:
            if isinstance(result, BaseException):
                await self.stop()
                raise result
        self._wakes = [asyncio.Event() for _ in self._processes]
        self._tasks = [
            asyncio.create_task(self._serve(worker), name=f"{self._name}-{worker}")
            for worker in range(len(self._processes))
        ]
        first = self._processes[0]
        return first.description if first else None

    @property
    def pids(self) -> list[int]:
        """Of the workers that are alive."""
        return [process.pid for process in self._processes if process]

    @property
    def is_stranded(self) -> bool:
        """Whether no worker is left and none could be started for a while."""
        return self._failed_starts >= _STRANDED_AFTER and not self.pids

    @property
    def size(self) -> int:
        """How many workers there are, or will be again."""
        return len(self._processes)

    def wake(self) -> None:
        """The source may have work: ask it."""
        for event in self._wakes:
            event.set()

    async def stop(self) -> None:
        """End all workers; jobs under way are neither done nor failed."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        await asyncio.gather(*(process.kill() for process in self._processes if process))
        self._processes = []

    async def _new_process(self) -> WorkerProcess:
        return await WorkerProcess.start(self._factory, self._args, self._options)

    async def _serve(self, worker: int) -> None:
        assert self._source is not None
        while True:
            process = self._processes[worker] or await self._restart(worker)
            self._wakes[worker].clear()
            job = self._taken(worker)
            if job is None:
                await self._wakes[worker].wait()
                continue
            try:
                value = await process.call(
                    job.method, *job.args, timeout=self._options.call_timeout
                )
            except WorkerLostError as error:
                _log.error("%s %s", self._name, error)
                self._processes[worker] = None
                self._source.worker_lost(worker)
                self._report(job.lost, error)
            except Exception as error:
                self._report(job.failed, error)
            else:
                self._report(job.done, value)
            self.wake()

    async def _restart(self, worker: int) -> WorkerProcess:
        backoff = _FIRST_BACKOFF
        while True:
            try:
                process = await self._new_process()
            except Exception as error:
                _log.error("%s worker %d does not start: %s", self._name, worker, error)
                self._failed_starts += 1
                if self.is_stranded and self._source:
                    self._report(self._source.stranded, error)
                await asyncio.sleep(backoff)
                backoff = min(2 * backoff, _LAST_BACKOFF)
            else:
                _log.info("%s worker %d is back (pid %d)", self._name, worker, process.pid)
                self._processes[worker] = process
                self._failed_starts = 0
                return process

    def _taken(self, worker: int) -> Job | None:
        assert self._source is not None
        try:
            return self._source.take(worker)
        except Exception:
            # Our own mistake; the worker is to live for what can be done.
            _log.exception("no job for %s worker %d", self._name, worker)
            return None

    @staticmethod
    def _report(callback: Callable[[Any], None], value: Any) -> None:
        # A callback is our own code, but its failure must not end the worker's loop.
        try:
            callback(value)
        except Exception:
            _log.exception("after a job")
