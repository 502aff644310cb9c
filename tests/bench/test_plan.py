from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import Callable
from io import BytesIO

import pytest

from liusheng.bench import intelligibility
from liusheng.bench import plan as plan_module
from liusheng.bench.intelligibility import Voice, voices
from liusheng.bench.plan import Plan
from liusheng.bench.serving import Target, running
from liusheng.client import connect

from ..client.conftest import FakeServer

Knowing = Callable[..., None]


@pytest.fixture
def knowing(monkeypatch: pytest.MonkeyPatch) -> Knowing:
    """Make servers tell of these voices."""

    def tell(**languages: list[str]) -> None:
        known = [{"name": name, "languages": langs} for name, langs in languages.items()]
        answer = json.dumps({"tts": {"voices": known}}).encode()
        monkeypatch.setattr(urllib.request, "urlopen", lambda url, timeout: BytesIO(answer))

    return tell


def plan(*names: str, lang: str = "zh", sentences: int = 0) -> Plan:
    return Plan([8], 1, None, sentences, names, lang)


def asked(server: FakeServer) -> list[str | None]:
    return [frame.get("voice") for frame in server.received if "text" in frame]


async def test_a_server_tells_its_voices(server: FakeServer, knowing: Knowing) -> None:
    async with connect(server.url) as client:
        assert await voices(client) == [], "the original does not"
        knowing(baker=["zh"], heart=["en"])
        assert await voices(client) == [Voice("baker", ("zh",)), Voice("heart", ("en",))]


async def test_the_first_voice_of_the_language_is_timed(
    server: FakeServer, knowing: Knowing
) -> None:
    knowing(baker=["zh"], heart=["en"])
    said: list[str] = []
    outcome = await plan(lang="en").run(Target(server.url, None), said.append)
    assert set(asked(server)) == {"heart"}
    assert outcome.alone[8].first_packet.count == 1
    assert outcome.together is None
    assert "8 characters" in said[0]


async def test_each_voice_is_recognised_again_in_its_languages(
    server: FakeServer, knowing: Knowing, monkeypatch: pytest.MonkeyPatch
) -> None:
    knowing(both=["zh", "en"], other=["fr"])

    async def heard(client: object, pcm: bytes, rate: int, lang: str) -> str:
        return "今天天气很好，我们一起去公园散步吧。"

    monkeypatch.setattr(intelligibility, "_recognised", heard)
    outcome = await plan(sentences=1).run(Target(server.url, None), lambda line: None)
    found = [(echo.voice, echo.lang, echo.errors.edits) for echo in outcome.echoes]
    assert [each[:2] for each in found] == [("both", "zh"), ("both", "en")]
    assert found[0][2] == 0
    assert found[1][2] > 0


async def test_a_text_that_was_hung_up_on_does_not_delay_the_next(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    rests: list[float] = []
    sleep = asyncio.sleep

    async def slept(seconds: float) -> None:
        rests.append(seconds)
        await sleep(0)

    monkeypatch.setattr(plan_module, "_ENOUGH", 0.0)
    monkeypatch.setattr(asyncio, "sleep", slept)
    await Plan([8], 2, None, 0, (), "zh").run(Target(server.url, None), lambda line: None)
    assert rests.count(plan_module._REST) == 2


async def test_a_server_that_does_not_tell_has_its_default_voice(server: FakeServer) -> None:
    await plan().run(Target(server.url, None), lambda line: None)
    assert set(asked(server)) == {None}


async def test_a_voice_that_is_not_there(server: FakeServer, knowing: Knowing) -> None:
    knowing(baker=["zh"])
    with pytest.raises(ValueError, match="no voice kate; it has: baker"):
        await plan("kate").run(Target(server.url, None), lambda line: None)


def test_only_a_server_here_has_processes() -> None:
    assert running("ws://example.invalid:8090").pid is None
    with pytest.raises(ValueError, match="not the address"):
        running("ftp://127.0.0.1")
