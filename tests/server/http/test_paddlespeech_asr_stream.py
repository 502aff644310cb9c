"""`POST /paddlespeech/asr/streaming` by curl, httpx2, requests, and byte by byte.

The fake recogniser takes its audio, read as ASCII, for what is being said.
"""

from __future__ import annotations

import asyncio
import io
import json
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx2
import numpy as np
import pytest

from tests.server.conftest import Fakes, Serve, Server
from tests.support.programs import needs_curl

pytestmark = pytest.mark.asyncio(loop_scope="session")

ASR = "/paddlespeech/asr/streaming"
RAW = {"format": "pcm_s16le"}


def said(*words: str) -> bytes:
    """PCM16 at 16 kHz that the fake understands; 0.2 s for each word."""
    return b"".join(word.encode().ljust(6_400) for word in words)


def wav(pcm: bytes, channels: int = 1) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(pcm)
    return buffer.getvalue()


async def post(server: Server, body: Any, params: Any = RAW, **headers: str) -> httpx2.Response:
    async with httpx2.AsyncClient(timeout=120) as client:
        url = f"http://{server.address}{ASR}"
        answer: httpx2.Response = await client.post(
            url, content=body, params=params, headers=headers
        )
        return answer


def lines(answer: httpx2.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["X-Accel-Buffering"] == "no"
    return [json.loads(line) for line in answer.text.splitlines()]


async def test_the_final_is_the_socket_s(server: Server) -> None:
    *partials, final = lines(await post(server, said("hello", "there"), {**RAW, "name": "a.wav"}))
    assert final == {
        "status": "ok",
        "name": "a.wav",
        "signal": "finished",
        "result": "hello there",
        "times": [{"w": "hello", "bg": 0, "ed": 0.5}, {"w": "there", "bg": 0.5, "ed": 1}],
        "utterance": 0,
        "is_final": True,
        "stable": "hello there",
    }
    async with server.asr() as dialogue:
        over_socket = await dialogue.ask(said("hello"))
    # Where an utterance has ended since the last one, a partial has its times, too.
    always = over_socket.keys() - {"times"}
    assert all(partial.keys() - {"times"} == always for partial in partials)


@needs_curl
async def test_curl_reads_while_it_sends(server: Server) -> None:
    url = f"http://{server.address}{ASR}?format=pcm_s16le"
    curl = await asyncio.create_subprocess_exec(
        *("curl", "-sSN", "-X", "POST", "-T", ".", url),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert curl.stdin is not None
    assert curl.stdout is not None
    text = ""
    for word in ("one", "two", "three"):
        text = f"{text} {word}".strip()
        curl.stdin.write(said(word))
        while json.loads(await asyncio.wait_for(curl.stdout.readline(), 120))["result"] != text:
            pass
    curl.stdin.close()
    final = json.loads((await curl.stdout.read()).splitlines()[-1])
    assert (final["signal"], final["result"]) == ("finished", "one two three")
    assert await curl.wait() == 0


async def test_parameters_of_start_apply(server: Server, engines: Fakes) -> None:
    recognition, _ = engines
    opened = []
    original = recognition.open

    def open_(params: Any, *callbacks: Any, **kind: Any) -> Any:
        opened.append(params)
        return original(params, *callbacks, **kind)

    replacement: Any = open_
    recognition.open = replacement
    try:
        wishes = {"word_times": "false", "endpoint_ms": "700", "hotwords": ["流声", "飞桨"]}
        wishes["languages"] = ["zh"]
        answer = await post(server, said("hello"), {**RAW, **wishes, "partials": "utterance"})
    finally:
        del recognition.open
    *_, last_partial, final = lines(answer)
    assert last_partial["result"] == final["result"] == "hello"
    assert final["times"] == []
    (params,) = opened
    assert (params.endpoint, params.hotwords) == (0.7, ("流声", "飞桨"))
    assert params.languages == ("zh",)


async def test_events(server: Server) -> None:
    answer = await post(server, said("hello"), Accept="text/event-stream")
    assert answer.headers["Content-Type"] == "text/event-stream"
    *events, nothing = answer.text.split("\n\n")
    assert nothing == ""
    assert all(event.startswith("data: {") for event in events)
    assert json.loads(events[-1].removeprefix("data: "))["result"] == "hello"


@pytest.mark.parametrize(
    ("params", "body"),
    [
        ({}, wav(said("hello", "file"))),
        ({"format": "wav"}, wav(said("hello", "file"))),
        ({}, wav(np.repeat(np.frombuffer(said("hello", "file"), "<i2"), 2).tobytes(), 2)),
        (
            {"format": "pcm_s16le", "channels": "2"},
            np.repeat(np.frombuffer(said("hello", "file"), "<i2"), 2).tobytes(),
        ),
        (
            {"format": "pcm_f32le"},
            (np.frombuffer(said("hello", "file"), "<i2") / np.float32(32_768)).tobytes(),
        ),
    ],
)
async def test_other_sound(server: Server, params: Any, body: Any) -> None:
    async def slowly() -> AsyncIterator[bytes]:
        for at in range(0, len(body), 1_001):
            yield body[at : at + 1_001]

    assert lines(await post(server, slowly(), params))[-1]["result"] == "hello file"


async def test_a_container_is_decoded_while_it_comes(
    server: Server, engines: Fakes, until: Any
) -> None:
    recognition, _ = engines
    looked_at = asyncio.Event()
    body = wav(said("hello", *["again"] * 80))

    async def halves() -> AsyncIterator[bytes]:
        yield body[: len(body) // 2]
        await asyncio.wait_for(looked_at.wait(), 120)
        yield body[len(body) // 2 :]

    answering = asyncio.create_task(post(server, halves(), {}))
    await until(lambda: any(stream.state for stream in recognition._scheduler._streams))
    looked_at.set()
    assert lines(await answering)[-1]["result"] == " ".join(["hello", *["again"] * 80])


async def test_odd_chunks_and_a_header(server: Server) -> None:
    body = wav(said("hello"))

    async def odd() -> AsyncIterator[bytes]:
        for at in range(0, len(body), 333):
            yield body[at : at + 333]

    assert lines(await post(server, odd()))[-1]["result"] == "hello"


async def test_audio_without_speech(server: Server) -> None:
    final = lines(await post(server, b" " * 3_200))[-1]
    assert (final["signal"], final["result"], final["times"]) == ("finished", "", [])


async def test_long_audio_waits_in_the_client(serve: Serve) -> None:
    server = await serve(limits={"max_queued_seconds": 0.5})
    words = [f"w{number}" for number in range(40)]
    assert lines(await post(server, said(*words)))[-1]["result"] == " ".join(words)


@pytest.mark.parametrize(
    ("params", "body", "status", "code"),
    [
        ({"nbest": "many"}, b"", 400, "invalid_field"),
        ({"sample_rate": "8000"}, b"", 400, "invalid_field"),
        ({"format": "pcm_s16le", "sample_rate": "1"}, b"", 400, "invalid_field"),
        ({"format": "midi"}, b"", 400, "invalid_field"),
        ({"format": "wav", "sample_rate": "8000"}, b"", 400, "invalid_field"),
        ({"format": "flac"}, wav(said("hello")), 400, "invalid_audio"),
        ({"punctuation": "maybe"}, b"", 400, "invalid_field"),
        ({"lang": "tlh"}, b"", 400, "not_supported_by_model"),
        ({"resume": "a"}, b"", 400, "unsupported_field"),
        ({}, b"this is no sound at all" * 1_000, 400, "invalid_audio"),
        ({}, b"", 400, "invalid_audio"),
        (RAW, said("raise"), 500, "recognition_failed"),
    ],
)
async def test_errors(server: Server, params: Any, body: Any, status: int, code: Any) -> None:
    answer = await post(server, body, params)
    assert answer.status_code == status, answer.text
    error = answer.json()
    assert (error["success"], error["code"], error["error"]) == (False, status, code)


async def test_an_accept_that_nothing_serves(server: Server) -> None:
    answer = await post(server, b"", Accept="text/html")
    assert (answer.status_code, answer.json()["error"]) == (406, "not_acceptable")


class Slow:
    """A client that sends when it is told to."""

    def __init__(self, reader: Any, writer: Any) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    @asynccontextmanager
    async def connected(cls, server: Server) -> AsyncIterator[Slow]:
        self = cls(*await asyncio.open_connection(*server.address.split(":")))
        head = (
            f"POST {ASR}?format=pcm_s16le HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked"
        )
        self.writer.write(f"{head}\r\n\r\n".encode())
        try:
            yield self
        finally:
            self.writer.close()
            with suppress(ConnectionError):
                await self.writer.wait_closed()

    def send(self, data: bytes) -> None:
        self.writer.write(b"%x\r\n%b\r\n" % (len(data), data))

    async def find(self, text: bytes) -> None:
        await asyncio.wait_for(self.reader.readuntil(text), 120)


async def test_a_failure_on_the_way_is_the_last_line(server: Server) -> None:
    async with Slow.connected(server) as client:
        client.send(said("hello"))
        await client.find(b'"hello"')
        client.send(said("raise"))
        await client.find(b'"code":"recognition_failed"')
        await client.find(b"0\r\n\r\n")


async def test_a_body_that_is_not_http_cuts_the_response_off(server: Server) -> None:
    async with Slow.connected(server) as client:
        client.send(said("hello"))
        await client.find(b'"hello"')
        client.writer.write(b"no chunk\r\n")
        rest = await asyncio.wait_for(client.reader.read(), 20)
        assert b"HTTP/1.1 400" not in rest
        assert not rest.endswith(b"0\r\n\r\n")


async def test_silence_of_the_client(serve: Serve) -> None:
    server = await serve(limits={"idle_seconds": 0.3})
    async with Slow.connected(server) as client:
        await client.find(b"HTTP/1.1 408")
        await client.find(b'"error":"idle_timeout"')


@pytest.mark.parametrize("container", [False, True])
@pytest.mark.parametrize("mode", ["cumulative", "utterance"])
async def test_too_long(serve: Serve, container: bool, mode: str) -> None:
    server = await serve(limits={"max_session_seconds": 1})
    body = said(*(f"word{n}" for n in range(10)))
    audio, parameters = (wav(body), {"format": "wav"}) if container else (body, RAW)
    *partials, error = lines(await post(server, audio, {**parameters, "partials": mode}))
    assert error["code"] == "session_too_long"
    assert partials[-1]["result"] == "word0 word1 word2 word3 word4"
    assert all(line.get("signal") != "finished" for line in partials)


async def test_too_long_and_nothing_said(serve: Serve) -> None:
    server = await serve(limits={"max_session_seconds": 1})
    answer = await post(server, said("", "", "", "", "", ""))
    assert (answer.status_code, answer.json()["error"]) == (413, "session_too_long")


async def test_a_client_that_leaves_frees_its_place(serve: Serve) -> None:
    server = await serve(limits={"max_sessions": 1})
    async with Slow.connected(server) as client:
        client.send(said("hello"))
        await client.find(b'"hello"')
        busy = await post(server, said("me"))
        assert (busy.status_code, busy.json()["error"]) == (503, "server_busy")
        client.writer.transport.abort()
        for _ in range(100):
            answer = await post(server, said("me"))
            if answer.status_code == 200:
                assert lines(answer)[-1]["result"] == "me"
                return
            await asyncio.sleep(0.05)
        pytest.fail("the place was never freed")


async def test_a_server_that_stops_sends_an_error(serve: Serve) -> None:
    server = await serve()
    async with Slow.connected(server) as client:
        client.send(said("hello"))
        await client.find(b'"hello"')
        server.stop.set()
        await client.find(b'"code":"server_stopping"')
        await client.find(b"0\r\n\r\n")
