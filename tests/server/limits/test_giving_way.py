"""Whoever does not use its place gives it to others, and keeps its text."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from liusheng.protocol import paths
from liusheng.runtime.admission import Admission
from liusheng.runtime.decoding.service import DecodingService
from tests.server.conftest import Dialogue, Fakes, Serve, Server
from tests.server.http.test_paddlespeech_asr_stream import said, wav
from tests.server.limits.conftest import Limited, until

pytestmark = pytest.mark.asyncio(loop_scope="session")

START = {"name": "a", "signal": "start", "nbest": 1}
END = {"name": "a", "signal": "end", "nbest": 1}
REALTIME = f"{paths.REALTIME}?intent=transcription"
LISTEN = f"{paths.LISTEN}?encoding=linear16&sample_rate=16000"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Claims to a place end at once."""
    for name in ("FIRST_SECONDS", "HEADER_SECONDS", "AUDIO_WORTH"):
        monkeypatch.setattr(f"liusheng.runtime.claim.{name}", 0.0)
    monkeypatch.setattr("liusheng.runtime.decoding.service.HEADER_SECONDS", 0.0)


async def full(serve: Serve, engines: Fakes, **settings: Any) -> Server:
    """A server with one place for recognition."""
    await until(lambda: not engines[0].streams)
    return await serve(limits={"max_sessions": 1}, **settings)


async def pauses_in_container(engines: Fakes, decoding: DecodingService) -> None:
    """Wait until what came of a container is with its decoder, which waits for more."""
    await until(lambda: decoding.running)
    await until(lambda: all(stream.waits for stream in engines[0]._scheduler))


async def pauses_in_samples(engines: Fakes) -> None:
    """Wait until the audio that came is transcribed."""
    await until(lambda: engines[0].streams)
    await until(lambda: all(s.waits and s.claim.used for s in engines[0]._scheduler))


async def taken_by_another(server: Server) -> None:
    async with server.asr() as newcomer:
        await newcomer.ask(b"new ")
        assert (await newcomer.ask(END))["result"] == "new"


async def told(dialogue: Dialogue, is_error: Any) -> list[dict[str, Any]]:
    """What a client is sent until an error, which is last."""
    found = [await dialogue.receive()]
    while not is_error(found[-1]):
        found.append(await dialogue.receive())
    assert await dialogue.close_code() == 1013
    return found


@pytest.mark.usefixtures("impatient")
async def test_a_recognition(serve: Serve, engines: Fakes) -> None:
    server = await full(serve, engines)
    async with server.asr() as drips:
        while "one" not in (await drips.ask(b"one ")).get("result", ""):
            pass
        await taken_by_another(server)
        *_, text, error = await told(drips, lambda message: "code" in message)
        assert "one" in text["result"]
        assert error["code"] == "no_audio"


@pytest.mark.usefixtures("impatient")
async def test_a_realtime_session(serve: Serve, engines: Fakes) -> None:
    server = await full(serve, engines)
    async with server.connect(REALTIME) as socket:
        drips = Dialogue(socket)
        audio = base64.b64encode(b"one " * 600).decode()
        await drips.send({"type": "input_audio_buffer.append", "audio": audio})
        await pauses_in_samples(engines)
        await taken_by_another(server)
        *before, error = await told(drips, lambda message: message["type"] == "error")
        kinds = {message["type"] for message in before}
        assert "conversation.item.input_audio_transcription.completed" in kinds
        assert error["error"]["code"] == "no_audio"


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("container", [False, True])
async def test_a_deepgram_session(
    serve: Serve, engines: Fakes, decoding: DecodingService, container: bool
) -> None:
    server = await full(serve, engines)
    await until(lambda: not decoding.running)
    async with server.connect(paths.LISTEN if container else LISTEN) as socket:
        drips = Dialogue(socket)
        await drips.send(b"RIFF" if container else b"one ")
        if container:
            await pauses_in_container(engines, decoding)
        else:
            await pauses_in_samples(engines)
        await taken_by_another(server)
        *before, error = await told(drips, lambda message: message["type"] == "Error")
        texts = [m["channel"]["alternatives"][0]["transcript"] for m in before if "channel" in m]
        assert texts[-1:] == ([] if container else ["one"])
        assert "no_audio" in json.dumps(error)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("fields", ["format=pcm_s16le", "format=wav"])
async def test_a_request_whose_body_pauses(
    serve: Serve, engines: Fakes, decoding: DecodingService, fields: str
) -> None:
    server = await full(serve, engines)
    await until(lambda: not decoding.running)
    may_end = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b"one " if "pcm" in fields else b"RIFF"
        await may_end.wait()

    async def post() -> list[dict[str, Any]]:
        async with httpx2.AsyncClient(timeout=60) as client:
            url = f"http://{server.address}{paths.ASR_STREAMING}?{fields}"
            answer = await client.post(url, content=body())
            return [json.loads(line) for line in answer.text.splitlines()]

    posting = asyncio.create_task(post())
    if "wav" in fields:
        await pauses_in_container(engines, decoding)
    else:
        await pauses_in_samples(engines)
    await taken_by_another(server)
    may_end.set()  # this client reads when it has sent all
    *before, error = await asyncio.wait_for(posting, 60)
    assert "no_audio" in json.dumps(error)
    assert [each["result"] for each in before][-1:] == (["one"] if "pcm" in fields else [])


@pytest.mark.usefixtures("impatient")
async def test_a_container_that_never_becomes_audio_keeps_no_decoder(
    serve: Serve, engines: Fakes, decoding: DecodingService, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await serve()
    await until(lambda: not (decoding.running or engines[0].streams))
    monkeypatch.setattr(decoding, "options", replace(decoding.options, processes=1))
    async with server.asr(format="mp3") as never:
        await never.ask(b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f")
        await pauses_in_container(engines, decoding)
        async with server.asr(format="wav") as newcomer:
            await newcomer.ask(b"RIFF")
            *_, error = await told(never, lambda message: "code" in message)
            assert error["code"] == "no_audio"
            await until(lambda: decoding.running == 1)
    await until(lambda: not decoding.running)


@pytest.mark.usefixtures("impatient")
async def test_one_that_is_ending_is_not_resumed(serve: Serve, engines: Fakes) -> None:
    """Its client would speak to nobody."""
    server = await full(serve, engines)
    async with server.connect(paths.ASR_STREAMING) as socket:
        drips = Dialogue(socket)
        token = (await drips.ask(START | {"resumable": True}))["resume"]["token"]
        await drips.ask(b"one ")
        (stream,) = engines[0]._scheduler
        finish = stream.finish
        stream.finish = lambda: None
        await until(lambda: stream.waits)
        await taken_by_another(server)
        assert stream.leaving
        async with server.connect(paths.ASR_STREAMING) as second:
            answer = await Dialogue(second).ask({"signal": "start", "resume": token})
            assert answer["code"] == "unknown_session"
        finish()
        *_, error = await told(drips, lambda message: "code" in message)
        assert error["code"] == "no_audio"


async def test_one_that_was_resumed_has_time_to_go_on(serve: Serve, engines: Fakes) -> None:
    server = await full(serve, engines)
    token = await broken(server)
    (stream,) = engines[0]._scheduler
    stream.claim.until = 0.0
    async with server.connect(paths.ASR_STREAMING) as socket:
        dialogue = Dialogue(socket)
        assert "resumed" in await dialogue.ask({"signal": "start", "resume": token})
        async with server.connect(paths.ASR_STREAMING) as newcomer:
            assert (await Dialogue(newcomer).ask(START))["code"] == "server_busy"
        await dialogue.ask(b"two ")
        assert (await dialogue.ask(END))["result"] == "one two"


async def test_a_container_that_waits_for_a_decoder_keeps_its_place(
    serve: Serve, engines: Fakes, decoding: DecodingService, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await full(serve, engines)
    await until(lambda: not decoding.running)
    options = decoding.options
    monkeypatch.setattr(decoding, "options", replace(options, processes=0))
    monkeypatch.setattr(decoding, "admission", Admission(60, 64, time.monotonic))
    async with server.asr(format="wav") as waits:
        await waits.ask(wav(said("one")))
        (stream,) = engines[0]._scheduler
        stream.claim.until = 0.0
        async with server.connect(paths.ASR_STREAMING) as newcomer:
            assert (await Dialogue(newcomer).ask(START))["code"] == "server_busy"
        monkeypatch.setattr(decoding, "options", options)
        await until(lambda: stream.claim.until and not stream.undecoded)
        assert (await waits.ask(END))["result"] == "one"


async def test_a_session_that_fails_on_it_costs_the_newcomer_nothing(
    serve: Serve, engines: Fakes
) -> None:
    server = await full(serve, engines)
    async with server.asr() as drips:
        await drips.ask(b"one ")
        (stream,) = engines[0]._scheduler
        await until(lambda: stream.waits)
        stream.claim.until = 0.0

        def fail() -> None:
            raise KeyError("no such session")

        stream.on_give_way = fail
        await taken_by_another(server)
        assert stream.over
        await drips.send(b"two ")
        assert (await drips.receive())["code"] == "recognition_failed"
    await until(lambda: not engines[0].streams)


@pytest.mark.usefixtures("impatient")
async def test_one_without_a_connection(serve: Serve, engines: Fakes) -> None:
    server = await full(serve, engines)
    token = await broken(server)
    await taken_by_another(server)
    async with server.connect(paths.ASR_STREAMING) as socket:
        answer = await Dialogue(socket).ask({"signal": "start", "resume": token})
        assert answer["code"] == "unknown_session"


# Recognitions whose connections broke


async def broken(server: Server, **headers: Any) -> str:
    """Begin a recognition whose connection breaks; return its token."""
    socket = await server.connect(paths.ASR_STREAMING, **headers)
    dialogue = Dialogue(socket)
    ready = await dialogue.ask(START | {"resumable": True})
    await dialogue.ask(b"one ")
    socket.transport.abort()
    token: str = ready["resume"]["token"]
    return token


async def test_they_count_for_their_address(
    limited: Limited, engines: Fakes, monkeypatch: pytest.MonkeyPatch
) -> None:
    await until(lambda: not engines[0].streams)
    monkeypatch.setattr("liusheng.server.limits.places.is_local", lambda _: False)
    server, limits = await limited(max_sessions_per_address=2)
    tokens = []
    for number in range(4):
        tokens.append(await broken(server))
        await until(lambda: not len(limits.places))
        assert engines[0].streams == min(number + 1, 2)
    async with (
        server.connect(paths.ASR_STREAMING) as first,
        server.connect(paths.ASR_STREAMING) as second,
    ):
        # Clients of one address that all come back find what is theirs.
        for socket, token in ((first, tokens[2]), (second, tokens[3])):
            answer = await Dialogue(socket).ask({"signal": "start", "resume": token})
            assert answer["resumed"]["received"] == 4
        first.transport.abort()
        await until(lambda: len(limits.places) == 1)
        async with httpx2.AsyncClient(timeout=60) as client:
            url = f"http://{server.address}{paths.ASR_STREAMING}?format=pcm_s16le"
            assert (await client.post(url, content=b"two ")).status_code == 200
        await until(lambda: engines[0].streams == 1)
    async with server.connect(paths.ASR_STREAMING) as socket:
        answer = await Dialogue(socket).ask({"signal": "start", "resume": tokens[2]})
        assert answer["code"] == "unknown_session"
    await until(lambda: not engines[0].streams)
