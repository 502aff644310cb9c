from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from liusheng.client import Mark, ReplyTimeoutError, ServerError, Skipped, Synthesis, connect

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


async def test_no_text_at_all(server: FakeServer) -> None:
    assert await collect(server.url, []) == b""


async def test_texts_that_take_their_time_are_no_timeout(server: FakeServer) -> None:
    async def texts() -> AsyncIterator[str]:
        yield "a\n"
        await asyncio.sleep(0.4)
        yield "b\n"

    assert await collect(server.url, texts(), timeout=0.1) == b"a0a1a2b0b1b2"


async def test_a_slow_reader_is_no_timeout(server: FakeServer) -> None:
    audio = []
    async with connect(server.url, timeout=0.1) as client:
        async for pcm in client.synthesize(["a\n", "b\n"]):
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


async def test_a_text_that_cannot_be_synthesised(server: FakeServer) -> None:
    server.failing_text = "!"
    with pytest.raises(ServerError, match="The server gave no reason") as caught:
        await collect(server.url, "!")
    assert caught.value.code == "refused"
    server.modern = True
    with pytest.raises(ServerError, match="There is nothing to say") as caught:
        await collect(server.url, "!")
    assert caught.value.code == "nothing_to_say"


@pytest.mark.parametrize("code", ["nothing_to_say", "empty_text"])
async def test_a_line_with_nothing_to_say_is_passed_over(server: FakeServer, code: str) -> None:
    server.modern = True
    server.failing_text, server.failure = "مرحبا\n", code
    server.skipped = [{"span": [0, 5], "text": "مرحبا", "reason": "no_voice_for_script"}]
    async with connect(server.url) as client:
        synthesis = client.synthesize(["a\n", "مرحبا\n", "b\n"])
        assert b"".join([pcm async for pcm in synthesis]) == b"a0a1a2b0b1b2"
    assert Skipped("مرحبا", (0, 5), "no_voice_for_script") in synthesis.skipped
    with pytest.raises(ServerError, match="nothing to say") as caught:
        await collect(server.url, ["مرحبا\n"] * 3)
    assert caught.value.code == code
    assert server.received[-1]["signal"] == "end"


async def test_what_was_passed_over_is_noted_once(server: FakeServer) -> None:
    """The connection breaks before there was audio, and all is repeated."""
    server.modern, server.failing_text, server.audio_frames = True, "!1\n", 0
    server.skipped = [{"span": [0, 1], "text": "!", "reason": "symbol"}]
    server.hang_up_once_at = "b\n"
    async with connect(server.url) as client:
        synthesis = client.synthesize(["!1\n", "b\n"])
        with pytest.raises(ServerError, match="nothing to say"):
            await anext(synthesis)
    assert server.sessions == 2
    assert len(synthesis.skipped) == 2


async def test_other_errors_of_a_line_are_raised(server: FakeServer) -> None:
    server.modern, server.failing_text, server.failure = True, "c\n", "synthesis_failed"
    with pytest.raises(ServerError) as caught:
        await collect(server.url, ["a\n", "c\n", "b\n"])
    assert caught.value.code == "synthesis_failed"


@pytest.mark.parametrize("answer", ["{}", '{"status": 1}', '{"status": 1, "audio": "?"}', "[]"])
async def test_invalid_answers(server: FakeServer, answer: str) -> None:
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
        async with client.synthesize(["a\n"] * 1_000) as synthesis:
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


async def tokens() -> AsyncIterator[str]:
    for token in ["**", "Hi", ", Mr", ". Li", "! ", "It costs 3.5\n", "---\n", "好", "。"]:
        await asyncio.sleep(0)
        yield token


async def test_marks(server: FakeServer) -> None:
    marks = '[{"span": [0, 1], "text": "a", "start": 0.0, "end": 0.25}]'
    server.answers[1] = f'{{"status": 1, "audio": "YTE=", "marks": {marks}}}'
    async with connect(server.url) as client:
        synthesis = client.synthesize("a", marks=True)
        counts = [len(synthesis.marks) async for _ in synthesis]
    assert counts == [0, 1, 1]
    assert synthesis.marks == [Mark((0, 1), "a", 0.0, 0.25)]
    assert server.received[1] == {"text": "a", "spk_id": 0, "marks": True}


async def test_what_was_not_read(server: FakeServer) -> None:
    server.skipped = [{"span": [1, 2], "text": "😀", "reason": "a future reason"}]
    async with connect(server.url) as client:
        synthesis = client.synthesize("a😀")
        assert await anext(synthesis)
        assert synthesis.skipped == []
        assert [pcm async for pcm in synthesis]
    assert synthesis.skipped == [Skipped("😀", (1, 2), "a future reason")]


async def test_text_that_grows_goes_in_pieces(server: FakeServer) -> None:
    server.modern = True
    server.audio_frames = 0
    await collect(server.url, tokens(), voice="heart")
    options = {"spk_id": 0, "voice": "heart"}
    assert server.received[1:-1] == [
        {"text": "**Hi", **options, "more": True},
        {"text": ", Mr", "more": True},
        {"text": ". Li", "more": True},
        {"text": "! ", "more": True},
        {"text": "It costs 3.5\n"},
        {"text": "好", **options, "more": True},
        {"text": "。", "more": True},
        {"text": ""},
    ]


async def test_an_original_server_gets_clauses(server: FakeServer) -> None:
    server.audio_frames = 0
    await collect(server.url, tokens())
    texts = [message.get("text") for message in server.received[1:-1]]
    assert texts == ["**Hi,", "Mr. Li!", "It costs 3.5", "---\n好。"]


@pytest.mark.parametrize("modern", [True, False])
async def test_the_first_clause_is_heard_before_the_second_is_written(
    server: FakeServer, modern: bool
) -> None:
    server.modern = modern
    heard = asyncio.Event()

    async def texts() -> AsyncIterator[str]:
        yield "甲，"
        await heard.wait()
        yield "乙。"

    audio = b""
    async with connect(server.url) as client:
        async for pcm in client.synthesize(texts()):
            audio += pcm
            heard.set()
    assert audio == "甲0甲1甲2乙0乙1乙2".encode()


async def test_a_slow_writer_is_no_timeout(server: FakeServer) -> None:
    server.modern = True

    async def texts() -> AsyncIterator[str]:
        yield "a"
        await asyncio.sleep(0.4)
        yield "b"

    assert await collect(server.url, texts(), timeout=0.1) == b"a0a1a2b0b1b2"


@pytest.mark.parametrize("modern", [True, False])
async def test_cancel(server: FakeServer, modern: bool) -> None:
    """The writer has more to say, the iteration waits for sound, and ends."""
    server.modern = modern

    async def texts() -> AsyncIterator[str]:
        yield "a. "
        await asyncio.Event().wait()

    audio = []
    spoken = asyncio.Event()
    async with connect(server.url) as client:
        synthesis = client.synthesize(texts())

        async def listen() -> None:
            async for pcm in synthesis:
                audio.append(pcm)
                if len(audio) == server.audio_frames:
                    spoken.set()

        listening = asyncio.create_task(listen())
        await spoken.wait()
        await synthesis.cancel()
        await synthesis.cancel()  # harmless
        await listening
    assert audio == [b"a0", b"a1", b"a2"]
    signals = [m["signal"] for m in server.received if "signal" in m]
    assert signals == (["start", "cancel", "end"] if modern else ["start"])
    assert await server.closings(1) == [1000]


@pytest.mark.parametrize("modern", [True, False])
async def test_cancel_between_two_packets(server: FakeServer, modern: bool) -> None:
    server.modern = modern
    async with connect(server.url) as client:
        synthesis = client.synthesize(["a. ", "b. "])
        assert await synthesis.__anext__() == b"a0"
        await synthesis.cancel()
        assert await server.closings(1) == [1000]
        assert [pcm async for pcm in synthesis] == []


@pytest.mark.parametrize("trouble", ["", '{"status": -1, "audio": "", "message": "Oh."}'])
async def test_errors_of_a_cancelled_text_are_not_sent(server: FakeServer, trouble: str) -> None:
    server.modern, server.at_cancel = True, trouble
    async with connect(server.url) as client:
        synthesis = client.synthesize("a")
        assert await synthesis.__anext__() == b"a0"
        await synthesis.cancel()
        assert [pcm async for pcm in synthesis] == []


async def test_cancel_before_it_began(server: FakeServer) -> None:
    async with connect(server.url) as client:
        synthesis = client.synthesize("a")
        await synthesis.cancel()
        assert [pcm async for pcm in synthesis] == []
    assert server.received == []


async def test_closing_from_another_task_ends_the_iteration(server: FakeServer) -> None:
    server.silent_from = 0
    async with connect(server.url) as client:
        synthesis = client.synthesize("a")
        listening = asyncio.create_task(anext_or_none(synthesis))
        await asyncio.sleep(0.1)
        await synthesis.aclose()
        assert await listening is None


async def anext_or_none(synthesis: Synthesis) -> bytes | None:
    async for pcm in synthesis:
        return pcm
    return None
