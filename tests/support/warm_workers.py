"""Worker processes that the services of several tests use one after another.

To start one takes about 0.2 s of processor time. A worker that is idle when its pool stops is kept
for the next pool that would start the same; one that is in the middle of a call is killed.
"""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from liusheng.runtime.options import PoolOptions
from liusheng.runtime.workers.process import WorkerProcess
from liusheng.runtime.workers.worker import Creation


class _WarmWorker(WorkerProcess):
    idle: dict[bytes, list[_WarmWorker]]  # of the subclass that `warm_workers` makes
    _like = b""
    _lost = False

    @classmethod
    async def start(cls, creation: Creation, options: PoolOptions) -> WorkerProcess:
        like = pickle.dumps((creation, options.threads))
        if kept := cls.idle.get(like):
            return kept.pop()
        worker = await super().start(creation, options)
        assert isinstance(worker, cls)
        worker._like = like
        return worker

    async def _abort(self, exchange: asyncio.Future[Any]) -> None:
        self._lost = True
        await super()._abort(exchange)

    async def kill(self) -> None:
        if self._like and not self._lost and self._process.returncode is None:
            self.idle.setdefault(self._like, []).append(self)
        else:
            await super().kill()


@asynccontextmanager
async def warm_workers() -> AsyncIterator[None]:
    """Let pools that are started on this event loop reuse each other's worker processes."""
    warm: type[_WarmWorker] = type("WarmWorker", (_WarmWorker,), {"idle": {}})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("liusheng.runtime.workers.supply.WorkerProcess", warm)
        yield
    kept = [worker for workers in warm.idle.values() for worker in workers]
    await asyncio.gather(*(WorkerProcess.kill(worker) for worker in kept))
