from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from liusheng.models.types import InstalledModel, Kind, Task
from liusheng.runtime.errors import BusyError
from liusheng.runtime.options import PoolOptions
from liusheng.runtime.punctuation.service import PunctuationService
from liusheng.runtime.workers.process import WorkerLostError
from tests.support.fake_pool import FakePool
from tests.support.tiny_punctuation import tiny_punctuation

NO_MODEL = InstalledModel("none", Task.PUNCTUATION, Kind.CT_TRANSFORMER, Path(), {}, ())


async def queued(service: PunctuationService, text: str) -> asyncio.Task[str]:
    waiting = asyncio.create_task(service.punctuate(text))
    await asyncio.sleep(0)
    return waiting


async def test_texts_are_punctuated_by_a_worker(tmp_path: Path) -> None:
    service = PunctuationService(tiny_punctuation(tmp_path), 8, PoolOptions())
    await service.start()
    try:
        assert len(service.pids) == 1
        texts = ["今天很好你去吗"] * 3
        punctuated = await asyncio.gather(*map(service.punctuate, texts))
        assert len(set(punctuated)) == 1
        assert punctuated[0].endswith(("。", "？"))
        assert [c for c in punctuated[0] if c not in "，。？、"] == list(texts[0])
    finally:
        await service.stop()
    assert service.pids == []


async def test_a_full_queue_is_busy() -> None:
    service = PunctuationService(NO_MODEL, 1, PoolOptions())
    waiting = await queued(service, "一")
    with pytest.raises(BusyError, match="1 texts are waiting for punctuation, the limit"):
        await service.punctuate("二")
    waiting.cancel()


async def test_texts_are_taken_in_order_but_not_those_nobody_waits_for() -> None:
    service = PunctuationService(NO_MODEL, 8, PoolOptions())
    first, second, third = [await queued(service, text) for text in "一二三"]
    second.cancel()
    await asyncio.sleep(0)
    jobs = [service.take(0), service.take(0)]
    assert [job.args for job in jobs if job] == [("一",), ("三",)]
    assert service.take(0) is None
    for job in jobs:
        assert job
        job.done(f"{job.args[0]}。")
    assert [await first, await third] == ["一。", "三。"]


async def test_a_job_that_fails_fails_its_text_only() -> None:
    service = PunctuationService(NO_MODEL, 8, PoolOptions())
    first, second = [await queued(service, text) for text in "一二"]
    job, other = service.take(0), service.take(0)
    assert job
    assert other
    job.failed(ValueError("too strange"))
    other.done("二。")
    with pytest.raises(ValueError, match="too strange"):
        await first
    assert await second == "二。"


async def test_without_a_worker_all_texts_fail() -> None:
    service = PunctuationService(NO_MODEL, 8, PoolOptions())
    waiting = [await queued(service, text) for text in "一二"]
    service.stranded(FileNotFoundError("the model has gone"))
    for each in waiting:
        with pytest.raises(FileNotFoundError):
            await each


async def test_stopping_fails_what_is_queued_and_what_runs() -> None:
    service = PunctuationService(NO_MODEL, 8, PoolOptions())
    waiting = [await queued(service, text) for text in "一二"]
    job = service.take(0)
    await service.stop()
    for each in waiting:
        with pytest.raises(BusyError, match="punctuation has stopped"):
            await each
    assert job
    job.done("一。")


async def test_a_text_is_tried_twice() -> None:
    service = PunctuationService(NO_MODEL, 8, PoolOptions())
    waiting = await queued(service, "一")
    for _ in range(2):
        job = service.take(0)
        assert job
        job.lost(WorkerLostError("Worker 1 died."))
    assert service.take(0) is None
    with pytest.raises(WorkerLostError, match="Worker 1 died"):
        await waiting


async def test_nobody_waits_for_a_worker_that_cannot_be_had() -> None:
    service = PunctuationService(NO_MODEL, 8, PoolOptions())
    stranded: Any = FakePool(1, object, is_stranded=True)
    service._pool = stranded
    with pytest.raises(BusyError, match="the punctuation worker cannot be started"):
        await service.punctuate("一")


async def test_what_fails_after_its_caller_left_is_told_to_nobody() -> None:
    service = PunctuationService(NO_MODEL, 8, PoolOptions())
    waiting = await queued(service, "一")
    job = service.take(0)
    assert job
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    job.failed(ValueError("too late"))
    assert service.take(0) is None
