"""A pool without processes: its workers are handlers in this process, and a test is their clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from liusheng.runtime.workers.pool import Job, JobSource
from liusheng.runtime.workers.process import WorkerLostError


class DiedError(BaseException):
    """A handler ended its process."""


@dataclass
class FakeWorker:
    """A worker: its handler, and the job that it works on."""

    handler: Any
    job: Job | None = None


@dataclass
class FakePool:
    """Stands for a `Pool` in a service. Every callback is called in the middle of nothing else."""

    count: int
    new_handler: Callable[[], Any]
    workers: list[FakeWorker] = field(init=False)
    is_stranded: bool = False
    lost: int = 0

    def __post_init__(self) -> None:
        self.workers = [FakeWorker(self.new_handler()) for _ in range(self.count)]

    @property
    def size(self) -> int:
        return self.count

    @property
    def alive(self) -> int:
        return self.count

    def wake(self) -> None:
        pass

    def wake_later(self, seconds: float) -> None:
        pass

    def take(self, source: JobSource, number: int) -> bool:
        """A worker that has no job asks for one; return whether it got one."""
        worker = self.workers[number]
        if worker.job is None:
            worker.job = source.take(number)
        return worker.job is not None

    def finish(self, source: JobSource, number: int) -> None:
        """A worker computes its job."""
        worker = self.workers[number]
        job, worker.job = worker.job, None
        if job is None:
            return
        try:
            value = getattr(worker.handler, job.method)(*job.args)
        except DiedError:
            self._lose(source, number, job, from_outside=False)
        except Exception as error:
            job.failed(error)
        else:
            job.timed(0.01)
            job.done(value)

    def kill(self, source: JobSource, number: int) -> None:
        """A worker is killed from outside, in the middle of its job if it has one."""
        job, self.workers[number].job = self.workers[number].job, None
        self._lose(source, number, job, from_outside=True)

    def _lose(self, source: JobSource, number: int, job: Job | None, *, from_outside: bool) -> None:
        self.lost += 1
        self.workers[number].handler = self.new_handler()
        source.worker_lost(number)
        if job:
            job.lost(WorkerLostError("it died", from_outside=from_outside))
