from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from liusheng.client import ReplyTimeoutError, ServerError, connect

from .conftest import FakeServer


async def collect(url: str, text: object, timeout: float = 5.0, **options: object) -> bytes:
    async with connect(url, timeout=timeout) as client:
        return b"".join([pcm async for pcm in client.synthesize(text, **options)])  # type: ignore[arg-type]


async def test_a_text(server: FakeServer) -> None:
    async with connect(server.url) as client:
        synthesis = client.synthesize("abc")
        assert synthesis.first_packet_seconds is None
        assert [pcm async for pcm in synthesis] == [b"a0", b"a1", b"a2"]
        assert synthesis.first_packet_seconds is not None
        assert 0 < synthesis.first_packet_seconds < 5
        assert synthesis.ready is not None
        assert synthesis.ready.session == "t1"
    assert server.received == [
        {"task": "tts", "signal": "start"},
        {"text": "abc", "spk_id": 0},
        {"task": "tts", "signal": "end", "session": "t1"},
    ]
    assert await server.closings(1) == [1000]


async def test_options(server: FakeServer) -> None:
    await collect(server.url, "a", spk_id=3, voice="heart", speed=1.5)
    assert server.received[1] == {"text": "a", "spk_id": 3, "voice": "heart", "speed": 1.5}


async def test_several_texts(server: FakeServer) -> None:
    async def texts() -> AsyncIterator[str]:
        for text in "abcd":
            yield text

    for source in (["a", "b", "c", "d"], iter("abcd"), texts()):
        server.received.clear()
        assert await collect(server.url, source) == b"a0a1a2b0b1b2c0c1c2d0d1d2"
        assert [m.get("signal") for m in server.received] == ["start", *[None] * 4, "end"]


async def test_no_text_at_all(server: FakeServer) -> None:
    assert await collect(server.url, []) == b""


async def test_texts_that_take_their_time_are_no_timeout(server: FakeServer) -> None:
    async def texts() -> AsyncIterator[str]:
        yield "a"
        await asyncio.sleep(0.4)
        yield "b"

    assert await collect(server.url, texts(), timeout=0.1) == b"a0a1a2b0b1b2"


async def test_a_listener_who_takes_time_is_no_timeout(server: FakeServer) -> None:
    audio = []
    async with connect(server.url, timeout=0.1) as client:
        async for pcm in client.synthesize(["a", "b"]):
            audio.append(pcm)
            await asyncio.sleep(0.15)
    assert len(audio) == 6


async def test_audio_may_come_with_the_last_packet(server: FakeServer) -> None:
    server.audio_frames = 1
    server.answers[0] = '{"status": 2, "audio": "YTk="}'
    async with connect(server.url) as client:
        audio = []
        async for pcm in client.synthesize("a"):
            audio.append(pcm)
            break
    assert audio == [b"a9"]


async def test_a_text_that_cannot_be_said(server: FakeServer) -> None:
    server.failing_text = "!"
    with pytest.raises(ServerError, match="The server gave no reason") as caught:
        await collect(server.url, "!")
    assert caught.value.code == "refused"
    server.modern = True
    with pytest.raises(ServerError, match="There is nothing to say") as caught:
        await collect(server.url, "!")
    assert caught.value.code == "nothing_to_say"


@pytest.mark.parametrize("answer", ["{}", '{"status": 1}', '{"status": 1, "audio": "?"}', "[]"])
async def test_answers_that_are_none(server: FakeServer, answer: str) -> None:
    server.answers[1] = answer
    with pytest.raises(ServerError) as caught:
        await collect(server.url, "a")
    assert caught.value.code == "unexpected_reply"


async def test_audio_that_does_not_come(server: FakeServer) -> None:
    server.silent_from = 0
    with pytest.raises(ReplyTimeoutError, match=r"did not answer in 0\.1 s"):
        await collect(server.url, "a", timeout=0.1)


async def test_what_the_texts_raise_is_raised(server: FakeServer) -> None:
    async def texts() -> AsyncIterator[str]:
        yield "a"
        raise LookupError("no more ideas")

    with pytest.raises(LookupError, match="no more ideas"):
        await collect(server.url, texts())


async def test_giving_up_closes_the_socket(server: FakeServer) -> None:
    async with connect(server.url) as client:
        async with client.synthesize(["a"] * 1_000) as synthesis:
            async for _ in synthesis:
                break
        await asyncio.sleep(0.05)
        assert await server.closings(1) == [1000]


async def test_sample_rate(server: FakeServer) -> None:
    async with connect(server.url) as client:
        server.sample_rate = 16_000
        assert await client.sample_rate() == 16_000
        for nonsense in ("fast", None, [1]):
            server.sample_rate = nonsense
            assert await client.sample_rate() == 24_000
    async with connect(server.url + "/elsewhere") as client:
        assert await client.sample_rate() == 24_000
