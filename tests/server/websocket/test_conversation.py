"""Conversations by the official `openai` package, with a stand-in for the language model."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import openai
import pytest
import pytest_asyncio
import requests
from openai.resources.realtime.realtime import AsyncRealtimeConnectionManager

from liusheng.asr.types import Partial, Utterance
from liusheng.asr.vad.segments import OpenSegment, SpeechActivity, SpeechSegment
from liusheng.bench.soak.attacker import TEXT, attacker, frame
from liusheng.protocol.realtime_conversation import ConversationSession
from liusheng.server.websocket import driver
from tests.server.conftest import Fakes, Serve, Server
from tests.support.chat_server import ChatServer, chat_server

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def chat() -> AsyncIterator[ChatServer]:
    async with chat_server() as server:
        yield server


@pytest_asyncio.fixture(loop_scope="session")
async def server(serve: Serve, chat: ChatServer) -> Server:
    return await serve(llm={"address": chat.address, "model": "qwen", "system_prompt": "Short."})


def connect(server: Server, **options: Any) -> AsyncRealtimeConnectionManager:
    client = openai.AsyncOpenAI(base_url=f"http://{server.address}/v1", api_key="any")
    return client.realtime.connect(model="gpt-realtime", **options)


async def next_event(connection: Any) -> Any:
    return await asyncio.wait_for(connection.recv(), 120)


async def until(connection: Any, kind: str) -> list[Any]:
    events: list[Any] = []
    while not events or events[-1].type != kind:
        events.append(await next_event(connection))
    return events


async def say(connection: Any, text: str) -> None:
    """Add a text of the user's, and read the answers to that."""
    content: Any = [{"type": "input_text", "text": text}]
    item: Any = {"type": "message", "role": "user", "content": content}
    await connection.conversation.item.create(item=item)
    await until(connection, "conversation.item.done")


IN_ORDER = [
    "response.created",
    "response.output_item.added",
    "conversation.item.added",
    "response.content_part.added",
    "response.output_audio_transcript.delta",
    "response.output_audio.delta",
    "response.output_audio.done",
    "response.output_audio_transcript.done",
    "response.content_part.done",
    "response.output_item.done",
    "conversation.item.done",
    "response.done",
]


async def test_an_answer_is_spoken(server: Server, chat: ChatServer) -> None:
    chat.parts = ["spell ab", "cd."]
    async with connect(server) as connection:
        created = await next_event(connection)
        assert (created.session.type, created.session.model) == ("realtime", "qwen")
        await connection.session.update(session={"type": "realtime", "instructions": "In rhyme."})
        await until(connection, "session.updated")
        await say(connection, "Hello?")
        await connection.response.create()
        events = await until(connection, "response.done")
    assert list(dict.fromkeys(event.type for event in events)) == IN_ORDER
    audio = b"".join(base64.b64decode(event.delta) for event in events if event.type == IN_ORDER[5])
    assert audio[::2] == b"abcd."
    assert events[-1].response.status == "completed"
    (item,) = events[-1].response.output
    assert item.content[0].transcript == "spell abcd."
    (asked,) = chat.asked
    assert asked["stream"] is True
    assert asked["model"] == "qwen"
    assert asked["messages"] == [
        {"role": "system", "content": "Short.\n\nIn rhyme."},
        {"role": "user", "content": "Hello?"},
    ]


async def test_a_text_for_an_answer(server: Server, chat: ChatServer) -> None:
    chat.parts = ["He", "llo."]
    chat.finish_reason = "length"
    async with connect(server) as connection:
        await next_event(connection)
        wishes: Any = {
            "output_modalities": ["text"],
            "instructions": "Loudly.",
            "metadata": {"mine": "1"},
            "conversation": "none",
            "max_output_tokens": 7,
            "input": [
                {
                    "type": "message",
                    "role": "user",
                    "content": [{"type": "input_text", "text": "x"}],
                }
            ],
        }
        await connection.response.create(response=wishes)
        events = await until(connection, "response.done")
    assert [event.type for event in events] == [
        "response.created",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.done",
    ]
    response = events[-1].response
    assert (response.status, response.metadata) == ("incomplete", {"mine": "1"})
    assert response.status_details.reason == "max_output_tokens"
    (asked,) = chat.asked
    assert asked["max_tokens"] == 7
    assert [each["content"] for each in asked["messages"]] == ["Short.\n\nLoudly.", "x"]


async def test_an_input_that_refers_to_one_text_a_thousand_times(
    server: Server, chat: ChatServer
) -> None:
    """It is refused, and the conversation goes on."""
    content: Any = [{"type": "input_text", "text": "x" * 19_000}]
    item: Any = {"type": "message", "role": "user", "id": "a", "content": content}
    wishes: Any = {"output_modalities": ["text"]}
    async with connect(server) as connection:
        await next_event(connection)
        await connection.conversation.item.create(item=item)
        await until(connection, "conversation.item.done")
        for count in (1_000, 1):
            wishes["input"] = [{"type": "item_reference", "id": "a"}] * count
            await connection.response.create(response=wishes)
        refused = await next_event(connection)
        assert (refused.type, refused.error.code) == ("error", "text_too_long")
        await until(connection, "response.done")
    (asked,) = chat.asked
    assert [len(each["content"]) for each in asked["messages"]] == [len("Short."), 19_000]


async def test_a_client_that_reads_nothing_is_not_read_on(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each answer repeats what it sent; the network takes the first ones."""
    unsent: list[int] = []

    def noted(self: ConversationSession, frame: str) -> None:
        unsent.append(self.unsent)
        received(self, frame)

    received = ConversationSession.text_received
    monkeypatch.setattr(ConversationSession, "text_received", noted)
    update = {"type": "realtime", "instructions": "一" * 99_000}
    event = frame(TEXT, json.dumps({"type": "session.update", "session": update}).encode())
    async with attacker(server.address, receive_buffer=4_096) as client:
        await client.handshake("/v1/realtime?model=any")
        sent = 0
        while sent < 100 and await client.send(event, 1):
            sent += 1
    assert 0 < len(unsent) < 80
    assert max(unsent) <= driver.MAX_UNSENT


@pytest.mark.parametrize("law", ["audio/pcmu", "audio/pcma"])
async def test_an_answer_for_the_telephone(server: Server, chat: ChatServer, law: str) -> None:
    chat.parts = ["20 large"]
    async with connect(server) as connection:
        await next_event(connection)
        audio: Any = {"output": {"format": {"type": law}}}
        await connection.session.update(session={"type": "realtime", "audio": audio})
        await connection.response.create()
        events = await until(connection, "response.done")
    sent = b"".join(base64.b64decode(event.delta) for event in events if event.type == IN_ORDER[5])
    assert abs(len(sent) - 2 * 8_000) < 100


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"status": 401, "raw": "no key"}, "status 401"),
        ({"raw": "data: {\n\n"}, "no chat completion"),
        ({"raw": 'data: {"error": {"message": "overloaded"}}\n\n'}, "answered with status"),
    ],
)
async def test_a_model_that_fails(
    server: Server, chat: ChatServer, fault: dict[str, Any], reason: str
) -> None:
    for name, value in fault.items():
        setattr(chat, name, value)
    async with connect(server) as connection:
        await next_event(connection)
        await connection.response.create()
        events = await until(connection, "response.done")
        assert [event.type for event in events] == ["response.created", "response.done"]
        response = events[-1].response
        assert response.status == "failed"
        assert response.status_details.error.code == "language_model_failed"
        assert reason in response.status_details.error.message
        chat.status, chat.raw = 200, ""
        chat.parts = ["1"]
        await connection.response.create()
        assert (await until(connection, "response.done"))[-1].response.status == "completed"


@pytest.mark.parametrize("form", ["'input': '{}'", '{{"input": "{}"}}'])
async def test_a_model_that_quotes_what_was_said(
    server: Server, chat: ChatServer, caplog: pytest.LogCaptureFixture, form: str
) -> None:
    said = "我的名字是王小明，这是秘密。"
    text = json.dumps(said)[1:-1] if form.startswith("{") else said
    chat.status, chat.raw = 422, form.format(text)
    async with connect(server) as connection:
        await next_event(connection)
        await say(connection, said)
        await connection.response.create()
        await until(connection, "response.done")
    assert "the language model answered 422: (not shown" in caplog.text
    assert text not in caplog.text


async def test_a_model_that_is_not_there_and_a_key(
    serve: Serve, chat: ChatServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    key = tmp_path / "key"
    key.write_text("geheim\n")
    llm = {"address": chat.address, "model": "m", "key_file": str(key)}
    server = await serve(llm=llm)
    chat.parts = ["1"]
    async with connect(server) as connection:
        await connection.response.create()
        await until(connection, "response.done")
        assert chat.keys == ["bearer geheim"]
        chat.status, chat.raw = 401, "wrong key: geheim"
        await connection.response.create()
        await until(connection, "response.done")
        for wrong in (b"geh\neim", "gehéim".encode(), b"\xff"):
            key.write_bytes(wrong)
            await connection.response.create()
            failed = (await until(connection, "response.done"))[-1].response
            assert "cannot be sent" in failed.status_details.error.message
        assert len(chat.asked) == 2
        key.unlink()
        await connection.response.create()
        failed = (await until(connection, "response.done"))[-1].response
        assert failed.status_details.error.code == "language_model_failed"
    away = await serve(llm={"address": "http://127.0.0.1:1/v1", "model": "m"})
    async with connect(away) as connection:
        await connection.response.create()
        failed = (await until(connection, "response.done"))[-1].response
        assert "cannot be reached" in failed.status_details.error.message
    assert "wrong key: [key]" in caplog.text
    assert not any(each in caplog.text for each in ("geheim", "geh\n", "gehé"))


async def test_a_voice_that_fails(server: Server, chat: ChatServer) -> None:
    chat.parts = ["5 raise"]
    async with connect(server) as connection:
        await connection.response.create()
        response = (await until(connection, "response.done"))[-1].response
        assert response.status == "failed"
        assert response.status_details.error.code == "synthesis_failed"


async def test_cancel(server: Server, chat: ChatServer) -> None:
    chat.parts, chat.hold = ["100 large"], asyncio.Event()
    async with connect(server) as connection:
        await connection.response.create()
        await until(connection, "response.output_item.added")
        await connection.response.create()
        error = (await until(connection, "error"))[-1].error
        assert error.code == "conversation_already_has_active_response"
        await connection.response.cancel()
        response = (await until(connection, "response.done"))[-1].response
        assert response.status == "cancelled"
        assert response.status_details.reason == "client_cancelled"
        await asyncio.wait_for(chat.dropped.wait(), 120)
        await connection.response.cancel()
        error = (await until(connection, "error"))[-1].error
        assert error.code == "response_cancel_not_active"
        assert error.message.startswith("Cancellation failed")


@pytest.mark.parametrize(
    "options",
    [
        {"extra_headers": {"OpenAI-Beta": "realtime=v1"}},
        {"websocket_connection_options": {"subprotocols": ["realtime", "openai-beta.realtime-v1"]}},
    ],
)
async def test_the_beta(server: Server, chat: ChatServer, options: dict[str, Any]) -> None:
    chat.parts = ["spell ab"]
    async with connect(server, **options) as connection:
        created = await next_event(connection)
        assert created.type == "session.created"
        assert created.session.modalities == ["audio", "text"]
        flat: Any = {"modalities": ["audio", "text"], "voice": "alloy", "temperature": 0.8}
        await connection.session.update(session=flat)
        updated = await next_event(connection)
        assert updated.session.voice == "counter"
        await connection.response.create()
        events = await until(connection, "response.done")
    assert [event.type for event in events] == [
        "response.created",
        "response.output_item.added",
        "conversation.item.created",
        "response.content_part.added",
        "response.audio_transcript.delta",
        *["response.audio.delta"] * 2,
        "response.audio.done",
        "response.audio_transcript.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.done",
    ]
    assert events[-1].response.output[0].content[0].type == "audio"
    assert chat.asked[0]["temperature"] == 0.8


@pytest.mark.parametrize("seconds", [0.0, 30.0])
async def test_a_voice_without_room(serve: Serve, chat: ChatServer, seconds: float) -> None:
    limits = {"max_sessions": 1, "queue_seconds": seconds}
    server = await serve(llm={"address": chat.address, "model": "m"}, limits=limits)
    chat.parts = ["spell a", "b"]
    async with connect(server) as connection:
        async with server.tts() as other:
            await other.send({"text": "spell x", "spk_id": 0, "more": True})
            assert (await other.receive())["status"] == 1
            await connection.response.create()
            await until(connection, "response.content_part.added")
            if not seconds:
                response = (await until(connection, "response.done"))[-1].response
                assert response.status_details.error.code == "server_busy"
        if seconds:
            events = await until(connection, "response.done")
            assert events[-1].response.status == "completed"


async def test_keywords_are_hotwords(server: Server) -> None:
    async with connect(server) as connection:
        transcription: Any = {"model": "whisper-1", "keywords": ["流声", "x"]}
        audio: Any = {"input": {"transcription": transcription}}
        await connection.session.update(session={"type": "realtime", "audio": audio})
        updated = (await until(connection, "session.updated"))[-1]
        assert updated.session.audio.input.transcription.keywords == ["流声"]
        (note,) = updated.not_applied
        assert note["param"] == "session.audio.input.transcription.keywords"


# The user speaks


class Heard:
    """A recognition whose results a test makes up."""

    def __init__(self, on_update: Any, on_finish: Any) -> None:
        self.on_update, self.on_finish = on_update, on_finish
        self.on_speech: Any = None
        self.covered = 0
        self.finishing = False

    def feed(self, pcm: bytes) -> None:
        pass

    def finish(self) -> None:
        self.on_finish()

    def abandon(self) -> None:
        pass

    async def room(self, timeout: float) -> bool:
        return True

    def begins(self, seconds: float) -> None:
        start = round(seconds * 16_000)
        opened = OpenSegment(start, start, start, start, 0, b"")
        self.on_speech(SpeechActivity(end=start, open=opened))

    def ends(self, index: int, text: str, start: float, end: float) -> None:
        first, last = round(start * 16_000), round(end * 16_000)
        segment = SpeechSegment(first, last, first, last)
        self.on_speech(SpeechActivity(end=last, closed=(segment,)))
        self.covered = last
        self.on_update((Utterance(index, text, (), "zh", start, end),), Partial(index + 1))


@pytest.fixture
def heard(engines: Fakes, monkeypatch: pytest.MonkeyPatch) -> list[Heard]:
    found: list[Heard] = []

    def open_stream(
        params: Any, on_update: Any, on_finish: Any, on_failure: Any, **options: Any
    ) -> Any:
        found.append(Heard(on_update, on_finish))
        return found[-1]

    monkeypatch.setattr(engines[0], "open", open_stream)
    return found


async def test_speech_interrupts(server: Server, chat: ChatServer, heard: list[Heard]) -> None:
    chat.parts = ["100 large"]
    async with connect(server) as connection:
        await connection.input_audio_buffer.append(audio=base64.b64encode(bytes(48_000)).decode())
        await connection.conversation.item.retrieve(item_id="none")  # answered after the audio
        await until(connection, "error")
        (user,) = heard
        user.begins(0.2)
        started = (await until(connection, "input_audio_buffer.speech_started"))[-1]
        assert started.audio_start_ms == 200
        user.ends(0, "How are you?", 0.2, 0.9)
        events = await until(connection, "response.output_audio.delta")
        assert [event.type for event in events][:7] == [
            "input_audio_buffer.speech_stopped",
            "input_audio_buffer.committed",
            "conversation.item.added",
            "conversation.item.done",
            "conversation.item.input_audio_transcription.delta",
            "conversation.item.input_audio_transcription.completed",
            "response.created",
        ]
        assert chat.asked[0]["messages"][-1] == {"role": "user", "content": "How are you?"}
        user.begins(2.0)
        events = await until(connection, "response.done")
        kinds = [event.type for event in events]
        begun = kinds.index("input_audio_buffer.speech_started")
        assert "response.output_audio.delta" not in kinds[begun:]
        response = events[-1].response
        assert response.status == "cancelled"
        assert response.status_details.reason == "turn_detected"
        chat.parts = ["1"]
        user.ends(1, "And now?", 2.0, 2.5)
        assert (await until(connection, "response.done"))[-1].response.status == "completed"
    assert [each["content"] for each in chat.asked[1]["messages"][1:]] == [
        "How are you?",
        "100 large",
        "And now?",
    ]


async def test_speech_that_begins_with_the_end_of_a_turn(
    server: Server, heard: list[Heard]
) -> None:
    async with connect(server) as connection:
        await connection.input_audio_buffer.append(audio=base64.b64encode(bytes(48_000)).decode())
        await connection.conversation.item.retrieve(item_id="none")  # answered after the audio
        await until(connection, "error")
        closed = (Utterance(0, "How are", (), "zh", 0.2, 0.9),)
        heard[0].on_update(closed, Partial(1, "you", 0))
        response = (await until(connection, "response.done"))[-1].response
        assert response.status_details.reason == "turn_detected"


async def test_what_a_server_offers(server: Server, default_server: Server) -> None:
    def info(address: str) -> Any:
        return requests.get(f"http://{address}/api/info", timeout=60).json()["conversation"]

    assert await asyncio.to_thread(info, server.address) == {"model": "qwen"}
    assert await asyncio.to_thread(info, default_server.address) is None
    async with connect(default_server) as connection:
        error = (await until(connection, "error"))[-1].error
        assert "llm.address" in error.message
