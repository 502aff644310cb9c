from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator, Iterator

import pytest

from liusheng.client import (
    Alternative,
    CannotConnectError,
    ConnectionLostError,
    Final,
    Partial,
    ReplyTimeoutError,
    ServerError,
    Word,
    connect,
)
from liusheng.client.messages import read

from .conftest import FakeServer

PACKETS = [b"\1\0" * 1_360, b"\2\0" * 1_360, b"\3\0" * 700]


async def collect(url: str, audio: object = PACKETS, **options: object) -> list[Partial | Final]:
    patience = {k: options.pop(k) for k in ("timeout", "retry_for") if k in options}
    async with connect(url, **{"timeout": 5.0, **patience}) as client:  # type: ignore[arg-type]
        return [update async for update in client.recognize(audio, **options)]  # type: ignore[arg-type]


async def test_an_original_server(server: FakeServer) -> None:
    updates = await collect(server.url, name="test.wav")
    assert updates == [
        Partial("包0"),
        Partial("包1"),
        Partial("包2"),
        Final("3包。", (Word("3", 0.0, 0.5), Word("包", 0.5, 1.0)), "test.wav"),
    ]
    assert server.received == [
        {"name": "test.wav", "nbest": 1, "resumable": True, "signal": "start"},
        *PACKETS,
        '{"name":"test.wav","nbest":1,"signal":"end"}',
    ]
    assert await server.closings(1) == [1000]


async def test_our_server(server: FakeServer) -> None:
    server.modern = True
    async with connect(server.url) as client:
        recognition = client.recognize(PACKETS, lang="zh")
        updates = [update async for update in recognition]
    assert updates[0] == Partial("包0", stable="包", heard=0.5)
    assert recognition.ready is not None
    assert (recognition.ready.session, recognition.ready.model) == ("s1", "m")
    assert server.received[0]["lang"] == "zh"


async def test_options(server: FakeServer) -> None:
    await collect(server.url, hotwords=["流声"], format="pcm_mulaw", sample_rate=8_000, nbest=2)
    assert server.received[0] == {
        "name": "audio", "nbest": 2, "signal": "start", "hotwords": ["流声"],
        "format": "pcm_mulaw", "sample_rate": 8_000, "resumable": True,
    }  # fmt: skip
    assert server.received[-1] == '{"name":"audio","nbest":2,"signal":"end"}'


def test_what_a_final_can_hold() -> None:
    message = {"result": "好", "times": None, "nbest": [{"result": "号", "score": -1.5}]}
    assert read(message, Final) == Final("好", alternatives=(Alternative("号", -1.5),))


async def test_audio_of_every_kind(server: FakeServer) -> None:
    def plain() -> Iterator[bytes]:
        yield from PACKETS

    async def asynchronous() -> AsyncIterator[bytes]:
        for packet in PACKETS:
            await asyncio.sleep(0)
            yield packet

    for audio in (PACKETS, tuple(PACKETS), plain(), asynchronous(), b"".join(PACKETS)):
        server.received.clear()
        assert (await collect(server.url, audio))[-1].text == "3包。"
        assert server.received[1:-1] == PACKETS


async def test_no_audio_at_all(server: FakeServer) -> None:
    for audio in (b"", [], [b"", b""]):
        assert [u.text for u in await collect(server.url, audio)] == ["0包。"]


async def test_text_comes_while_audio_goes(server: FakeServer) -> None:
    seen = asyncio.Event()

    async def speaker() -> AsyncIterator[bytes]:
        yield PACKETS[0]
        await seen.wait()  # says nothing more until the first words are read
        yield PACKETS[1]

    texts = []
    async with connect(server.url) as client:
        async for update in client.recognize(speaker()):
            texts.append(update.text)
            seen.set()
    assert texts == ["包0", "包1", "2包。"]


async def test_a_silent_speaker_is_no_timeout(server: FakeServer) -> None:
    async def speaker() -> AsyncIterator[bytes]:
        yield PACKETS[0]
        await asyncio.sleep(0.4)
        yield PACKETS[1]

    updates = await collect(server.url, speaker(), timeout=0.1)
    assert updates[-1].text == "2包。"


async def test_what_is_unanswered_is_bounded(server: FakeServer) -> None:
    server.silent_from = 0
    given = 0

    async def speaker() -> AsyncIterator[bytes]:
        nonlocal given
        while True:
            given += 1
            yield b"\0\0"

    with pytest.raises(ReplyTimeoutError):
        await collect(server.url, speaker(), timeout=0.3)
    assert given == 33


@pytest.mark.parametrize("silent_from", [0, 1, 3])
async def test_an_answer_that_does_not_come(server: FakeServer, silent_from: int) -> None:
    server.silent_from = silent_from
    with pytest.raises(ReplyTimeoutError, match=r"did not answer in 0\.2 s") as caught:
        await collect(server.url, timeout=0.2)
    assert caught.value.code == "timeout"


async def test_an_error_instead_of_an_answer(server: FakeServer) -> None:
    server.answers[1] = (
        '{"status": "error", "code": "packet_too_large", "message": "Too large.", "result": ""}'
    )
    with pytest.raises(ServerError, match="Too large") as caught:
        await collect(server.url)
    assert caught.value.code == "packet_too_large"
    assert await server.closings(1) == [1000]


@pytest.mark.parametrize(
    ("answer", "code", "text"),
    [
        ('{"status": "ok", "message": "no valid json data"}', "refused", "no valid json data"),
        ('{"status": "ok", "code": "unknown_signal", "message": "no valid json data", '
         '"detail": "Send start."}', "unknown_signal", "Send start."),
        ('{"status": "error"}', "refused", "The server gave no reason."),
        ("{}", "refused", "has no text"),
        ('{"result": 3}', "unexpected_reply", "is invalid"),
        ("[1]", "unexpected_reply", "not a JSON object"),
        ("nonsense", "unexpected_reply", "not a JSON object"),
    ],
)  # fmt: skip
async def test_invalid_answers(server: FakeServer, answer: str, code: str, text: str) -> None:
    server.answers[0] = answer
    with pytest.raises(ServerError, match=text) as caught:
        await collect(server.url)
    assert caught.value.code == code


async def test_refused_at_the_start(server: FakeServer) -> None:
    server.greeting = '{"status": "error", "code": "server_busy", "message": "Full."}'
    with pytest.raises(ServerError, match="Full") as caught:
        await collect(server.url, retry_for=0.0)
    assert caught.value.code == "server_busy"
    server.greeting = '{"signal": "hello"}'
    with pytest.raises(ServerError, match="did not send server_ready"):
        await collect(server.url)


async def test_a_server_that_hangs_up(server: FakeServer) -> None:
    server.hang_up_after = 2
    async with connect(server.url, resume_for=0.0) as client:
        recognition = client.recognize(PACKETS)
        texts = [(await recognition.__anext__()).text for _ in range(2)]
        with pytest.raises(ConnectionLostError, match="code 1013, 'try again later'") as caught:
            await recognition.__anext__()
    assert texts == ["包0", "包1"]  # what had come is not lost
    assert caught.value.close_code == 1013


async def test_what_the_audio_raises_is_raised(server: FakeServer) -> None:
    def broken() -> Iterator[bytes]:
        yield PACKETS[0]
        raise OSError("the microphone was unplugged")

    with pytest.raises(OSError, match="unplugged"):
        await collect(server.url, broken())


async def test_giving_up_closes_the_socket(server: FakeServer) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(0)
            yield PACKETS[0]

    async with connect(server.url) as client:
        async with client.recognize(endless()) as recognition:
            async for _ in recognition:
                break
        await asyncio.sleep(0.05)
        assert await server.closings(1) == [1000]
        assert [update async for update in recognition] == []
        async for _ in client.recognize(endless()):
            break
    assert await server.closings(2) == [1000, 1000]  # leaving the client closed the second


async def test_the_server_closes_first(server: FakeServer) -> None:
    await collect(server.url)
    await asyncio.sleep(0.05)
    assert server.closed_first == [True]


async def test_a_server_that_leaves_the_closing_to_us(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("liusheng.client.duplex._CLOSE_SECONDS", 0.1)
    server.closes = False
    assert (await collect(server.url))[-1].text == "3包。"
    assert await server.closings(1) == [1000]
    assert server.closed_first == [False]


async def test_one_that_was_dropped_is_closed_too(server: FakeServer) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield PACKETS[0]

    async with connect(server.url) as client:
        async for _ in client.recognize(endless()):
            break
        gc.collect()  # nobody but the client holds it any more
        await asyncio.sleep(0.05)
        assert server.close_codes == []
    assert await server.closings(1) == [1000]


async def test_being_cancelled_closes_the_socket(server: FakeServer) -> None:
    server.silent_from = 0
    task = asyncio.create_task(collect(server.url))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await server.closings(1) == [1000]


async def test_several_at_once(server: FakeServer) -> None:
    async with connect(server.url) as client:

        async def one(count: int) -> str:
            updates = [u async for u in client.recognize([b"\0\0"] * count)]
            return updates[-1].text

        assert await asyncio.gather(*map(one, range(5))) == [f"{n}包。" for n in range(5)]


async def test_no_server_at_the_address(unused_tcp_port: int) -> None:
    url = f"ws://127.0.0.1:{unused_tcp_port}"
    with pytest.raises(CannotConnectError, match=f"There is no server at {url}") as caught:
        await collect(url, retry_for=0.0)
    assert caught.value.code == "cannot_connect"


async def test_a_wrong_path(server: FakeServer) -> None:
    with pytest.raises(CannotConnectError, match="status 404: is the path prefix right"):
        await collect(server.url + "/elsewhere")
    server.prefix = "/speech"
    assert (await collect(server.url + "/speech/"))[-1].text == "3包。"


async def test_a_server_with_tls_is_addressed_without() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.close()  # as what is no TLS handshake is answered

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listener:
        port = listener.sockets[0].getsockname()[1]
        async with connect(f"ws://127.0.0.1:{port}", retry_for=0.0) as client:
            with pytest.raises(CannotConnectError, match="If it has TLS, its address is wss"):
                await client.recognize(PACKETS).__anext__()


@pytest.mark.parametrize(
    ("greeting", "message"),
    [
        (b"220 mail.example.org ESMTP\r\n\r\n", "does not speak WebSocket"),
        (b"", r"did not answer in 0\.2 s"),
    ],
)
async def test_something_else_listens(greeting: bytes, message: str) -> None:
    gone = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        await reader.read()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        gone.set()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listener:
        port = listener.sockets[0].getsockname()[1]
        async with connect(f"ws://127.0.0.1:{port}", open_timeout=0.2, retry_for=0.0) as client:
            with pytest.raises(CannotConnectError, match=message):
                await client.recognize(PACKETS).__anext__()
        await gone.wait()
