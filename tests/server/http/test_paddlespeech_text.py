"""`POST /paddlespeech/text` where there is a model, in a worker process of its own."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
import requests

from liusheng.runtime.options import PoolOptions
from liusheng.runtime.punctuation.service import PunctuationService
from tests.server.conftest import Serve, Server
from tests.support.tiny_punctuation import MARKS, tiny_punctuation

pytestmark = pytest.mark.asyncio(loop_scope="session")

POOL = PoolOptions(call_timeout=120)


async def punctuate(server: Server, text: str) -> requests.Response:
    url = f"http://{server.address}/paddlespeech/text"
    return await asyncio.to_thread(requests.post, url, json={"text": text}, timeout=120)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def punctuation(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[PunctuationService]:
    made = PunctuationService(tiny_punctuation(tmp_path_factory.mktemp("tiny")), 64, POOL)
    await made.start()
    yield made
    await made.stop()


async def test_bare_text(serve: Serve, punctuation: PunctuationService) -> None:
    answer = await punctuate(await serve(punctuation=punctuation), "今天很好你去吗")
    assert answer.status_code == 200
    assert answer.json()["result"] == {"punc_text": "今天，很好。你去吗？"}


async def test_many_at_once(serve: Serve, punctuation: PunctuationService) -> None:
    server = await serve(punctuation=punctuation)
    texts = ["二" * n for n in range(1, 9)]
    answers = await asyncio.gather(*(punctuate(server, text) for text in texts))
    assert [each.json()["result"]["punc_text"] for each in answers] == [t + "。" for t in texts]


@pytest.mark.parametrize("text", ["今天很好。", ""])
async def test_text_that_needs_no_model(
    serve: Serve, punctuation: PunctuationService, text: str
) -> None:
    answer = await punctuate(await serve(punctuation=punctuation), text)
    assert answer.json()["result"] == {"punc_text": text}


async def test_a_text_that_is_too_long(serve: Serve, punctuation: PunctuationService) -> None:
    server = await serve(punctuation=punctuation, limits={"max_text_chars": 10})
    answer = await punctuate(server, "二" * 11)
    assert (answer.status_code, answer.json()["error"]) == (413, "text_too_long")


async def test_no_room(serve: Serve, tmp_path: Path) -> None:
    full = PunctuationService(tiny_punctuation(tmp_path), 0, POOL)
    answer = await punctuate(await serve(punctuation=full), "今天")
    assert (answer.status_code, answer.json()["error"]) == (503, "server_busy")


async def test_a_model_that_fails(serve: Serve, tmp_path: Path) -> None:
    # Its metadata have fewer marks than the network: what comes after 三 has no name.
    marks = (*MARKS[2:],)
    made = PunctuationService(tiny_punctuation(tmp_path, marks=marks), 8, POOL)
    await made.start()
    try:
        server = await serve(punctuation=made)
        answer = await punctuate(server, "三")
        assert (answer.status_code, answer.json()["error"]) == (500, "internal_error")
        assert "result" not in answer.json()
    finally:
        await made.stop()


async def test_a_worker_that_dies_is_replaced(serve: Serve, tmp_path: Path) -> None:
    made = PunctuationService(tiny_punctuation(tmp_path), 8, POOL)
    await made.start()
    try:
        server = await serve(punctuation=made)
        os.kill(made.pids[0], signal.SIGKILL)
        first = await punctuate(server, "今天")
        assert first.status_code in (200, 500), "the one that was under way may be lost"
        answer = await punctuate(server, "今天")
        assert answer.json()["result"] == {"punc_text": "今天。"}
    finally:
        await made.stop()
