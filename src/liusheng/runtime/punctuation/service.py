"""Punctuation of texts: a queue and one worker."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from liusheng.models.types import InstalledModel
from liusheng.runtime.errors import BusyError
from liusheng.runtime.options import PoolOptions
from liusheng.runtime.workers.expected import ExpectedCost
from liusheng.runtime.workers.pool import Job, Pool

_LEAST_SIZE = 20
"""Characters that a text costs besides its own."""


@dataclass
class _WaitingText:
    """A text, and its caller's result. repeats: workers that were lost on it."""

    text: str
    result: asyncio.Future[str]
    repeats: int = 0


class PunctuationService:
    """A worker with a punctuation model, and the queue of texts for it.

    model: loaded by the worker (see `liusheng.asr.text.punctuation`).
    max_texts: length of the queue.
    pool_options: for a pool of one worker.
    """

    def __init__(
        self,
        model: InstalledModel,
        max_texts: int,
        pool_options: PoolOptions,
    ) -> None:
        factory = "liusheng.runtime.punctuation.handler.punctuation"
        self._max_texts = max_texts
        self._pool = Pool("punctuation", factory, (model, pool_options.threads), pool_options)
        self._queue: deque[_WaitingText] = deque()
        self._cost = ExpectedCost()
        self._pending: set[asyncio.Future[str]] = set()

    async def start(self) -> None:
        """Start the worker and wait until it has loaded its model.

        Raises:
            Exception: raised while the model was loaded.
        """
        await self._pool.start(self)

    async def stop(self) -> None:
        """End the worker. Calls of `punctuate` that have not returned raise BusyError."""
        await self._pool.stop()
        for result in tuple(self._pending):
            _fail(result, BusyError("punctuation has stopped"))

    @property
    def pids(self) -> list[int]:
        """Process id of the worker, while it is alive."""
        return self._pool.pids

    @property
    def pools(self) -> Mapping[str, Pool]:
        """Its worker processes, by name."""
        return {"punctuation": self._pool}

    @property
    def processes(self) -> Mapping[str, list[int]]:
        """Process ids by what the processes do."""
        return dict(each for pool in self.pools.values() for each in pool.processes.items())

    async def punctuate(self, text: str) -> str:
        """Return a text with punctuation.

        Raises:
            BusyError: the queue is full, or no worker can be started.
            Exception: raised by the worker, or WorkerLostError: two workers were lost on this text.
        """
        if self._pool.is_stranded:
            raise BusyError("the punctuation worker cannot be started")
        if len(self._queue) >= self._max_texts:
            raise BusyError(f"{len(self._queue)} texts are waiting for punctuation, the limit")
        result: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._queue.append(_WaitingText(text, result))
        self._pending.add(result)
        result.add_done_callback(self._pending.discard)
        self._pool.wake()
        return await result

    # JobSource

    def take(self, _: int) -> Job | None:
        """Return the job for the next text whose caller still waits."""
        while self._queue:
            waiting = self._queue.popleft()
            if not waiting.result.done():
                return self._job(waiting)
        return None

    def worker_lost(self, _: int) -> None:
        """The worker keeps no state; its text is tried once more, by its callback."""

    def stranded(self, error: Exception) -> None:
        """Fail all texts in the queue."""
        while self._queue:
            _fail(self._queue.popleft().result, error)

    def _job(self, waiting: _WaitingText) -> Job:
        result = waiting.result
        size = _LEAST_SIZE + len(waiting.text)

        def done(punctuated: str) -> None:
            if not result.done():
                result.set_result(punctuated)

        def failed(error: Exception) -> None:
            _fail(result, error)

        def lost(error: Exception) -> None:
            if waiting.repeats:
                _fail(result, error)
            else:
                waiting.repeats += 1
                self._queue.appendleft(waiting)

        return Job(
            "punctuate",
            (waiting.text,),
            done,
            failed,
            lost,
            self._cost.limit(size, waiting.repeats),
            lambda seconds: self._cost.measured(size, seconds),
        )


def _fail(result: asyncio.Future[str], error: Exception) -> None:
    if not result.done():
        result.set_exception(error)
