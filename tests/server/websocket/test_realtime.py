"""OpenAI's Realtime API by the official `openai` package."""

from __future__ import annotations

import asyncio
import base64
from types import SimpleNamespace
from typing import Any

import numpy as np
import openai
import pytest
import soxr
import websockets
from openai.resources.realtime.realtime import AsyncRealtimeConnectionManager
from openai.types import realtime
from starlette.websockets import WebSocket

from liusheng.asr.capabilities import Capabilities
from liusheng.audio.g711 import Law, expand
from liusheng.runtime.recognition.messages import RecognizerDescription
from liusheng.server.config.limits import LimitSettings
from liusheng.server.config.settings import Settings
from liusheng.server.openai_names import OpenAINames
from liusheng.server.websocket.realtime_opening import RealtimeServer
from liusheng.server.websocket.recognitions import _UnderWay
from tests.server.conftest import Fakes, Serve, Server

pytestmark = pytest.mark.asyncio(loop_scope="session")


def connect(server: Server, **query: str) -> AsyncRealtimeConnectionManager:
    client = openai.AsyncOpenAI(base_url=f"http://{server.address}/v1", api_key="any")
    return client.realtime.connect(extra_query={"intent": "transcription", **query})


async def next_event(connection: Any) -> Any:
    return await asyncio.wait_for(connection.recv(), 120)


async def until(connection: Any, kind: str) -> list[Any]:
    events: list[Any] = []
    while not events or events[-1].type != kind:
        events.append(await next_event(connection))
    return events


def audio(seconds: float) -> str:
    return base64.b64encode(bytes(int(seconds * 24_000) * 2)).decode()


COMPLETED = "conversation.item.input_audio_transcription.completed"


async def test_a_session(server: Server) -> None:
    async with connect(server) as connection:
        created = await next_event(connection)
        assert isinstance(created, realtime.SessionCreatedEvent)
        assert created.session.type == "transcription"
        await connection.session.update(
            session={
                "type": "transcription",
                "audio": {
                    "input": {
                        "format": {"type": "audio/pcm", "rate": 24_000},
                        "transcription": {"model": "gpt-4o-transcribe", "language": "zh"},
                        "turn_detection": None,
                    }
                },
            }
        )
        updated = await next_event(connection)
        assert isinstance(updated, realtime.SessionUpdatedEvent)
        session: Any = updated.session
        assert session.audio.input.turn_detection is None
        for _ in range(2):
            await connection.input_audio_buffer.append(audio=audio(0.5))
            await connection.input_audio_buffer.commit()
            committed, *_, completed = await until(connection, COMPLETED)
            assert isinstance(committed, realtime.InputAudioBufferCommittedEvent)
            kind = realtime.ConversationItemInputAudioTranscriptionCompletedEvent
            assert isinstance(completed, kind)
            assert completed.item_id == committed.item_id
            assert completed.usage.type == "duration"
            assert completed.usage.type == "duration"
            assert completed.usage.type == "duration"
            assert completed.usage.seconds == 0.5
        await connection.input_audio_buffer.append(audio=audio(0.5))
        await connection.input_audio_buffer.clear()
        assert (await next_event(connection)).type == "input_audio_buffer.cleared"


async def test_errors(server: Server) -> None:
    async with connect(server) as connection:
        await next_event(connection)
        await connection.input_audio_buffer.commit()
        event = await next_event(connection)
        assert isinstance(event, realtime.RealtimeErrorEvent)
        assert event.error.code == "input_audio_buffer_commit_empty"
        await connection.session.update(
            session={
                "type": "transcription",
                "audio": {"input": {"transcription": {"model": "gpt-9"}}},
            }
        )
        assert (await next_event(connection)).error.code == "unknown_model"


async def test_another_intent(server: Server) -> None:
    async with connect(server, intent="conversation") as connection:
        await next_event(connection)
        event = await next_event(connection)
        assert event.error.code == "invalid_field"
        assert "intent=transcription" in event.error.message
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await next_event(connection)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd is not None
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1008


async def test_a_full_server(serve: Serve) -> None:
    server = await serve(limits={"max_sessions": 1})
    async with connect(server) as first, connect(server) as second:
        await next_event(first)
        await next_event(second)
        await first.input_audio_buffer.append(audio=audio(0.1))
        await first.input_audio_buffer.clear()
        assert (await next_event(first)).type == "input_audio_buffer.cleared"
        await first.input_audio_buffer.append(audio=audio(0.1))
        await asyncio.sleep(0.2)
        await second.input_audio_buffer.append(audio=audio(0.1))
        assert (await next_event(second)).error.code == "server_busy"


@pytest.mark.parametrize("kind", ["audio/pcm", "audio/pcmu", "audio/pcma"])
async def test_the_recogniser_receives_the_audio_that_was_sent(
    server: Server, engines: Fakes, kind: Any
) -> None:
    """Letters do not survive resampling: so what is fed is looked at, not what is recognised."""
    recognition, _ = engines
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(24_000) / 24_000)
    if kind == "audio/pcm":
        data = (tone * 32_767).astype("<i2").tobytes()
    else:
        slow = soxr.resample(tone, 24_000, 8_000)
        law: Law = "mulaw" if kind == "audio/pcmu" else "alaw"
        levels = expand(bytes(range(256)), law)
        data = np.abs(slow[:, None] - levels).argmin(axis=1).astype(np.uint8).tobytes()
    fed = bytearray()
    original = recognition.audio_received

    def audio_received(stream: Any) -> None:
        turn = stream.audio.next_turn(1 << 40, finishing=False, resident=True)
        fed.extend(turn.pcm)
        stream.audio.turn_done(turn, turn.end, 0, None)
        original(stream)

    recognition.audio_received = audio_received
    try:
        async with connect(server) as connection:
            await next_event(connection)
            await connection.session.update(
                session={
                    "type": "transcription",
                    "audio": {"input": {"format": {"type": kind}, "turn_detection": None}},
                }
            )
            await next_event(connection)
            for at in range(0, len(data), 1_001):
                piece = base64.b64encode(data[at : at + 1_001]).decode()
                await connection.input_audio_buffer.append(audio=piece)
            await connection.input_audio_buffer.commit()
            await until(connection, COMPLETED)
    finally:
        del recognition.audio_received
    samples = np.frombuffer(fed, "<i2") / 32_768
    wanted = soxr.resample(tone, 24_000, 16_000)
    assert abs(len(samples) - len(wanted)) <= 1
    middle = slice(500, 15_500)
    np.testing.assert_allclose(samples[middle], wanted[middle], atol=0.03)


RECOGNITION: Any = SimpleNamespace(
    description=RecognizerDescription({"auto": Capabilities("echo")}, sticky=False)
)


class _Audio:
    """The audio of a recognition with room."""

    async def room(self, timeout: float) -> bool:
        return True

    def abandon(self) -> None:
        pass


async def test_no_event_is_taken_while_too_many_recognitions_are_under_way() -> None:
    scope = {"type": "websocket", "query_string": b"intent=transcription", "headers": []}
    limits = LimitSettings(max_recognitions_per_socket=2)
    nothing: Any = None
    websocket = WebSocket(scope, nothing, nothing)
    settings = Settings(limits=limits)
    names = OpenAINames(None, None)
    decoding: Any = object()
    realtime = RealtimeServer(settings, RECOGNITION, decoding, None, names).open(websocket)
    audio: Any = _Audio()
    under_way = {n: _UnderWay(nothing, audio, finishing=n < 2) for n in range(3)}
    recognitions = realtime._recognitions
    assert recognitions is not None
    recognitions._under_way = under_way
    taking = asyncio.create_task(realtime.room())
    await asyncio.sleep(0.01)
    assert not taking.done()
    recognitions._on_finish(0)
    await asyncio.wait_for(taking, 120)
    under_way[2].finishing = True
    failing = asyncio.create_task(realtime.room())
    await asyncio.sleep(0.01)
    assert not failing.done()
    recognitions._on_fail(1, ValueError())
    await asyncio.wait_for(failing, 120)
