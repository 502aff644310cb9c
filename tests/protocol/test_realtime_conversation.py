"""The state machine of a conversation: any order of events leaves it whole."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liusheng.protocol import realtime_history
from liusheng.protocol.errors import CloseCode, ErrorCode, ProtocolError
from liusheng.protocol.outbox import Close
from liusheng.protocol.realtime_commands import AskModel, BeginSpeech, Say, StopResponse
from liusheng.protocol.realtime_conversation import ConversationSession
from liusheng.protocol.realtime_history import (
    ChatMessage,
    ConversationHistory,
    ConversationItem,
    Role,
    SpokenSpan,
    chat_messages,
)
from liusheng.protocol.recognition_commands import EndRecognition
from tests.support.able import Able


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
        self.session = ConversationSession(
            **{
                "support": Able(),
                "system_prompt": "Short.",
                "max_history_chars": 1_000,
                "model": "qwen",
                "max_append_bytes": 100_000,
                "new_id": lambda: str(next(numbers)),
                **options,
            }
        )
        self.asked: list[AskModel] = []
        self.commands: list[Any] = []
        self.events()

    def send(self, kind: str, **fields: Any) -> list[dict[str, Any]]:
        self.session.text_received(json.dumps({"type": kind, **fields}))
        return self.events()

    def append(self) -> None:
        self.send("input_audio_buffer.append", audio=base64.b64encode(bytes(4_800)).decode())

    def events(self) -> list[Any]:
        for command in self.session.commands():
            self.commands.append(command)
            if isinstance(command, AskModel):
                self.asked.append(command)
        found: list[Any] = []
        while (message := self.session.next_message()) is not None:
            found.append(message if isinstance(message, Close) else json.loads(message))
        return found

    def create(self, **fields: Any) -> int:
        """Create a response; return its number."""
        self.send("response.create", **({"response": fields} if fields else {}))
        return self.asked[-1].number

    def turn(self, index: int, text: str) -> list[dict[str, Any]]:
        self.session.updated(1, [Said(index, text)], index + 1, "", 0)
        return self.events()

    def answer(self, number: int, text: str) -> list[dict[str, Any]]:
        self.session.model_text(number, text)
        self.session.model_done(number)
        self.session.audio(number, b"\0\0", 1.0)
        self.session.speech_done(number)
        return self.events()


@pytest.fixture
def talk() -> Talk:
    return Talk()


def kinds(events: Sequence[dict[str, Any]]) -> list[str]:
    return [event["type"] for event in events]


def message(role: str, text: str, **fields: Any) -> dict[str, Any]:
    kind = "output_text" if role == "assistant" else "input_text"
    return {"type": "message", "role": role, "content": [{"type": kind, "text": text}], **fields}


def said(asked: AskModel) -> list[tuple[str, str]]:
    return [(each.role, each.content) for each in asked.messages]


def test_a_turn_is_answered(talk: Talk) -> None:
    talk.append()
    events = talk.turn(0, "Hello?")
    assert kinds(events)[-1] == "response.created"
    (asked,) = talk.asked
    assert said(asked) == [("system", "Short."), ("user", "Hello?")]
    done = talk.answer(asked.number, "Hi.")[-1]
    assert done["response"]["status"] == "completed"
    assert done["response"]["output"][0]["content"][0]["transcript"] == "Hi."
    assert [type(each) for each in talk.commands[-3:]] == [BeginSpeech, Say, Say]
    talk.turn(1, "More.")
    assert said(talk.asked[1])[1:] == [("user", "Hello?"), ("assistant", "Hi."), ("user", "More.")]


def test_nothing_said_is_not_answered(talk: Talk) -> None:
    talk.append()
    talk.session.speech_started(1, 0.1)
    assert "response.created" not in kinds(talk.turn(0, ""))
    detection = {"type": "server_vad", "create_response": False}
    talk.send("session.update", session={"audio": {"input": {"turn_detection": detection}}})
    assert "response.created" not in kinds(talk.turn(1, "Hello?"))
    assert talk.asked == []


def test_speech_stops_the_answer_and_the_audio_that_is_not_sent(talk: Talk) -> None:
    talk.append()
    talk.turn(0, "Hello?")
    number = talk.asked[0].number
    talk.session.model_text(number, "One, two, three.")
    spans = (SpokenSpan(0, 4, 0.0, 0.5), SpokenSpan(4, 9, 0.5, 1.0))
    talk.session.audio(number, b"\0\0", 1.0, spans)
    talk.events()
    talk.session.audio(number, b"\1\1", 0.5)
    talk.session.speech_started(1, 2.0)
    events = talk.events()
    assert kinds(events) == [
        "input_audio_buffer.speech_started",
        "response.output_audio.done",
        "response.output_audio_transcript.done",
        "response.content_part.done",
        "response.output_item.done",
        "conversation.item.done",
        "response.done",
    ]
    assert events[-1]["response"]["status"] == "cancelled"
    assert events[-1]["response"]["status_details"]["reason"] == "turn_detected"
    assert talk.commands[-1] == StopResponse(number)
    talk.session.model_text(number, "four")
    talk.session.audio(number, b"\2\2", 0.5)
    talk.session.speech_done(number)
    talk.session.model_done(number)
    talk.session.response_failed(number, ProtocolError(ErrorCode.MODEL_FAILED, "x"))
    assert talk.events() == []
    item = events[-1]["response"]["output"][0]["id"]
    (cut,) = talk.send(
        "conversation.item.truncate", item_id=item, content_index=0, audio_end_ms=500
    )
    assert cut["type"] == "conversation.item.truncated"
    talk.turn(1, "Stop.")
    assert said(talk.asked[1])[1:] == [("user", "Hello?"), ("assistant", "One,"), ("user", "Stop.")]


def test_speech_that_is_not_to_interrupt(talk: Talk) -> None:
    detection = {"type": "server_vad", "interrupt_response": False}
    talk.send("session.update", session={"audio": {"input": {"turn_detection": detection}}})
    talk.append()
    talk.turn(0, "Hello?")
    talk.session.speech_started(1, 2.0)
    talk.turn(1, "And?")
    assert len(talk.asked) == 1
    assert kinds(talk.answer(talk.asked[0].number, "Hi."))[-1] == "response.created"
    assert said(talk.asked[1])[1:] == [("user", "Hello?"), ("assistant", "Hi."), ("user", "And?")]


def test_a_client_that_commits(talk: Talk) -> None:
    talk.send("session.update", session={"audio": {"input": {"turn_detection": None}}})
    talk.append()
    events = talk.send("input_audio_buffer.commit")
    assert kinds(events) == [
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
    ]
    assert EndRecognition(1) in talk.commands
    assert kinds(talk.send("response.create")) == ["response.created"]
    assert talk.asked == []  # what was said is not known yet
    assert not talk.session.awaits_client
    talk.session.updated(1, [Said(0, "Hello?")], 1, "", 0)
    talk.session.finished(1)
    talk.events()
    assert said(talk.asked[0])[-1] == ("user", "Hello?")


def test_a_recognition_that_is_lost_is_not_waited_for(talk: Talk) -> None:
    talk.send("session.update", session={"audio": {"input": {"turn_detection": None}}})
    talk.append()
    talk.send("input_audio_buffer.commit")
    talk.send("response.create")
    talk.session.failed(1, ProtocolError(ErrorCode.RECOGNITION_FAILED, "lost"))
    talk.events()
    assert len(talk.asked) == 1


def test_what_of_an_item_has_no_effect_is_named(talk: Talk) -> None:
    item = message("user", "one", id="a", object="realtime.item", status="completed")
    added, done = talk.send("conversation.item.create", item=item)
    assert "not_applied" not in added
    part = {"type": "input_audio", "transcript": "two", "audio": "AAAA", "detail": "high"}
    item = {"role": "user", "content": [part], "name": "Ann", "status": "incomplete"}
    added, done = talk.send("conversation.item.create", item=item)
    assert [each["param"] for each in added["not_applied"]] == [
        "item.name",
        "item.status",
        "item.content[0].detail",
        "item.content[0].audio",
    ]
    assert "not_applied" not in done
    reference = {"type": "item_reference", "id": "a", "hint": 1}
    (created,) = talk.send("response.create", response={"input": [reference, item]})
    params = [each["param"] for each in created["not_applied"]]
    assert params[0] == "response.input[1].name"
    assert len(params) == 4


def test_what_has_no_effect_is_named_in_few_words(talk: Talk) -> None:
    many = {f"{number:_>1000}": 1 for number in range(100)}
    added, _ = talk.send("conversation.item.create", item=message("user", "one", **many))
    assert len(added["not_applied"]) == 50
    assert max(len(each["param"]) for each in added["not_applied"]) == 200


def test_items(talk: Talk) -> None:
    added, done = talk.send("conversation.item.create", item=message("user", "two", id="b"))
    assert (added["type"], done["type"]) == ("conversation.item.added", "conversation.item.done")
    assert added["previous_item_id"] is None
    root = {"item": message("system", "one", id="a"), "previous_item_id": "root"}
    assert talk.send("conversation.item.create", **root)[0]["previous_item_id"] is None
    after = {"item": message("user", "three", id="c"), "previous_item_id": "b"}
    assert talk.send("conversation.item.create", **after)[0]["previous_item_id"] == "b"
    (found,) = talk.send("conversation.item.retrieve", item_id="b")
    assert found["item"]["content"] == [{"type": "input_text", "text": "two"}]
    (deleted,) = talk.send("conversation.item.delete", item_id="b")
    assert deleted["item_id"] == "b"
    talk.create()
    assert said(talk.asked[0]) == [("system", "Short."), ("system", "one"), ("user", "three")]


@pytest.mark.parametrize(
    ("kind", "fields", "code"),
    [
        ("conversation.item.retrieve", {"item_id": "x"}, "item_retrieve_invalid_item_id"),
        ("conversation.item.delete", {"item_id": "x"}, "item_delete_invalid_item_id"),
        (
            "conversation.item.truncate",
            {"item_id": "x", "audio_end_ms": 1},
            "item_truncate_invalid_item_id",
        ),
        ("conversation.item.truncate", {"item_id": "a", "audio_end_ms": 1}, "invalid_field"),
        ("conversation.item.truncate", {"item_id": "a", "audio_end_ms": -1}, "invalid_field"),
        (
            "conversation.item.create",
            {"item": message("user", "x", id="a")},
            "item_create_duplicate_item_id",
        ),
        ("conversation.item.create", {"item": message("user", "x" * 1_001)}, "text_too_long"),
        ("conversation.item.create", {"item": message("bot", "x")}, "invalid_field"),
        (
            "conversation.item.create",
            {"item": message("user", "x"), "previous_item_id": "none"},
            "invalid_field",
        ),
        (
            "conversation.item.create",
            {"item": {"type": "function_call_output", "call_id": "1", "output": "x"}},
            "invalid_field",
        ),
        (
            "conversation.item.create",
            {
                "item": {
                    "type": "message",
                    "role": "user",
                    "content": [{"type": "input_audio", "audio": "AAAA"}],
                }
            },
            "unsupported_field",
        ),
        ("response.create", {"response": {"unheard_of": 1}}, "unsupported_field"),
        ("response.create", {"response": 3}, "invalid_field"),
        ("response.create", {"response": {"max_output_tokens": 0}}, "invalid_field"),
        ("response.create", {"response": {"voice": "none"}}, "unknown_voice"),
        (
            "response.create",
            {"response": {"input": [{"type": "item_reference", "id": "x"}]}},
            "item_retrieve_invalid_item_id",
        ),
        ("response.cancel", {}, "response_cancel_not_active"),
        ("output_audio_buffer.clear", {}, "unknown_signal"),
        ("session.update", {"session": {"type": "transcription"}}, "invalid_field"),
    ],
)
def test_errors_leave_the_conversation_as_it_was(
    talk: Talk, kind: str, fields: dict[str, Any], code: str
) -> None:
    talk.send("conversation.item.create", item=message("user", "x", id="a"))
    (error,) = talk.send(kind, **fields)
    assert (error["type"], error["error"]["code"]) == ("error", code)
    number = talk.create()
    assert said(talk.asked[-1]) == [("system", "Short."), ("user", "x")]
    assert talk.answer(number, "y")[-1]["response"]["status"] == "completed"


def test_a_response_of_its_own(talk: Talk) -> None:
    talk.send("conversation.item.create", item=message("user", "x", id="a"))
    number = talk.create(
        modalities=["text"],
        instructions="Loud.",
        temperature=0.3,
        tools=[{"type": "function", "name": "f"}],
        input=[{"type": "item_reference", "id": "a"}, message("assistant", "y")],
    )
    assert said(talk.asked[-1]) == [
        ("system", "Short.\n\nLoud."),
        ("user", "x"),
        ("assistant", "y"),
    ]
    assert talk.asked[-1].temperature == 0.3
    talk.session.model_text(number, "Hi.")
    talk.session.model_done(number, "content_filter")
    done = talk.events()[-1]["response"]
    assert done["output_modalities"] == ["text"]
    assert done["status_details"] == {"type": "incomplete", "reason": "content_filter"}


def references(count: int) -> list[dict[str, Any]]:
    return [{"type": "item_reference", "id": "a"}] * count


@pytest.mark.parametrize(
    ("items", "what"),
    [
        # As many as the limit of a list allows, each of all that a conversation may have.
        (references(1_000), 'Up to item 2, "input" has 2,050 characters'),
        ([message("user", "y" * 600)] * 2, 'Up to item 2, "input" has 1,250 characters'),
        ([message("user", "y" * 1_001)], 'Up to item 1, "input" has 1,001 characters'),
        ([message("user", "")] * 22, 'Up to item 22, "input" has 1,050 characters'),
    ],
)
def test_an_input_may_be_as_long_as_a_conversation(
    talk: Talk, items: list[dict[str, Any]], what: str
) -> None:
    """However often it refers to one text."""
    talk.send("conversation.item.create", item=message("user", "x" * 1_000, id="a"))
    (error,) = talk.send("response.create", response={"input": items})
    assert error["error"]["code"] == "text_too_long"
    assert what in error["error"]["message"]
    assert "a conversation may have 1,000. Send fewer or shorter" in error["error"]["message"]
    assert talk.asked == []
    talk.create(input=references(1))
    assert said(talk.asked[-1])[1:] == [("user", "x" * 1_000)]


def test_what_one_says_in_a_row_is_joined_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[ChatMessage] = []

    def counted(role: Role, content: str) -> ChatMessage:
        made.append(ChatMessage(role, content))
        return made[-1]

    monkeypatch.setattr(realtime_history, "ChatMessage", counted)
    roles: list[Role] = ["user", "user", "assistant", "assistant", "user", "user"]
    items = [ConversationItem(str(n), role, f"{n} ") for n, role in enumerate(roles)]
    items.insert(1, ConversationItem("silent", "assistant", " "))
    assert [(each.role, each.content) for each in chat_messages(items)] == [
        ("user", "0 \n1 "),
        ("assistant", "2 \n3 "),
        ("user", "4 \n5 "),
    ]
    assert len(made) == 3


def test_what_a_response_does_not_apply_is_said(talk: Talk) -> None:
    wishes = {"tools": [{"type": "function"}], "voice": "alloy", "speed": 0.25}
    (created,) = talk.send("response.create", response=wishes)
    params = sorted(each["param"] for each in created["not_applied"])
    assert params == ["response.speed", "response.tools"]


def test_an_empty_answer(talk: Talk) -> None:
    number = talk.create()
    talk.session.model_text(number, "")
    talk.session.model_done(number)
    (done,) = talk.events()
    assert (done["response"]["status"], done["response"]["output"]) == ("completed", [])


def test_the_end_of_the_server(talk: Talk) -> None:
    error = ProtocolError(ErrorCode.SERVER_STOPPING, "stopping")
    talk.append()
    talk.turn(0, "Hello?")
    assert talk.session.under_way
    talk.session.wind_down(error, CloseCode.SERVICE_RESTART)
    talk.session.finished(1)
    assert not any(isinstance(each, Close) for each in talk.events())
    events = talk.answer(talk.asked[0].number, "Hi.")
    assert isinstance(events[-1], Close)
    assert events[-3]["type"] == "response.done"


def test_the_end_of_the_connection(talk: Talk) -> None:
    number = talk.create()
    talk.session.disconnected()
    talk.events()
    assert talk.commands[-1] == StopResponse(number)
    assert talk.session.closed


def test_a_client_that_wants_no_text_of_what_is_said(talk: Talk) -> None:
    talk.send("session.update", session={"audio": {"input": {"transcription": None}}})
    talk.append()
    events = talk.turn(0, "Hello?")
    assert not any("transcription" in kind for kind in kinds(events))
    assert said(talk.asked[0])[-1] == ("user", "Hello?")


# History


def test_the_oldest_items_are_dropped() -> None:
    history = ConversationHistory(300)
    for number in range(10):
        history.add(ConversationItem(str(number), "user", "x" * 50))
    assert history.find("6") is None
    assert history.find("9") is not None
    assert history.before("8") == "7"
    assert history.before("7") is None
    assert len(history.messages()) == 1  # of one speaker


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, ""),
        (0.25, "一二"),
        (0.5, "一二三四"),
        (0.75, "一二三四五六"),
        (1.0, "一二三四五六。七八，"),
        (9.0, "一二三四五六。七八，"),
    ],
)
def test_what_was_heard(seconds: float, text: str) -> None:
    spans = [SpokenSpan(0, 4, 0.0, 0.5), SpokenSpan(4, 7, 0.5, 1.0)]
    whole = "一二三四五六。七八，九十。"
    item = ConversationItem("a", "assistant", whole, audio=True, spoken=spans)
    assert item.heard(seconds) == text


# Anything, in any order

ACTIONS = st.lists(
    st.sampled_from(
        "create cancel append commit clear turn empty begin stop text done failed audio spoken "
        "item delete truncate update finished lost".split()
    ),
    max_size=40,
)


@given(ACTIONS, st.booleans())
def test_any_order(actions: list[str], beta: bool) -> None:
    talk = Talk(beta=beta)
    index = 0
    opened = 1
    active: str | None = None
    items: set[str] = set()
    for action in actions:
        number = talk.asked[-1].number if talk.asked else 0
        session = talk.session
        if action == "create":
            session.text_received('{"type": "response.create"}')
        elif action == "cancel":
            session.text_received('{"type": "response.cancel"}')
        elif action == "append":
            talk_audio = base64.b64encode(bytes(480)).decode()
            session.text_received(
                json.dumps({"type": "input_audio_buffer.append", "audio": talk_audio})
            )
        elif action in ("commit", "clear"):
            session.text_received(json.dumps({"type": f"input_audio_buffer.{action}"}))
        elif action in ("turn", "empty"):
            said_text = "Hello?" if action == "turn" else ""
            session.updated(opened, [Said(index, said_text)], index + 1, "", 0)
            index += 1
        elif action == "begin":
            session.speech_started(opened, float(index))
        elif action == "stop":
            session.speech_stopped(opened, index + 0.5)
        elif action == "text":
            session.model_text(number, "a")
        elif action == "done":
            session.model_done(number)
        elif action == "failed":
            session.response_failed(number, ProtocolError(ErrorCode.MODEL_FAILED, "x"))
        elif action == "audio":
            session.audio(number, b"\0\0", 0.1, (SpokenSpan(0, 1, 0.0, 0.1),))
        elif action == "spoken":
            session.speech_done(number)
        elif action == "item":
            session.text_received(
                json.dumps({"type": "conversation.item.create", "item": message("user", "b")})
            )
        elif action in ("delete", "truncate"):
            fields = {"item_id": sorted(items)[0] if items else "x", "audio_end_ms": 50}
            session.text_received(json.dumps({"type": f"conversation.item.{action}", **fields}))
        elif action == "update":
            session.text_received('{"type": "session.update", "session": {"voice": "alloy"}}')
        elif action == "finished":
            session.finished(opened)
            opened, index = opened + 1, 0
        elif action == "lost":
            session.failed(opened, ProtocolError(ErrorCode.RECOGNITION_FAILED, "x"))
            opened, index = opened + 1, 0
        for event in talk.events():
            kind = event["type"]
            if kind == "response.created":
                assert active is None
                active = event["response"]["id"]
            elif kind == "response.done":
                assert event["response"]["id"] == active
                assert event["response"]["status"] != "in_progress"
                active = None
            elif kind.startswith("response."):
                assert event["response_id"] == active
            elif kind in ("conversation.item.added", "conversation.item.created"):
                items.add(event["item"]["id"])
            elif kind == "error":
                assert event["error"]["message"]
    assert talk.session.under_way or active is None
