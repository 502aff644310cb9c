"""Whatever clients send, sessions know how much they hold for them."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from liusheng.protocol.tts_session import TTSSession
from liusheng.protocol.wyoming import Event, encode_event
from tests.protocol import (
    test_asr_session,
    test_deepgram_session,
    test_realtime_conversation,
    test_realtime_session,
    test_twilio_session,
    test_wyoming,
)

FRAMES = 200
LONG = "A" * 50_000 + "😀"
"""One character makes the others four times as large."""
ITEM = test_realtime_conversation.message("user", "A" * 19_000 + "😀", id="a")


def transcription() -> Any:
    return test_realtime_session.Talk(max_append_bytes=1_000_000).session


def conversation() -> Any:
    talk = test_realtime_conversation.Talk(max_append_bytes=1_000_000, max_history_chars=20_000)
    talk.send("conversation.item.create", item=ITEM)
    return talk.session


def recognition() -> Any:
    return test_asr_session.Driver().session


def synthesis() -> Any:
    session = TTSSession(voices={0: "anna"}, new_id=lambda: "id")
    session.text_received(json.dumps({"task": "tts", "signal": "start"}))
    session.text_received(json.dumps({"text": "first"}))
    session.text_received(json.dumps({"text": "second", "more": True}))
    return session


def call() -> Any:
    return test_twilio_session.Client().session


def stream() -> Any:
    client = test_deepgram_session.Client()
    client.send(bytes(1_000))
    client.send({"type": "Finalize"})
    return client.session


def home() -> Any:
    return test_wyoming.Client().session


METADATA = {str(number): "A" * 500 + "😀" for number in range(16)}


@pytest.mark.parametrize(
    ("session", "message"),
    [
        (transcription, {"type": "x", "event_id": LONG}),
        (transcription, {"type": LONG, "event_id": "A" * 500}),
        (transcription, {"type": "session.update", "session": {LONG: 1}}),
        (conversation, {"type": "session.update", "session": {"instructions": LONG}}),
        (conversation, {"type": "conversation.item.retrieve", "item_id": "a"}),
        (conversation, {"type": "conversation.item.retrieve", "item_id": LONG}),
        (conversation, {"type": "conversation.item.create", "item": {**ITEM, "id": None}}),
        (conversation, {"type": "conversation.item.create", "item": {**ITEM, LONG: 1}}),
        (conversation, {"type": "response.create", "response": {"metadata": METADATA}}),
        (conversation, {"type": "response.create", "response": {"instructions": LONG}}),
        (recognition, {"signal": "start", "name": LONG[-15_000:]}),
        (recognition, {"signal": LONG[-15_000:]}),
        (synthesis, {"text": LONG, "more": True}),
        (call, {"event": "start", "streamSid": LONG, "start": {}}),
        (call, {"event": LONG}),
        (call, {"event": "speak", "text": "x", "name": LONG}),
        (call, {"event": "clear"}),
        (stream, {"type": LONG[-5_000:]}),
        (home, {"type": "ping", "data": {"text": LONG}}),
        (home, {"type": "describe"}),
    ],
)
def test_what_clients_send_is_charged(session: Callable[[], Any], message: dict[str, Any]) -> None:
    made = session()
    cancel = json.dumps({"type": "response.cancel"})
    tracemalloc.start()
    try:
        for _ in range(FRAMES):
            if session is home:
                made.bytes_received(encode_event(Event(**message)))
            else:
                made.text_received(json.dumps(message, ensure_ascii=False))
            if message.get("type") == "response.create":
                made.text_received(cancel)
            list(made.commands())
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 1.2 * made.held + (1 << 20)


def test_errors_of_the_pieces_of_a_text_that_waits_are_charged() -> None:
    session = synthesis()
    piece = json.dumps({"text": "x", "more": True, "speed": 2})
    tracemalloc.start()
    try:
        for _ in range(10_000):
            session.text_received(piece)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 1.2 * session.held + (1 << 20)


def test_results_that_wait_for_others_are_a_backlog() -> None:
    """Each `Finalize` without audio is answered, after what was said before."""
    session = stream()
    for _ in range(FRAMES):
        session.text_received(json.dumps({"type": "Finalize"}))
    assert session.backlog >= FRAMES
    session.finished(1)
    frames = 0
    while session.next_message() is not None:
        frames += 1
    assert frames == FRAMES + 1
    assert session.backlog == 0


@pytest.mark.parametrize(
    ("made", "message", "what"),
    [
        (
            transcription,
            {"type": "x", "event_id": "A" * 513},
            'The field "event_id" must be a text of at most 512 characters or null, not the text '
            f'"{"A" * 58}… of 513 characters.',
        ),
        (
            conversation,
            {"type": "response.create", "response": {"metadata": {"k" * 65: ""}}},
            'The field "metadata" must be an object of at most 16 fields, each name a text of at '
            "most 64 characters, each value a text of at most 512 characters or null, not the "
            f'object {{"{"k" * 57}….',
        ),
        (
            conversation,
            {"type": "response.create", "response": {"metadata": {"k": "v" * 513}}},
            'The field "metadata" must be an object of at most 16 fields, each name a text of at '
            "most 64 characters, each value a text of at most 512 characters or null, not the "
            f'object {{"k":"{"v" * 53}….',
        ),
        (
            call,
            {"event": "start", "streamSid": "M" * 101, "start": {}},
            'The field "streamSid" must be a text of at most 100 characters, not the text '
            f'"{"M" * 58}… of 101 characters.',
        ),
        (
            call,
            {
                "event": "start",
                "streamSid": "S",
                "start": {"customParameters": {"hotwords": "w" * 10_401}},
            },
            'The field "hotwords" must be a text of at most 10,400 characters, not the text '
            f'"{"w" * 58}… of 10,401 characters.',
        ),
        (
            recognition,
            {"signal": "start", "name": "n" * 1_001},
            'The field "name" must be a text of at most 1,000 characters, not the text '
            f'"{"n" * 58}… of 1,001 characters.',
        ),
    ],
)
def test_what_is_repeated_to_a_client_has_a_limit(
    made: Callable[[], Any], message: dict[str, Any], what: str
) -> None:
    session = made()
    session.text_received(json.dumps(message))
    reply = json.loads(session.next_message())
    assert reply.get("error", reply)["message"] == what
    assert session.next_message() is None


def test_what_is_within_the_limits_is_repeated() -> None:
    session = transcription()
    session.text_received(json.dumps({"type": "x", "event_id": "e" * 512}))
    assert json.loads(session.next_message())["error"]["event_id"] == "e" * 512
    session = conversation()
    metadata = {f"{number:064}": "v" * 512 for number in range(16)}
    session.text_received(
        json.dumps({"type": "response.create", "response": {"metadata": metadata}})
    )
    assert json.loads(session.next_message())["response"]["metadata"] == metadata
