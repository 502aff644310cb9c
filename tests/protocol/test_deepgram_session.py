"""The session of Deepgram's clients without a server."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec import UNSET

from liusheng.asr.types import Utterance, Word
from liusheng.protocol import deepgram
from liusheng.protocol.deepgram_session import DeepgramSession
from liusheng.protocol.errors import CloseCode, ErrorCode, ProtocolError
from liusheng.protocol.outbox import Close
from liusheng.protocol.recognition_commands import (
    BeginRecognition,
    EndRecognition,
)
from tests.support.audio_parts import audio_parts

LINEAR = {"encoding": "linear16", "sample_rate": "16000"}


class Client:
    """A session, and its client."""

    def __init__(self, max_seconds: float = 0, **query: str) -> None:
        given = {name: value for name, value in (LINEAR | query).items() if value}
        asked = deepgram.listen_query(given.items())
        self.session = DeepgramSession(
            asked,
            deepgram.start_for(asked, "zh"),
            model="m",
            version="1",
            created="now",
            max_packet_bytes=100_000,
            max_seconds=max_seconds,
        )
        self.closed: CloseCode | None = None

    def send(self, message: Any) -> list[Any]:
        if isinstance(message, bytes):
            self.session.bytes_received(message)
        else:
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


def said(index: int, text: str, start: float, end: float) -> Utterance:
    words = tuple(Word(each, start, end) for each in text.split())
    return Utterance(index, text, words, "en", start, end)


def seconds(count: float) -> bytes:
    return bytes(round(count * 32_000))


def texts(messages: list[dict[str, Any]]) -> list[str]:
    return [each["channel"]["alternatives"][0]["transcript"] for each in messages]


def test_words_have_times_and_no_marks() -> None:
    client = Client()
    client.send(seconds(1))
    client.session.updated(1, [said(0, "Hello, world.", 0.1, 0.9)], 1, "", 0)
    (result,) = client.received()
    assert (result["start"], result["duration"]) == (0.1, 0.8)
    words = result["channel"]["alternatives"][0]["words"]
    assert [(each["word"], each["punctuated_word"]) for each in words] == [
        ("hello", "Hello,"),
        ("world", "world."),
    ]


def test_interim_results_only_where_they_are_wanted_and_new() -> None:
    for interim in ("true", "false"):
        client = Client(interim_results=interim)
        client.send(seconds(1))
        for text in ("a", "a", "a b"):
            client.session.updated(1, [], 0, text, 0)
        assert texts(client.received()) == (["a", "a b"] if interim == "true" else [])


def test_the_last_result_after_finalize_says_so() -> None:
    client = Client()
    client.send(seconds(2))
    assert client.send({"type": "Finalize"}) == [EndRecognition(1)]
    assert not client.session.awaits_client
    client.session.updated(1, [said(0, "one", 0, 1)], 1, "", 0)
    assert client.received() == []
    client.session.updated(1, [said(1, "two", 1, 2)], 2, "", 0)
    client.session.finished(1)
    found = client.received()
    assert texts(found) == ["one", "two"]
    assert [each["from_finalize"] for each in found] == [False, True]
    begun, _ = client.send(seconds(1))
    assert isinstance(begun, BeginRecognition)
    client.session.updated(2, [said(0, "three", 0, 1)], 1, "", 0)
    assert client.received()[0]["start"] == 2.0


def test_silence_after_the_last_word() -> None:
    client = Client(utterance_end_ms="1000", endpointing="false")
    client.send(seconds(1))
    client.session.updated(1, [said(0, "one", 0, 1)], 1, "", 0)
    assert [each["speech_final"] for each in client.received()] == [False]
    client.send(seconds(0.9))
    assert client.received() == []
    client.send(seconds(0.2))
    client.send(seconds(0.2))
    assert client.received() == [{"type": "UtteranceEnd", "channel": [0, 1], "last_word_end": 1.0}]


def test_a_container_cannot_be_finalized() -> None:
    client = Client(encoding="", sample_rate="")
    begun, _ = client.send(b"OggS")
    assert begun.start.format == "ogg_opus"
    client.session.decoded(begun.number, 1.5)
    client.send({"type": "Finalize"})
    assert client.received()[0]["variant"] == "invalid_field"
    client.send({"type": "CloseStream"})
    client.session.finished(begun.number)
    assert client.received()[-1]["duration"] == 1.5


@pytest.mark.parametrize("container", [False, True])
def test_audio_over_the_limit(container: bool) -> None:
    """Samples go on in another recognition; a container cannot be divided: its text comes first."""
    client = Client(max_seconds=1, **({"encoding": "", "sample_rate": ""} if container else {}))
    client.send(b"fLaC" if container else seconds(1))
    if container:
        client.session.decoded(1, 1.1)
        assert list(client.session.commands()) == [EndRecognition(1, drop_rest=True)]
    else:
        end, begun, _ = client.send(seconds(0.1))
        assert (end, begun.number) == (EndRecognition(1), 2)
        client.session.updated(2, [said(0, "two", 0, 0.1)], 1, "", 0)
    assert client.received() == []
    client.session.updated(1, [said(0, "one", 0, 1)], 1, "", 0)
    client.session.finished(1)
    found = client.received()
    if container:
        assert (texts(found[:1]), found[1]["variant"]) == (["one"], "session_too_long")
        assert client.closed is CloseCode.POLICY
    else:
        assert (texts(found), [each["start"] for each in found]) == (["one", "two"], [0, 1])


def test_a_container_that_is_over_the_limit_after_its_end() -> None:
    client = Client(max_seconds=1, encoding="", sample_rate="")
    client.send(b"fLaC")
    client.send({"type": "CloseStream"})
    client.session.decoded(1, 1.1)
    assert list(client.session.commands()) == [EndRecognition(1, drop_rest=True)]
    client.session.finished(1)
    assert client.received()[-1]["variant"] == "session_too_long"


@given(st.lists(st.binary(min_size=1, max_size=70), max_size=12))
def test_samples_are_divided_at_the_limit(packets: list[bytes]) -> None:
    client = Client(max_seconds=0.001)
    commands = [each for packet in packets for each in client.send(packet)]
    assert b"".join(audio_parts(commands, 32)) == b"".join(packets)
    assert not client.session.closed


def test_a_packet_that_is_too_large() -> None:
    client = Client()
    client.send(seconds(1))
    assert client.send(bytes(100_001)) == [EndRecognition(1, cut_short=True)]
    client.session.updated(1, [said(0, "one", 0, 1)], 1, "", 0)
    client.session.finished(1)
    result, error = client.received()
    assert (texts([result]), error["variant"]) == (["one"], "packet_too_large")


@pytest.mark.parametrize(
    ("code", "close"),
    [
        (ErrorCode.SERVER_BUSY, CloseCode.TRY_AGAIN_LATER),
        (ErrorCode.RECOGNITION_FAILED, CloseCode.INTERNAL),
    ],
)
def test_a_lost_recognition_ends_the_connection(code: ErrorCode, close: CloseCode) -> None:
    client = Client()
    client.send(seconds(1))
    client.session.refused(1, ProtocolError(code, "no"))
    assert client.received()[0]["description"] == "no"
    assert client.closed is close
    client.session.updated(1, [said(0, "late", 0, 1)], 1, "", 0)
    client.session.finished(1)
    assert client.send(seconds(1)) == []
    assert client.received() == []


def test_a_server_that_stops_sends_the_text_first() -> None:
    client = Client()
    client.send(seconds(1))
    error = ProtocolError(ErrorCode.SERVER_STOPPING, "bye")
    client.session.wind_down(error, CloseCode.SERVICE_RESTART)
    assert list(client.session.commands()) == [EndRecognition(1, cut_short=True)]
    client.session.updated(1, [said(0, "one", 0, 1)], 1, "", 0)
    client.session.finished(1)
    result, last = client.received()
    assert (result["type"], last["variant"]) == ("Results", "server_stopping")
    idle = Client()
    idle.session.wind_down(error, CloseCode.SERVICE_RESTART)
    assert idle.received()[0]["variant"] == "server_stopping"


def test_a_server_that_stops_at_once_sends_what_is_known() -> None:
    client = Client()
    client.send(seconds(1))
    client.send({"type": "Finalize"})
    client.session.updated(1, [said(0, "one", 0, 1)], 1, "", 0)
    error = ProtocolError(ErrorCode.SERVER_STOPPING, "bye")
    client.session.stop(error, CloseCode.SERVICE_RESTART)
    told, result = client.received()
    assert (told["variant"], texts([result])) == ("server_stopping", ["one"])


@pytest.mark.parametrize("end", [{"type": "CloseStream"}, b""])
def test_a_client_that_has_ended_is_not_told_that_the_server_stops(end: Any) -> None:
    client = Client()
    client.send(seconds(1))
    client.send(end)
    error = ProtocolError(ErrorCode.SERVER_STOPPING, "bye")
    client.session.wind_down(error, CloseCode.SERVICE_RESTART)
    client.session.updated(1, [said(0, "one", 0, 1)], 1, "", 0)
    client.session.finished(1)
    assert [each["type"] for each in client.received()] == ["Results", "Metadata"]
    assert client.closed is CloseCode.NORMAL


def test_texts_are_in_the_order_of_the_audio() -> None:
    """What is said after `Finalize` waits for what was said before it."""
    client = Client()
    client.send(seconds(1))
    client.send({"type": "Finalize"})
    client.session.updated(1, [said(0, "one", 0, 0.5)], 1, "", 0)
    client.send(seconds(1))
    client.session.updated(2, [said(0, "three", 0, 1)], 1, "", 0)
    client.send({"type": "Finalize"})
    client.send({"type": "Finalize"})
    client.session.finished(2)
    assert client.received() == []
    client.session.updated(1, [said(1, "two", 0.5, 1)], 2, "", 0)
    client.session.finished(1)
    found = client.received()
    assert texts(found) == ["one", "two", "three", "", ""]
    assert [each["from_finalize"] for each in found] == [False, True, False, True, True]


def test_what_waited_is_sent_before_the_end() -> None:
    client = Client()
    client.send(seconds(1))
    client.send({"type": "Finalize"})
    client.send(seconds(1))
    client.session.updated(2, [said(0, "two", 0, 1)], 1, "", 0)
    client.session.failed(1, ProtocolError(ErrorCode.RECOGNITION_FAILED, "lost"))
    assert list(client.session.commands()) == [EndRecognition(2, cut_short=True)]
    client.session.updated(2, [said(1, "three", 1, 2)], 2, "", 0)
    client.session.finished(2)
    *results, error = client.received()
    assert (texts(results), error["variant"]) == (["two", "three"], "recognition_failed")


def test_what_is_known_of_a_lost_recognition_is_sent() -> None:
    client = Client()
    client.send(seconds(1))
    client.send({"type": "Finalize"})
    client.session.updated(1, [said(0, "one", 0, 1)], 1, "", 0)
    client.session.failed(1, ProtocolError(ErrorCode.RECOGNITION_FAILED, "lost"))
    result, error = client.received()
    assert (texts([result]), error["variant"]) == (["one"], "recognition_failed")
    assert client.closed is CloseCode.INTERNAL


actions = st.sampled_from(["audio", "Finalize", "KeepAlive", "said", "finished"])


@given(st.lists(actions, max_size=25))
@example(["audio", "Finalize", "said", "audio", "said"])
@example(["audio", "Finalize", "audio", "said", "Finalize", "said"])
def test_each_finalize_has_one_result_and_no_text_is_lost(done: list[str]) -> None:
    client = Client()
    ending: list[int] = []
    open_now: int | None = None
    spoken: list[tuple[int, str]] = []  # with the recognition, in whose order texts are sent
    for each in [*done, "CloseStream", *["finished"] * 30]:
        commands = []
        if each == "audio":
            commands = client.send(seconds(0.1))
        elif each == "said" and (number := open_now or (ending and ending[0])):
            word = f"w{len(spoken)}"
            spoken.append((number, word))
            client.session.updated(number, [said(len(spoken), word, 0, 0.1)], 99, "", 0)
        elif each == "finished" and ending:
            client.session.finished(ending.pop(0))
        elif each not in ("said", "finished"):
            commands = client.send({"type": each})
        for command in commands:
            if isinstance(command, BeginRecognition):
                open_now = command.number
            elif isinstance(command, EndRecognition):
                ending.append(command.number)
                open_now = None
    found = client.received()
    results = [each for each in found if each["type"] == "Results"]
    in_order = sorted(spoken, key=lambda each: each[0])
    assert [each for each in texts(results) if each] == [word for _, word in in_order]
    assert sum(each["from_finalize"] for each in results) == done.count("Finalize")
    assert found[-1]["type"] == "Metadata"
    assert client.closed is CloseCode.NORMAL


def test_parameters() -> None:
    def start(**given: str) -> Any:
        return deepgram.start_for(deepgram.listen_query(given.items()), "zh")

    assert start(**LINEAR).bytes_per_second == 32_000
    assert start(encoding="mulaw").bytes_per_second == 8_000
    assert start(encoding="ogg-opus", sample_rate="48000").sample_rate is UNSET
    assert [start(endpointing=each).endpoint_ms for each in ("10", "9999", "true")] == [
        200,
        5_000,
        UNSET,
    ]
    assert (start(punctuate="false").punctuation, start().punctuation) == (False, UNSET)
    assert start(numerals="true").itn is True
    query = [("keyterm", "a b"), ("keyterm", " "), ("keywords", "c:2"), ("keywords", "d")]
    assert deepgram.start_for(deepgram.listen_query(query), "zh").hotwords == ("a b", "c", "d")
