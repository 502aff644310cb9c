from __future__ import annotations

import asyncio

import pytest

from liusheng.bench import intelligibility, tts_benchmark
from liusheng.bench.intelligibility import ServerVoice, list_voices
from liusheng.bench.target import Target
from liusheng.bench.tts_benchmark import TtsBenchmark
from liusheng.client import connect

from ..client.conftest import FakeServer


def list_on(server: FakeServer, **languages: list[str]) -> None:
    """Make the server describe itself with these voices."""
    voices = [{"name": name, "languages": langs} for name, langs in languages.items()]
    server.info = {"tts": {"voices": voices}}


def benchmark(*names: str, lang: str = "zh", sentences: int = 0) -> TtsBenchmark:
    return TtsBenchmark([8], 1, None, sentences, names, lang)


def requested_voices(server: FakeServer) -> list[str | None]:
    return [frame.get("voice") for frame in server.received if "text" in frame]


async def test_a_server_lists_its_voices(server: FakeServer) -> None:
    async with connect(server.url) as client:
        assert await list_voices(client) == [], "the original server does not list them"
        list_on(server, baker=["zh"], heart=["en"])
        assert await list_voices(client) == [
            ServerVoice("baker", ("zh",)),
            ServerVoice("heart", ("en",)),
        ]


async def test_the_first_voice_of_the_language_is_timed(server: FakeServer) -> None:
    list_on(server, baker=["zh"], heart=["en"])
    lines: list[str] = []
    measurement = await benchmark(lang="en").run(Target(server.url, None), lines.append)
    assert set(requested_voices(server)) == {"heart"}
    assert measurement.single[8].first_packet.count == 1
    assert measurement.load is None
    assert "8 characters" in lines[0]


async def test_each_voice_is_recognised_in_its_languages(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    list_on(server, both=["zh", "en"], other=["fr"])

    async def transcript(client: object, pcm: bytes, rate: int, lang: str) -> str:
        return "今天天气很好，我们一起去公园散步吧。"

    monkeypatch.setattr(intelligibility, "_recognize", transcript)
    measurement = await benchmark(sentences=1).run(Target(server.url, None), lambda line: None)
    found = [(r.voice, r.lang, r.errors.edits) for r in measurement.intelligibility]
    assert [each[:2] for each in found] == [("both", "zh"), ("both", "en")]
    assert found[0][2] == 0
    assert found[1][2] > 0


async def test_a_disconnection_does_not_delay_the_next_text(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    rests: list[float] = []
    sleep = asyncio.sleep

    async def slept(seconds: float) -> None:
        rests.append(seconds)
        await sleep(0)

    monkeypatch.setattr(tts_benchmark, "_ENOUGH", 0.0)
    monkeypatch.setattr(asyncio, "sleep", slept)
    await TtsBenchmark([8], 2, None, 0, (), "zh").run(Target(server.url, None), lambda line: None)
    assert rests.count(tts_benchmark._REST) == 2


async def test_a_server_without_a_list_is_measured_with_its_default_voice(
    server: FakeServer,
) -> None:
    await benchmark().run(Target(server.url, None), lambda line: None)
    assert set(requested_voices(server)) == {None}


async def test_a_voice_that_the_server_does_not_have(server: FakeServer) -> None:
    list_on(server, baker=["zh"])
    with pytest.raises(ValueError, match="no voice kate; it has: baker"):
        await benchmark("kate").run(Target(server.url, None), lambda line: None)
