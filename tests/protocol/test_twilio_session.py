"""The session of a call without a server."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liusheng.asr.types import Utterance
from liusheng.protocol.errors import CloseCode, ErrorCode, ProtocolError
from liusheng.protocol.outbox import Close
from liusheng.protocol.recognition_commands import (
    BeginRecognition,
    DropRecognition,
    EndRecognition,
    FeedRecognition,
)
from liusheng.protocol.tts_commands import CancelText, ExtendText, StartText
from liusheng.protocol.twilio_session import TwilioSession
from tests.support.audio_parts import audio_parts

MEDIA = {"event": "media", "media": {"payload": base64.b64encode(b"\xff" * 800).decode()}}
LOST = ProtocolError(ErrorCode.RECOGNITION_FAILED, "lost")
BYE = ProtocolError(ErrorCode.SERVER_STOPPING, "bye")


class Client:
    """A session, and its client."""

    def __init__(self, max_seconds: float = 0, **parameters: str) -> None:
        self.session = TwilioSession(
            languages=["zh", "en"],
            voices={"mei": ("zh",), "amy": ("en",)},
            max_packet_bytes=10_000,
            max_seconds=max_seconds,
        )
        self.closed: CloseCode | None = None
        self.send({"event": "start", "streamSid": "S", "start": {"customParameters": parameters}})

    def send(self, message: Any) -> list[Any]:
        self.session.text_received(json.dumps(message))
        return list(self.session.commands())

    def received(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while (message := self.session.next_message()) is not None:
            if isinstance(message, Close):
                self.closed = message.code
                break
            found.append(json.loads(message))
        return found


def said(index: int, text: str) -> Utterance:
    return Utterance(index, text, (), "zh", 0.0, 0.1)


def test_audio_is_mu_law_at_8_khz() -> None:
    client = Client(lang="en-US", hotwords="Ann,,Bob", endpointMs="400.0")
    begun, fed = client.send(MEDIA)
    assert isinstance(begun, BeginRecognition)
    start = begun.start
    assert (start.lang, start.format, start.rate) == ("en", "pcm_mulaw", 8_000)
    assert (start.hotwords, start.endpoint_ms) == (("Ann", "Bob"), 400)
    assert fed == FeedRecognition(begun.number, b"\xff" * 800)


def test_a_call_goes_on_with_another_recognition_when_one_is_lost() -> None:
    client = Client()
    first, _ = client.send(MEDIA)
    client.session.updated(first.number, [said(0, "one")], 1, "tw", 0)
    client.session.failed(first.number, LOST)
    second, _ = client.send(MEDIA)
    client.session.updated(first.number, [said(1, "late")], 2, "", 0)
    client.session.updated(second.number, [said(0, "two")], 1, "", 0)
    found = client.received()
    assert [each.get("text", each.get("code")) for each in found] == [
        "one",
        "tw",
        "recognition_failed",
        "two",
    ]
    numbers = [each["utterance"] for each in found if each["event"] == "transcript"]
    assert numbers == [0, 1, 2]
    assert found[-1]["start"] == 0.1


def test_a_call_whose_last_recognition_is_lost_ends() -> None:
    client = Client()
    begun, _ = client.send(MEDIA)
    assert client.send({"event": "stop"}) == [EndRecognition(begun.number)]
    assert not client.session.awaits_client
    client.session.failed(begun.number, LOST)
    assert client.received()[0]["code"] == "recognition_failed"
    assert client.closed is CloseCode.NORMAL


def test_a_call_without_audio_ends_at_once() -> None:
    client = Client()
    client.send({"event": "stop"})
    assert client.received() == []
    assert client.closed is CloseCode.NORMAL


def test_a_server_that_stops_sends_the_text_first() -> None:
    client = Client()
    client.session.wind_down(BYE, CloseCode.SERVICE_RESTART)
    assert client.received()[0]["code"] == "server_stopping"
    client = Client()
    begun, _ = client.send(MEDIA)
    client.session.wind_down(BYE, CloseCode.SERVICE_RESTART)
    client.session.updated(begun.number, [said(0, "one")], 1, "", 0)
    client.session.finished(begun.number)
    assert [each["event"] for each in client.received()] == ["transcript", "error"]
    assert client.closed is CloseCode.SERVICE_RESTART


def test_a_call_that_has_ended_is_not_told_that_the_server_stops() -> None:
    client = Client()
    begun, _ = client.send(MEDIA)
    client.send({"event": "stop"})
    client.session.wind_down(BYE, CloseCode.SERVICE_RESTART)
    client.session.updated(begun.number, [said(0, "one")], 1, "", 0)
    client.session.finished(begun.number)
    assert [each["event"] for each in client.received()] == ["transcript"]
    assert client.closed is CloseCode.NORMAL


def test_audio_over_the_limit() -> None:
    """The call goes on in another recognition, whose text waits for that of the first."""
    client = Client(max_seconds=0.15)
    first, _ = client.send(MEDIA)
    client.session.updated(first.number, [said(0, "one")], 1, "two", 0)
    assert [each["text"] for each in client.received()] == ["one", "two"]
    _, ended, second, _ = client.send(MEDIA)
    assert ended == EndRecognition(first.number)
    client.session.updated(second.number, [said(0, "three")], 1, "fo", 0)
    client.session.updated(second.number, [], 1, "four", 0)
    assert client.received() == []
    client.session.updated(first.number, [said(1, "two")], 2, "", 0)
    client.session.finished(first.number)
    found = client.received()
    assert [each["text"] for each in found] == ["two", "three", "four"]
    assert [each["utterance"] for each in found] == [1, 2, 3]
    assert [each.get("start") for each in found] == [0, 0.15, None]
    assert client.send({"event": "stop"}) == [EndRecognition(second.number)]
    client.session.updated(second.number, [said(1, "four")], 2, "", 0)
    client.session.finished(second.number)
    assert [each["text"] for each in client.received()] == ["four"]
    assert client.closed is CloseCode.NORMAL


@pytest.mark.parametrize("how", ["refused", "failed"])
def test_what_follows_the_limit_and_is_lost_does_not_take_the_text_before_with_it(
    how: str,
) -> None:
    client = Client(max_seconds=0.1)
    client.send(MEDIA)
    client.send(MEDIA)
    if how == "refused":
        client.session.refused(2, ProtocolError(ErrorCode.SERVER_BUSY, "full"))
    else:
        client.session.failed(2, LOST)
        client.send({"event": "stop"})
    assert client.closed is None
    client.session.updated(1, [said(0, "one")], 1, "", 0)
    client.session.finished(1)
    events = [each["event"] for each in client.received()]
    assert sorted(events) == ["error", "transcript"]
    assert client.closed is (CloseCode.TRY_AGAIN_LATER if how == "refused" else CloseCode.NORMAL)


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=40))
def test_what_is_said_is_told_once_and_in_order(steps: list[tuple[int, bool]]) -> None:
    """Whichever recognition is the first to have its text."""
    client = Client(max_seconds=0.1)
    for _ in range(4):
        client.send(MEDIA)
    client.send({"event": "stop"})
    spoken: dict[int, list[str]] = {number: [] for number in range(1, 5)}
    finished: set[int] = set()
    for step, ends in (*steps, *((number, True) for number in range(4))):
        number = step + 1
        if number in finished:
            continue
        index = len(spoken[number])
        spoken[number].append(f"{number}-{index}")
        client.session.updated(number, [], index, "open", 0)
        client.session.updated(number, [said(index, spoken[number][-1])], index + 1, "", 0)
        if ends:
            finished.add(number)
            client.session.finished(number)
    finals = [each for each in client.received() if each["isFinal"]]
    assert [each["text"] for each in finals] == [text for said in spoken.values() for text in said]
    assert [each["utterance"] for each in finals] == list(range(len(finals)))
    assert client.closed is CloseCode.NORMAL


@given(st.lists(st.binary(min_size=1, max_size=70), max_size=12))
def test_a_call_is_divided_at_the_limit(packets: list[bytes]) -> None:
    client = Client(max_seconds=0.002)
    commands = []
    for packet in packets:
        payload = base64.b64encode(packet).decode()
        commands += client.send({"event": "media", "media": {"payload": payload}})
    assert b"".join(audio_parts(commands, 16)) == b"".join(packets)
    assert client.received() == []


def test_a_packet_that_is_too_large() -> None:
    client = Client()
    payload = base64.b64encode(bytes(10_001)).decode()
    assert client.send({"event": "media", "media": {"payload": payload}}) == []
    assert client.received()[0]["code"] == "packet_too_large"


def test_clear_drops_audio_that_was_not_sent() -> None:
    client = Client(voice="amy")
    (begun,) = client.send({"event": "speak", "text": "a", "speed": 1.5})
    assert isinstance(begun, StartText)
    assert (begun.voice, begun.speed, begun.sample_rate) == ("amy", 1.5, 8_000)
    client.send({"event": "speak", "text": "b"})
    client.session.audio(begun.number, b"ab")
    assert client.send({"event": "clear"}) == [CancelText(begun.number)]
    client.session.audio(begun.number, b"ab")
    client.session.spoken(begun.number, silent=False)
    assert client.received() == [{"event": "clear", "streamSid": "S"}]
    assert not client.session.under_way


@pytest.mark.parametrize("parameters", [{"lang": "tlh"}, {"endpointMs": "1"}, {"voice": "x"}])
def test_parameters_that_cannot_be_served(parameters: dict[str, str]) -> None:
    client = Client(0, **parameters)
    assert client.received()[0]["event"] == "error"


@given(st.lists(st.sampled_from(["speak", "more", "spoken", "silent", "failed"]), max_size=20))
def test_every_text_has_its_mark_in_order(done: list[str]) -> None:
    client = Client()
    speaking: list[int] = []
    growing = False
    names: list[str] = []
    for each in [*done, "speak", *["spoken"] * 25]:
        commands: list[Any] = []
        if each in ("speak", "more"):
            name = f"n{len(names)}"
            if not growing:
                names.append(name)
            growing = each == "more"
            commands = client.send({"event": "speak", "text": "a", "more": growing, "name": name})
        elif speaking and not (growing and client.session._speech._texts.growing):
            number = speaking.pop(0)
            if each == "failed":
                client.session.failed(number, LOST)
            else:
                client.session.spoken(number, silent=each == "silent")
        commands += client.session.commands()
        speaking += [command.number for command in commands if isinstance(command, StartText)]
    marks = [each["mark"]["name"] for each in client.received() if each["event"] == "mark"]
    assert marks == names


def speak(client: Client, text: str, *, more: bool = False) -> list[Any]:
    return client.send({"event": "speak", "text": text, "more": more})


@pytest.mark.parametrize("how", ["interrupted", "failed"])
def test_pieces_of_a_text_that_is_over_are_dropped(how: str) -> None:
    client = Client()
    heard, _ = client.send(MEDIA)
    (begun,) = speak(client, "a", more=True)
    if how == "interrupted":
        client.session.updated(heard.number, [], 0, "stop", 0)
        assert list(client.session.commands()) == [CancelText(begun.number)]
    else:
        client.session.failed(begun.number, LOST)
    assert speak(client, "b", more=True) == []
    assert speak(client, "c") == []
    (other,) = speak(client, "d")
    assert other.text == "d"


LAST_PIECES = {
    "over the limit": json.dumps({"event": "speak", "text": "x" * 200_000}),
    "not JSON": "x",
    "invalid": json.dumps({"event": "speak", "text": 7}),
    "too long a text": json.dumps({"event": "speak", "text": "x" * 10_000}),
}


@pytest.mark.parametrize("last", LAST_PIECES)
@pytest.mark.parametrize("cut_off", [False, True])
def test_a_last_piece_that_cannot_be_used_ends_its_text(last: str, cut_off: bool) -> None:
    client = Client()
    heard, _ = client.send(MEDIA)
    (begun,) = speak(client, "a", more=True)
    if cut_off:
        client.session.updated(heard.number, [], 0, "stop", 0)
    client.session.text_received(LAST_PIECES[last])
    if not cut_off:
        assert list(client.session.commands()) == [ExtendText(begun.number, "", last=True)]
        client.session.spoken(begun.number, silent=False)
    list(client.session.commands())
    (other,) = speak(client, "b")
    assert (other.text, other.last) == ("b", True)


def test_the_bots_own_clear_ends_its_text() -> None:
    client = Client()
    speak(client, "a", more=True)
    client.send({"event": "clear"})
    (other,) = speak(client, "b")
    assert (other.text, other.last) == ("b", True)


def test_another_start_begins_a_call_anew() -> None:
    client = Client()
    first, _ = client.send(MEDIA)
    client.session.updated(first.number, [said(0, "one")], 1, "", 0)
    assert client.send({"event": "start", "streamSid": "T", "start": {}}) == [
        DropRecognition(first.number)
    ]
    second, _ = client.send(MEDIA)
    client.session.updated(second.number, [said(0, "two")], 1, "", 0)
    last = client.received()[-1]
    assert (last["streamSid"], last["utterance"], last["start"]) == ("T", 0, 0.0)
