from __future__ import annotations

import pytest

from liusheng.bench import intelligibility
from liusheng.bench.intelligibility import IntelligibilityResult, measure_intelligibility
from liusheng.bench.scoring import Errors
from liusheng.client import ClientError, connect

from ..client.conftest import FakeServer


def test_spelling_does_not_count() -> None:
    result = IntelligibilityResult("v", "zh", "一共四百五十块", "一共450块。")
    assert result.errors == Errors(0, 7)


async def test_a_sentence_is_synthesised_and_recognised(server: FakeServer) -> None:
    async with connect(server.url) as client:
        (result,) = await measure_intelligibility(client, ["你好"], 24_000, "baker", "zh")
    assert (result.voice, result.text, result.failure) == ("baker", "你好", "")
    assert result.transcript.endswith("包。"), "what the fake server recognises in any audio"


async def test_failures_of_both_steps(server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server.modern = True
    server.failing_text = "。"

    async def refuse(*_: object) -> str:
        raise ClientError("server_busy", "Full.")

    monkeypatch.setattr(intelligibility, "_recognize", refuse)
    async with connect(server.url) as client:
        results = await measure_intelligibility(client, ["。", "你好"], 24_000, "", "zh")
    assert [result.failure for result in results] == ["nothing_to_say", "server_busy"]
    assert results[1].errors == Errors(2, 2)
