"""Punctuation of texts on one worker, for the server."""

from __future__ import annotations

import asyncio
from collections import deque

from liusheng.models.types import InstalledModel
from liusheng.runtime.options import PoolOptions
from liusheng.runtime.recognition.service import BusyError
from liusheng.runtime.workers.pool import Job, Pool


class Punctuation:
    """A worker that has loaded a model for punctuation, and the texts that wait for it.

    model: what the worker loads (see `liusheng.asr.text.punctuation`).
    max_texts: that wait at once.
    pool_options: of a pool of one worker.
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
        self._waiting: deque[tuple[str, asyncio.Future[str]]] = deque()

    async def start(self) -> None:
        """Start the worker and wait until it has loaded its model.

        Raises:
            Exception: what the worker raised instead.
        """
        await self._pool.start(self)

    async def stop(self) -> None:
        """End the worker; who waits for a text is told nothing more."""
        await self._pool.stop()

    @property
    def pids(self) -> list[int]:
        """Of the worker, while it is alive."""
        return self._pool.pids

    async def punctuate(self, text: str) -> str:
        """Return a text with marks.

        Raises:
            BusyError: too many texts wait, or no worker can be had.
            Exception: what the worker raised, or that it was lost.
        """
        if self._pool.is_stranded:
            raise BusyError("no punctuation worker can be started")
        if len(self._waiting) >= self._max_texts:
            raise BusyError(f"{len(self._waiting)} texts wait for punctuation, which is the limit")
        result: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._waiting.append((text, result))
        self._pool.wake()
        return await result

    # For the pool

    def take(self, _: int) -> Job | None:
        """Return the next text that somebody still waits for."""
        while self._waiting:
            text, result = self._waiting.popleft()
            if not result.done():
                return _job(text, result)
        return None

    def worker_lost(self, _: int) -> None:
        """It held nothing but the text under way, which is told of by itself."""

    def stranded(self, error: Exception) -> None:
        """No worker can be had."""
        while self._waiting:
            _fail(self._waiting.popleft()[1], error)


def _job(text: str, result: asyncio.Future[str]) -> Job:
    def done(marked: str) -> None:
        if not result.done():
            result.set_result(marked)

    def failed(error: Exception) -> None:
        _fail(result, error)

    return Job("punctuate", (text,), done, failed, failed)


def _fail(result: asyncio.Future[str], error: Exception) -> None:
    if not result.done():
        result.set_exception(error)
