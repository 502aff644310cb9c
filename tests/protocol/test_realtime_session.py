from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from liusheng.protocol import asr
from liusheng.protocol.errors import CloseCode, ErrorCode, ProtocolError
from liusheng.protocol.outbox import Close
from liusheng.protocol.realtime_input import start_of
from liusheng.protocol.realtime_session import RealtimeSession
from liusheng.protocol.recognition_commands import (
    BeginRecognition,
    DropRecognition,
    EndRecognition,
    FeedRecognition,
)
from tests.support.able import Able
from tests.support.audio_parts import audio_parts

PCM: tuple[asr.SamplesFormat, int] = "pcm_s16le", 24_000
PCMU: tuple[asr.SamplesFormat, int] = "pcm_mulaw", 8_000


def begin(
    number: int, lang: str, audio: tuple[asr.SamplesFormat, int], endpoint_ms: int | None = None
) -> BeginRecognition:
    name, rate = audio
    endpoint = UNSET if endpoint_ms is None else endpoint_ms
    start = asr.Start(
        name="realtime", lang=lang, format=name, sample_rate=rate, endpoint_ms=endpoint
    )
    return BeginRecognition(number, start)


@dataclass(frozen=True)
class Said:
    index: int
    text: str
    start: float = 0.0
    end: float = 1.0
    words: tuple[Any, ...] = ()
    alternatives: tuple[Any, ...] = ()


class Talk:
    """A session and what comes out of it."""

    def __init__(self, **options: Any) -> None:
        numbers = count()
        self.session = RealtimeSession(
            support=Able(),
            **{"max_append_bytes": 100_000, "new_id": lambda: str(next(numbers)), **options},
        )
        (created,) = self.events()
        assert created["type"] == "session.created"

    def send(self, kind: str, **fields: Any) -> list[dict[str, Any]]:
        self.session.text_received(json.dumps({"type": kind, **fields}))
        return self.events()

    def append(self, data: bytes = b"\0" * 4_800) -> list[dict[str, Any]]:
        return self.send("input_audio_buffer.append", audio=base64.b64encode(data).decode())

    def manual(self) -> None:
        changes = {"audio": {"input": {"turn_detection": None}}}
        (updated,) = self.send("session.update", session=changes)
        assert updated["session"]["audio"]["input"]["turn_detection"] is None

    def events(self) -> list[Any]:
        found: list[Any] = []
        while (message := self.session.next_message()) is not None:
            found.append(message if isinstance(message, Close) else json.loads(message))
        return found

    def commands(self) -> list[Any]:
        return list(self.session.commands())


@pytest.fixture
def talk() -> Talk:
    return Talk()


def kinds(events: list[dict[str, Any]]) -> list[str]:
    return [event["type"].rpartition(".")[2] for event in events]


def test_turns(talk: Talk) -> None:
    talk.append()
    assert talk.commands() == [
        begin(1, "auto", PCM, 500),
        FeedRecognition(1, b"\0" * 4_800),
    ]
    talk.session.updated(1, [], 0, "", 0)
    assert talk.events() == []
    talk.session.updated(1, [], 0, "hel", 0)
    (started,) = talk.events()
    assert started["type"] == "input_audio_buffer.speech_started"
    assert started["audio_start_ms"] == 100
    talk.session.updated(1, [], 0, "hello the", 5)
    (delta,) = talk.events()
    assert (delta["delta"], delta["item_id"]) == ("hello", started["item_id"])
    talk.session.updated(1, [Said(0, "hello there", 0.2, 0.7)], 1, "", 0)
    stopped, committed, delta, completed = talk.events()
    assert stopped["audio_end_ms"] == 700
    assert committed["previous_item_id"] is None
    assert delta["delta"] == " there"
    assert completed["transcript"] == "hello there"
    assert completed["usage"] == {"type": "duration", "seconds": 0.5}
    first = started["item_id"]
    assert {stopped["item_id"], committed["item_id"], completed["item_id"]} == {first}
    talk.session.updated(1, [Said(1, "again")], 2, "", 0)
    events = talk.events()
    expected = ["speech_started", "speech_stopped", "committed", "delta", "completed"]
    assert kinds(events) == expected
    assert events[2]["previous_item_id"] == first


def test_a_commit_among_turns_counts_what_came_after_the_last_one(talk: Talk) -> None:
    for _ in range(10):
        talk.append()
    talk.session.updated(1, [Said(0, "hello", 0.1, 0.6)], 1, "", 0)
    talk.events()
    talk.send("input_audio_buffer.commit")
    talk.session.finished(1)
    (completed,) = talk.events()
    assert (completed["transcript"], completed["usage"]["seconds"]) == ("", 0.4)


def test_an_utterance_without_words_is_no_item(talk: Talk) -> None:
    talk.append()
    talk.session.updated(1, [Said(0, "")], 1, "", 0)
    assert talk.events() == []


def test_an_utterance_that_turns_out_to_be_none_is_closed(talk: Talk) -> None:
    talk.append()
    talk.session.updated(1, [], 0, "uh", 0)
    talk.session.updated(1, [Said(0, "")], 1, "", 0)
    assert kinds(talk.events()) == ["speech_started", "speech_stopped", "committed", "completed"]


def test_commit_by_the_client(talk: Talk) -> None:
    talk.manual()
    talk.append()
    talk.commands()
    talk.session.updated(1, [], 0, "one two", 3)
    assert [event["delta"] for event in talk.events()] == ["one"]
    (committed,) = talk.send("input_audio_buffer.commit")
    assert committed["type"] == "input_audio_buffer.committed"
    assert talk.commands() == [EndRecognition(1)]
    assert not talk.session.awaits_client
    talk.append()
    assert talk.commands()[0] == begin(2, "auto", PCM)
    talk.session.updated(1, [Said(0, "one two.")], 1, "", 0)
    talk.session.updated(1, [Said(1, "three.")], 2, "", 0)
    talk.session.finished(1)
    *deltas, completed = talk.events()
    assert "".join(event["delta"] for event in deltas) == " two. three."
    assert completed["transcript"] == "one two. three."
    assert completed["item_id"] == committed["item_id"]
    assert completed["usage"]["seconds"] == 0.1
    (second,) = talk.send("input_audio_buffer.commit")
    assert second["previous_item_id"] == committed["item_id"]
    talk.session.finished(2)
    assert talk.events()[-1]["transcript"] == ""
    assert talk.session.awaits_client


def test_commit_while_the_server_detects_turns(talk: Talk) -> None:
    talk.append()
    talk.session.updated(1, [], 0, "half a", 0)
    talk.events()
    (committed,) = talk.send("input_audio_buffer.commit")
    talk.session.updated(1, [Said(0, "half a word")], 1, "", 0)
    talk.session.finished(1)
    stopped, delta, completed = talk.events()
    assert kinds([stopped, delta, completed]) == ["speech_stopped", "delta", "completed"]
    assert completed["item_id"] == committed["item_id"]


def test_commit_of_silence_is_answered(talk: Talk) -> None:
    talk.append()
    (committed,) = talk.send("input_audio_buffer.commit")
    talk.session.finished(1)
    (completed,) = talk.events()
    assert (completed["item_id"], completed["transcript"]) == (committed["item_id"], "")


def test_times_go_on_over_recognitions(talk: Talk) -> None:
    talk.append()
    talk.send("input_audio_buffer.commit")
    talk.append()
    talk.session.updated(2, [Said(0, "well", 0.0, 0.05)], 1, "", 0)
    (stopped,) = [event for event in talk.events() if event["type"].endswith("speech_stopped")]
    assert stopped["audio_end_ms"] == 150


def test_clear(talk: Talk) -> None:
    talk.append()
    talk.commands()
    assert kinds(talk.send("input_audio_buffer.clear")) == ["cleared"]
    assert talk.commands() == [DropRecognition(1)]
    talk.session.updated(1, [Said(0, "late")], 1, "", 0)
    talk.session.finished(1)
    assert talk.events() == []
    assert kinds(talk.send("input_audio_buffer.clear")) == ["cleared"]
    assert talk.commands() == []


def test_update_keeps_what_it_does_not_name(talk: Talk) -> None:
    changes = {
        "type": "transcription",
        "audio": {
            "input": {
                "format": {"type": "audio/pcmu"},
                "transcription": {"model": "whisper-1", "language": "en"},
                "noise_reduction": None,
            }
        },
    }
    (updated,) = talk.send("session.update", session=changes)
    given = updated["session"]["audio"]["input"]
    assert given["format"] == {"type": "audio/pcmu"}
    assert given["turn_detection"]["type"] == "server_vad"
    (updated,) = talk.send(
        "session.update",
        session={"audio": {"input": {"turn_detection": None}}},
    )
    given = updated["session"]["audio"]["input"]
    assert given["transcription"]["language"] == "en"
    (updated,) = talk.send(
        "session.update",
        session={
            "audio": {
                "input": {
                    "turn_detection": {
                        "type": "server_vad",
                        "threshold": 0.5,
                        "prefix_padding_ms": 300,
                        "silence_duration_ms": 500,
                    }
                }
            }
        },
    )
    assert updated["type"] == "session.updated"
    talk.append(b"\xff" * 800)
    assert talk.commands()[0] == begin(1, "en", PCMU, 500)


def with_input(**fields: Any) -> dict[str, Any]:
    return {"type": "session.update", "session": {"audio": {"input": fields}}}


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("not JSON", "invalid_json"),
        ([], "not_an_object"),
        ({}, "unknown_signal"),
        ({"type": "response.create"}, "unknown_signal"),
        ({"type": "input_audio_buffer.append"}, "missing_field"),
        ({"type": "input_audio_buffer.append", "audio": "*"}, "invalid_field"),
        ({"type": "input_audio_buffer.append", "audio": "AAAA" * 33_400}, "packet_too_large"),
        ({"type": "input_audio_buffer.append", "audio": "A" * 200_000}, "message_too_large"),
        ({"type": "input_audio_buffer.commit"}, "input_audio_buffer_commit_empty"),
        ({"type": "session.update"}, "missing_field"),
        ({"type": "session.update", "session": {"type": "realtime"}}, "invalid_field"),
        ({"type": "session.update", "session": {"audio": 3}}, "invalid_field"),
        ({"type": "session.update", "session": {"include": ["x"]}}, "invalid_field"),
        ({"type": "session.update", "session": {"unheard_of": 1}}, "unsupported_field"),
        (
            {"type": "session.update", "session": {"audio": {}, "input_audio_format": "pcm16"}},
            "invalid_field",
        ),
        ({"type": "session.update", "session": {"input_audio_format": "pcm8"}}, "invalid_field"),
        ({"type": "transcription_session.update", "session": {"voice": 3}}, "invalid_field"),
        (with_input(format={"type": "audio/pcm", "rate": 8_000}), "invalid_field"),
        (with_input(format={"type": "audio/opus"}), "invalid_field"),
        (with_input(format={"type": "audio/pcmu", "bits": 8}), "unsupported_field"),
        (with_input(noise_reduction={"type": "mid_field"}), "invalid_field"),
        (with_input(turn_detection={"type": "semantic_vad", "threshold": 1}), "unsupported_field"),
        (with_input(turn_detection={"type": "server_vad", "threshold": 1.1}), "invalid_field"),
        (with_input(transcription=None), "invalid_field"),
        (with_input(transcription={"promt": "Liusheng"}), "unsupported_field"),
        (with_input(transcription={"model": "none"}), "unknown_model"),
    ],
)
def test_errors_leave_the_session_as_it_was(talk: Talk, message: Any, code: str) -> None:
    frame = message if isinstance(message, str) else json.dumps(message)
    talk.session.text_received(frame)
    (error,) = talk.events()
    assert (error["type"], error["error"]["code"]) == ("error", code)
    assert error["error"]["message"]
    assert not talk.session.closed
    talk.append()
    assert talk.commands()[0] == begin(1, "auto", PCM, 500)


@pytest.mark.parametrize(
    "changes",
    [
        {"format": {"type": "audio/pcmu"}},
        {"transcription": {"language": "zh"}},
        {"transcription": {"keywords": ["流声"]}},
        {"turn_detection": {"type": "server_vad", "silence_duration_ms": 900}},
        {"turn_detection": None},
    ],
)
def test_an_update_holds_for_the_audio_that_follows(talk: Talk, changes: dict[str, Any]) -> None:
    talk.append()
    talk.commands()
    assert kinds(talk.send("session.update", session={"audio": {"input": changes}})) == ["updated"]
    assert talk.commands() == [EndRecognition(1)]
    talk.append()
    opened, _ = talk.commands()
    given = talk.session._session.audio.input
    assert opened == BeginRecognition(2, start_of(given, Able()))
    talk.session.updated(1, [Said(0, "before")], 1, "", 0)
    assert talk.events()[-1]["transcript"] == "before"
    talk.session.finished(1)
    assert talk.events() == []


def test_an_update_of_what_is_in_effect_cuts_nothing(talk: Talk) -> None:
    talk.append()
    talk.commands()
    vad = {"type": "server_vad", "silence_duration_ms": 500}
    talk.send("session.update", session={"audio": {"input": {"turn_detection": vad}}})
    assert talk.commands() == []


def test_audio_that_is_not_committed_keeps_its_format(talk: Talk) -> None:
    talk.manual()
    talk.append()
    talk.commands()
    law = {"audio": {"input": {"format": {"type": "audio/pcmu"}}}}
    (error,) = talk.send("session.update", session=law)
    assert error["error"]["code"] == "invalid_field"
    (updated,) = talk.send("session.update", session=transcription("zh"))
    assert updated["session"]["audio"]["input"]["format"]["type"] == "audio/pcm"
    assert talk.commands() == []
    talk.send("input_audio_buffer.commit")
    assert kinds(talk.send("session.update", session=law)) == ["updated"]
    talk.append()
    finished, opened, _ = talk.commands()
    assert (finished, opened) == (EndRecognition(1), begin(2, "zh", PCMU))


def test_turn_detection_that_begins_commits_what_was_appended(talk: Talk) -> None:
    talk.manual()
    talk.append()
    talk.commands()
    changes = {"turn_detection": {"type": "server_vad"}, "format": {"type": "audio/pcmu"}}
    events = talk.send("session.update", session={"audio": {"input": changes}})
    assert kinds(events) == ["committed", "updated"]
    assert talk.commands() == [EndRecognition(1)]
    talk.append()
    opened, _ = talk.commands()
    assert opened == begin(2, "auto", PCMU, 500)
    talk.session.updated(1, [Said(0, "before")], 1, "", 0)
    talk.session.finished(1)
    assert talk.events()[-1]["transcript"] == "before"


def transcription(language: str) -> dict[str, Any]:
    return {"audio": {"input": {"transcription": {"language": language}}}}


def test_an_error_names_its_event(talk: Talk) -> None:
    (error,) = talk.send("input_audio_buffer.commit", event_id="mine")
    assert error["error"]["event_id"] == "mine"


def test_binary(talk: Talk) -> None:
    talk.session.bytes_received(b"\0\0")
    (error,) = talk.events()
    assert error["error"]["code"] == "unexpected_binary"


def test_too_much_audio() -> None:
    """What the client commits is as long as it says, up to the limit."""
    talk = Talk(max_seconds=0.15)
    talk.manual()
    (error,) = talk.append(b"\0" * 7_202)
    assert error["error"]["code"] == "session_too_long"
    assert talk.commands() == [], "nothing is begun for what is not taken"
    assert talk.append() == []
    (error,) = talk.append()
    assert error["error"]["code"] == "session_too_long"
    assert len(talk.commands()) == 2
    assert kinds(talk.send("input_audio_buffer.commit")) == ["committed"]
    assert talk.append() == []


def test_a_turn_that_reaches_the_limit_goes_on_in_another_recognition() -> None:
    """Its client never commits."""
    talk = Talk(max_seconds=0.15)
    for _ in range(2):
        assert talk.append() == []
    begun, _, _, ended, other, _ = talk.commands()
    assert (begun.number, ended, other.number) == (1, EndRecognition(1), 2)
    talk.session.updated(1, [Said(0, "one", 0.0, 0.15)], 1, "", 0)
    talk.session.finished(1)
    first = talk.events()
    assert kinds(first)[-1] == "completed"
    talk.session.updated(2, [Said(0, "two", 0.0, 0.05)], 1, "", 0)
    second = talk.events()
    assert [event["transcript"] for event in (first[-1], second[-1])] == ["one", "two"]
    stopped = next(event for event in second if "audio_end_ms" in event)
    assert stopped["audio_end_ms"] == 200


@given(st.lists(st.binary(min_size=1, max_size=70), max_size=12))
def test_samples_are_divided_at_the_limit_while_turns_are_detected(packets: list[bytes]) -> None:
    talk = Talk(max_seconds=0.001)
    for packet in packets:
        assert talk.append(packet) == []
    assert b"".join(audio_parts(talk.commands(), 48)) == b"".join(packets)


def test_a_recognition_that_cannot_be_had(talk: Talk) -> None:
    talk.append()
    talk.session.refused(1, ProtocolError(ErrorCode.SERVER_BUSY, "full"))
    (error,) = talk.events()
    assert (error["error"]["type"], error["error"]["code"]) == ("server_error", "server_busy")
    talk.append()
    assert begin(2, "auto", PCM, 500) in talk.commands()


def test_a_recognition_that_is_lost(talk: Talk) -> None:
    lost = ProtocolError(ErrorCode.RECOGNITION_FAILED, "lost")
    talk.append()
    talk.session.failed(1, lost)
    (error,) = talk.events()
    assert error["type"] == "error"
    talk.append()
    talk.session.updated(2, [], 0, "hello", 0)
    talk.events()
    talk.session.failed(2, lost)
    (failed,) = talk.events()
    assert failed["type"] == "conversation.item.input_audio_transcription.failed"
    assert failed["error"]["code"] == "recognition_failed"


def test_stop_and_idle(talk: Talk) -> None:
    talk.append()
    talk.commands()
    talk.session.idle()
    error, close = talk.events()
    assert error["error"]["code"] == "idle_timeout"
    assert (close.code, talk.session.closed) == (CloseCode.POLICY, True)
    assert talk.commands() == [DropRecognition(1)]
    assert talk.send("input_audio_buffer.commit") == []


STOPPING = ProtocolError(ErrorCode.SERVER_STOPPING, "bye")


def test_wound_down_audio_is_committed(talk: Talk) -> None:
    talk.append()
    talk.commands()
    assert talk.session.under_way
    talk.session.wind_down(STOPPING, CloseCode.SERVICE_RESTART)
    assert kinds(talk.events()) == ["committed"]
    assert talk.commands() == [EndRecognition(1)]
    assert talk.append() == []
    assert talk.commands() == [], "more audio is not used"
    talk.session.updated(1, [Said(0, "so far")], 1, "", 0)
    talk.session.finished(1)
    *events, closing = talk.events()
    assert kinds(events)[-2:] == ["completed", "error"]
    assert events[-1]["error"]["code"] == "server_stopping"
    assert closing == Close(CloseCode.SERVICE_RESTART, "server_stopping")


def test_wound_down_after_a_commit(talk: Talk) -> None:
    talk.append()
    talk.send("input_audio_buffer.commit")
    talk.session.wind_down(STOPPING, CloseCode.SERVICE_RESTART)
    assert talk.events() == []
    talk.session.failed(1, ProtocolError(ErrorCode.RECOGNITION_FAILED, "lost"))
    *events, closing = talk.events()
    assert kinds(events) == ["failed", "error"]
    assert closing == Close(CloseCode.SERVICE_RESTART, "server_stopping")


def test_wound_down_while_its_recognition_waits_for_a_place(talk: Talk) -> None:
    talk.append()
    talk.session.wind_down(STOPPING, CloseCode.SERVICE_RESTART)
    talk.events()
    talk.session.refused(1, ProtocolError(ErrorCode.SERVER_BUSY, "full"))
    *errors, closing = talk.events()
    assert [each["error"]["code"] for each in errors] == ["server_busy", "server_stopping"]
    assert closing == Close(CloseCode.SERVICE_RESTART, "server_stopping")


def test_wound_down_without_audio(talk: Talk) -> None:
    assert not talk.session.under_way
    talk.session.wind_down(STOPPING, CloseCode.SERVICE_RESTART)
    error, closing = talk.events()
    assert error["error"]["code"] == "server_stopping"
    assert closing == Close(CloseCode.SERVICE_RESTART, "server_stopping")


def test_a_client_that_waits_is_not_idle(talk: Talk) -> None:
    talk.append()
    talk.send("input_audio_buffer.commit")
    talk.session.idle()
    assert talk.events() == []
    assert not talk.session.closed


def test_disconnected(talk: Talk) -> None:
    talk.append()
    talk.commands()
    talk.session.disconnected()
    assert talk.commands() == [DropRecognition(1)]
    assert talk.events() == []


def test_speech_is_announced_when_it_is_detected(talk: Talk) -> None:
    for _ in range(10):
        talk.append()
    talk.session.speech_started(1, 0.2)
    (started,) = talk.events()
    assert (started["type"], started["audio_start_ms"]) == (
        "input_audio_buffer.speech_started",
        200,
    )
    talk.session.covered(1, 0.7)
    talk.session.updated(1, [], 0, "hello", 5)
    (delta,) = talk.events()
    assert delta["item_id"] == started["item_id"]
    talk.session.speech_stopped(1, 0.6)
    (stopped,) = talk.events()
    assert (stopped["audio_end_ms"], stopped["item_id"]) == (600, started["item_id"])
    talk.session.updated(1, [Said(0, "hello", 0.2, 0.6)], 1, "", 0)
    events = talk.events()
    assert kinds(events) == ["committed", "completed"]
    assert {event["item_id"] for event in events} == {started["item_id"]}


def test_speech_without_words_is_no_item(talk: Talk) -> None:
    talk.append()
    ids = []
    for start in (0.1, 1.1, 2.1):
        talk.session.speech_started(1, start)
        talk.session.speech_stopped(1, start + 0.5)
        started, stopped = talk.events()
        assert stopped["item_id"] == started["item_id"]
        ids.append(started["item_id"])
    talk.session.covered(1, 2.7)
    talk.session.updated(1, [], 0, "the third", 9)
    assert [event["item_id"] for event in talk.events()] == [ids[2]]
    talk.session.covered(1, 3.0)
    talk.session.updated(1, [Said(0, "the third", 2.1, 2.6)], 1, "", 0)
    assert kinds(events := talk.events()) == ["committed", "completed"]
    assert {event["item_id"] for event in events} == {ids[2]}


def test_text_that_comes_late_belongs_to_the_speech_it_covers(talk: Talk) -> None:
    talk.append()
    talk.session.speech_started(1, 0.1)
    talk.session.speech_stopped(1, 0.6)
    talk.session.speech_started(1, 1.1)
    first, _, second = talk.events()
    talk.session.covered(1, 0.5)
    talk.session.updated(1, [], 0, "one", 3)
    assert talk.events()[0]["item_id"] == first["item_id"]
    talk.session.covered(1, 1.5)
    talk.session.updated(1, [Said(0, "one", 0.1, 0.6)], 1, "two", 3)
    committed, completed, delta = talk.events()
    assert committed["item_id"] == completed["item_id"] == first["item_id"]
    assert delta["item_id"] == second["item_id"]


def test_speech_in_what_the_client_commits_is_not_announced(talk: Talk) -> None:
    talk.manual()
    talk.append()
    talk.session.speech_started(1, 0.1)
    talk.session.speech_stopped(1, 0.2)
    talk.session.speech_started(7, 0.1)
    talk.session.speech_stopped(7, 0.2)
    assert talk.events() == []


def test_the_shape_of_the_beta(talk: Talk) -> None:
    (updated,) = talk.send(
        "transcription_session.update",
        session={
            "input_audio_format": "g711_ulaw",
            "input_audio_transcription": {"model": "whisper-1", "prompt": "", "language": "zh"},
            "turn_detection": {
                "type": "server_vad",
                "threshold": 0.5,
                "prefix_padding_ms": 300,
                "silence_duration_ms": 700,
            },
            "input_audio_noise_reduction": {"type": "near_field"},
            "include": ["item.input_audio_transcription.logprobs"],
        },
    )
    assert updated["type"] == "transcription_session.updated"
    session = updated["session"]
    assert session["object"] == "realtime.transcription_session"
    assert session["input_audio_format"] == "g711_ulaw"
    assert session["input_audio_transcription"]["language"] == "zh"
    assert session["turn_detection"]["silence_duration_ms"] == 700
    assert session["input_audio_noise_reduction"] is None
    assert sorted(each["param"] for each in updated["not_applied"]) == [
        "session.include",
        "session.input_audio_noise_reduction",
        "session.turn_detection.prefix_padding_ms",
    ]
    talk.append(b"\xff" * 800)
    assert talk.commands()[0] == begin(1, "zh", PCMU, 700)
    (error,) = talk.send("session.update", session={"turn_detection": {"type": "magic"}})
    assert '"turn_detection' in error["error"]["message"]
    (updated,) = talk.send("session.update", session={"audio": {}})
    assert updated["session"]["audio"]["input"]["format"] == {"type": "audio/pcmu"}


def test_a_client_that_asks_for_the_beta() -> None:
    numbers = count()
    options: Any = {"support": Able(), "beta": True, "new_id": lambda: str(next(numbers))}
    session = RealtimeSession(max_append_bytes=1_000, **options)
    created = json.loads(str(session.next_message()))
    assert created["type"] == "transcription_session.created"
    assert created["session"]["id"] == session.id
    session.text_received(json.dumps({"type": "session.update", "session": {"include": []}}))
    assert json.loads(str(session.next_message()))["session"]["input_audio_format"] == "pcm16"
