"""Deepgram's live recognition by its official package."""

from __future__ import annotations

import asyncio
import io
import json
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import httpx2
import pytest
import websockets
from deepgram import AsyncDeepgramClient
from deepgram.environment import DeepgramClientEnvironment

from liusheng.asr.types import Script
from liusheng.server.access.keys import new_secret
from liusheng.server.websocket.recognitions import Recognitions, _UnderWay
from tests.server.conftest import Fakes, Serve, Server

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    # The package uses old names of websockets.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

LINEAR: dict[str, Any] = {"model": "nova-3", "encoding": "linear16", "sample_rate": 16_000}


@asynccontextmanager
async def deepgram(server: Server, key: str = "any") -> AsyncIterator[Any]:
    environment = DeepgramClientEnvironment(
        base=f"http://{server.address}",
        production=f"ws://{server.address}",
        agent=f"ws://{server.address}",
        agent_rest=f"http://{server.address}",
    )
    async with httpx.AsyncClient() as http:  # the package leaves its own one open
        yield AsyncDeepgramClient(api_key=key, environment=environment, httpx_client=http)


@asynccontextmanager
async def listen(server: Server, key: str = "any", **query: Any) -> AsyncIterator[Any]:
    async with deepgram(server, key) as client, client.listen.v1.connect(**query) as connection:
        yield connection


async def message(connection: Any) -> Any:
    return await asyncio.wait_for(connection.recv(), 60)


async def until(connection: Any, kind: str) -> list[Any]:
    found: list[Any] = []
    while not found or found[-1].type != kind:
        found.append(await message(connection))
    return found


def speech(words: str) -> bytes:
    return words.encode().ljust(3_200)


async def test_a_stream(server: Server) -> None:
    async with listen(server, **LINEAR, language="zh-CN", interim_results=True) as connection:
        await connection.send_media(speech("hello "))
        interim = await message(connection)
        assert (interim.type, interim.is_final, interim.speech_final) == ("Results", False, False)
        assert interim.channel.alternatives[0].transcript == "hello"
        await connection.send_keep_alive()
        await connection.send_media(speech("world"))
        await connection.send_close_stream()
        *results, metadata = await until(connection, "Metadata")
        assert results[-1].channel.alternatives[0].transcript == "hello world"
        assert results[-1].is_final
        assert results[-1].speech_final
        assert metadata.duration == 0.2
        assert metadata.request_id == results[-1].metadata.request_id
        with pytest.raises(websockets.ConnectionClosedOK):
            await message(connection)


async def test_finalize_ends_what_was_said_and_the_times_go_on(server: Server) -> None:
    async with listen(server, **LINEAR) as connection:
        for words, start in (("one ", 0.0), ("two ", 0.1)):
            await connection.send_media(speech(words))
            await connection.send_finalize()
            result = await message(connection)
            assert result.channel.alternatives[0].transcript == words.strip()
            assert (result.is_final, result.speech_final, result.from_finalize) == (True,) * 3
            assert result.start == start
        await connection.send_finalize()
        result = await message(connection)
        assert (result.channel.alternatives[0].transcript, result.from_finalize) == ("", True)
        await connection.send_close_stream()
        assert (await message(connection)).duration == 0.2


async def test_a_container_without_encoding(server: Server) -> None:
    async with listen(server, model="nova-3") as connection:
        await connection.send_media(wav("from a file"))
        await connection.send_close_stream()
        result, metadata = await until(connection, "Metadata")
        assert result.channel.alternatives[0].transcript == "from a file"
        assert metadata.duration == pytest.approx(0.1)


@pytest.mark.parametrize(
    "places", [{}, {"max_sessions": 1}, {"max_sessions": 1, "queue_seconds": 9}]
)
async def test_samples_over_the_limit_go_on(serve: Serve, places: dict[str, Any]) -> None:
    server = await serve(limits={"max_session_seconds": 0.2, **places})
    async with listen(server, **LINEAR) as connection:
        for word in ("one ", "two ", "three ", "four ", "five "):
            await connection.send_media(speech(word))
        await connection.send_close_stream()
        *results, metadata = await until(connection, "Metadata")
        said = [each.channel.alternatives[0].transcript for each in results]
        assert said == ["one two", "three four", "five"]
        assert [each.start for each in results] == [0.0, 0.2, 0.4]
        assert metadata.duration == 0.5


async def test_a_container_over_the_limit_has_the_text_before_it(serve: Serve) -> None:
    server = await serve(limits={"max_session_seconds": 0.25})
    async with listen(server, model="nova-3") as connection:
        words = b"".join(f"word{n} ".encode().ljust(3_200) for n in range(200))
        await connection.send_media(wav(words.decode()))
        result, error = await until(connection, "Error")
        assert result.channel.alternatives[0].transcript.startswith("word0 word1")
        assert error.variant == "session_too_long"
        with pytest.raises(websockets.ConnectionClosedError):
            await message(connection)


async def test_audio_of_no_kind_ends_the_connection_with_the_reason(server: Server) -> None:
    async with listen(server, model="nova-3") as connection:
        await connection.send_media(b"hello")
        error = await message(connection)
        assert (error.type, error.variant) == ("Error", "invalid_audio")
        assert "linear16" in error.description
        with pytest.raises(websockets.ConnectionClosedError):
            await message(connection)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ({"encoding": "linear16"}, "sample_rate"),
        ({"diarize": "true"}, "diarize"),
        ({"language": "tlh"}, "auto, zh"),
        ({"encoding": "speex"}, "linear16"),
        ({"endpointing": "soon"}, "milliseconds"),
        ({"sample_rate": "10"}, "8,000"),
    ],
)
async def test_parameters_that_cannot_be_served_are_refused_before_the_handshake(
    server: Server, query: dict[str, str], reason: str
) -> None:
    address = "&".join(f"{name}={value}" for name, value in query.items())
    with pytest.raises(websockets.InvalidStatus) as caught:
        async with server.connect(f"/v1/listen?{address}"):
            pass
    response = caught.value.response
    assert response.status_code == 400
    assert reason.replace("auto, zh", "zh") in json.loads(response.body or b"")["error"]["message"]


async def test_the_defaults_of_clients_in_the_field(server: Server) -> None:
    """As the plugins of LiveKit and pipecat ask."""
    query = (
        "model=nova-3-general&language=en-US&encoding=linear16&sample_rate=16000.0&channels=1"
        "&interim_results=True&punctuate=True&smart_format=False&no_delay=true&endpointing=25"
        "&filler_words=true&vad_events=true&profanity_filter=false&numerals=false&diarize=false"
        "&mip_opt_out=false&keyterm=tretinoin&keywords=snuffle%3A2"
    ).replace("en-US", "zh")
    async with server.connect(f"/v1/listen?{query}") as socket:
        await socket.send(speech("hi "))
        started = json.loads(await asyncio.wait_for(socket.recv(), 60))
        assert (started["type"], started["timestamp"]) == ("SpeechStarted", 0.1)
        assert json.loads(await asyncio.wait_for(socket.recv(), 60))["type"] == "Results"
        await socket.send("{}")
        error = json.loads(await asyncio.wait_for(socket.recv(), 60))
        assert (error["type"], error["variant"]) == ("Error", "unknown_signal")
        await socket.send(json.dumps({"type": "Configure", "thresholds": {}}))
        answer = json.loads(await asyncio.wait_for(socket.recv(), 60))
        assert answer["type"] == "ConfigureFailure"
        await socket.send(b"")
        kinds = [json.loads(await socket.recv())["type"] for _ in range(2)]
        assert kinds == ["Results", "Metadata"]


async def test_a_key_as_deepgrams_clients_send_it(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = new_secret()
    monkeypatch.setenv("LIUSHENG_API_KEYS", secret)
    monkeypatch.setattr("liusheng.server.access.attempts.DELAY_SECONDS", 0.0)
    server = await serve()
    async with listen(server, key=secret, **LINEAR) as connection:
        await connection.send_close_stream()
        assert (await message(connection)).type == "Metadata"
    with pytest.raises(Exception, match="401"):
        async with listen(server, key=new_secret(), **LINEAR):
            pass
    path = "/v1/listen?encoding=linear16&sample_rate=16000"
    async with server.connect(path, subprotocols=["token", secret]) as socket:
        assert socket.subprotocol == "token"


async def test_a_full_server(serve: Serve) -> None:
    server = await serve(limits={"max_sessions": 1})
    async with listen(server, **LINEAR) as first, listen(server, **LINEAR) as second:
        await first.send_media(speech("hi "))
        await asyncio.sleep(0.2)
        await second.send_media(speech("hi "))
        assert (await message(second)).variant == "server_busy"


async def test_it_can_be_turned_off(serve: Serve) -> None:
    server = await serve(deepgram={"enabled": False})
    with pytest.raises(websockets.InvalidStatus):
        async with server.connect("/v1/listen"):
            pass


async def test_a_client_waits_for_a_place(serve: Serve) -> None:
    server = await serve(limits={"max_sessions": 1, "queue_seconds": 30})
    async with listen(server, **LINEAR) as second:
        async with listen(server, **LINEAR) as first:
            await first.send_media(speech("hi "))
            await asyncio.sleep(0.2)
            await second.send_media(speech("there"))
            await second.send_close_stream()
            await first.send_close_stream()
            await until(first, "Metadata")
        result, metadata = await until(second, "Metadata")
        assert result.channel.alternatives[0].transcript == "there"
        assert metadata.duration == 0.1


async def test_a_client_that_waited_in_vain(serve: Serve) -> None:
    server = await serve(limits={"max_sessions": 1, "queue_seconds": 0.1})
    async with listen(server, **LINEAR) as first, listen(server, **LINEAR) as second:
        await first.send_media(speech("hi "))
        await asyncio.sleep(0.2)
        await second.send_media(speech("there"))
        assert (await message(second)).variant == "server_busy"


async def test_a_client_that_leaves_while_it_waits(serve: Serve, engines: Fakes) -> None:
    server = await serve(limits={"max_sessions": 1, "queue_seconds": 30})
    async with listen(server, **LINEAR) as first:
        await first.send_media(speech("hi "))
        async with listen(server, **LINEAR) as second:
            await second.send_media(speech("there"))
            await asyncio.sleep(0.2)
        await first.send_close_stream()
        await until(first, "Metadata")
    for _ in range(500):
        if not engines[0].streams:
            break
        await asyncio.sleep(0.01)
    assert not engines[0].streams


async def test_a_recognition_that_fails(server: Server) -> None:
    async with listen(server, **LINEAR) as connection:
        await connection.send_media(speech("raise"))
        assert (await message(connection)).variant == "recognition_failed"


class _Input:
    """A recognition with room."""

    async def room(self, timeout: float) -> bool:
        return True


async def test_no_message_is_taken_while_too_many_recognitions_are_under_way() -> None:
    nothing: Any = None
    recognitions = Recognitions(
        nothing, nothing, nothing, nothing, script=Script.SIMPLIFIED, max_finishing=2
    )
    audio: Any = _Input()
    recognitions._under_way = {n: _UnderWay(nothing, audio, finishing=n < 2) for n in range(3)}
    taking = asyncio.create_task(recognitions.room(lambda: False))
    await asyncio.sleep(0.01)
    assert not taking.done()
    recognitions._over(0)
    await asyncio.wait_for(taking, 60)
    recognitions._under_way[2].finishing = True
    await asyncio.wait_for(recognitions.room(lambda: True), 60)


def wav(words: str) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setparams((1, 2, 16_000, 0, "NONE", ""))
        writer.writeframes(speech(words))
    return file.getvalue()


async def test_a_file(server: Server) -> None:
    for utterances in (True, None):
        async with deepgram(server) as client:
            answer = await client.listen.v1.media.transcribe_file(
                request=wav("a file"), model="nova-3", language="zh", utterances=utterances
            )
        assert answer.metadata.duration == pytest.approx(0.1)
        assert answer.metadata.models == ["echo"]
        (channel,) = answer.results.channels
        assert channel.alternatives[0].transcript == "a file"
        if utterances:
            assert [each.transcript for each in answer.results.utterances] == ["a file"]
        else:
            assert answer.results.utterances is None


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("", b"no audio", "invalid_audio"),
        ("?encoding=linear16&sample_rate=16000", b"ab", "unsupported_field"),
        ("?language=tlh", b"ab", "not_supported_by_model"),
        ("?summarize=v2", b"ab", "unsupported_field"),
    ],
)
async def test_files_that_are_refused(server: Server, path: str, body: bytes, code: str) -> None:
    async with httpx2.AsyncClient() as client:
        answer = await client.post(f"http://{server.address}/v1/listen{path}", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == code


async def test_addresses_of_files_are_refused(server: Server) -> None:
    async with deepgram(server) as client:
        with pytest.raises(Exception, match="fetches nothing"):
            await client.listen.v1.media.transcribe_url(url="http://example.org/a.wav")
