"""Punctuation of texts: a queue and one worker."""

from __future__ import annotations

import asyncio
from collections import deque

from liusheng.models.types import InstalledModel
from liusheng.runtime.errors import BusyError
from liusheng.runtime.options import PoolOptions
from liusheng.runtime.workers.pool import Job, Pool


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
        self._queue: deque[tuple[str, asyncio.Future[str]]] = deque()
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

    async def punctuate(self, text: str) -> str:
        """Return a text with punctuation.

        Raises:
            BusyError: the queue is full, or no worker can be started.
            Exception: raised by the worker, or WorkerLostError.
        """
        if self._pool.is_stranded:
            raise BusyError("the punctuation worker cannot be started")
        if len(self._queue) >= self._max_texts:
            raise BusyError(f"{len(self._queue)} texts are waiting for punctuation, the limit")
        result: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._queue.append((text, result))
        self._pending.add(result)
        result.add_done_callback(self._pending.discard)
        self._pool.wake()
        return await result

    # JobSource

    def take(self, _: int) -> Job | None:
        """Return the job for the next text whose caller still waits."""
        while self._queue:
            text, result = self._queue.popleft()
            if not result.done():
                return _job(text, result)
        return None

    def worker_lost(self, _: int) -> None:
        """The worker keeps no state; the job of the lost text fails by its callback."""

    def stranded(self, error: Exception) -> None:
        """Fail all texts in the queue."""
        while self._queue:
            _fail(self._queue.popleft()[1], error)


def _job(text: str, result: asyncio.Future[str]) -> Job:
    def done(punctuated: str) -> None:
        if not result.done():
            result.set_result(punctuated)

    def failed(error: Exception) -> None:
        _fail(result, error)

    return Job("punctuate", (text,), done, failed, failed)


def _fail(result: asyncio.Future[str], error: Exception) -> None:
    if not result.done():
        result.set_exception(error)
