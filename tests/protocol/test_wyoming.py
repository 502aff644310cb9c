"""The events of the Wyoming protocol, and its session without a server."""

from __future__ import annotations

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
from liusheng.protocol.wyoming import Event, EventReader, encode_event
from liusheng.protocol.wyoming_session import WyomingSession

FORMAT: dict[str, Any] = {"rate": 16_000, "width": 2, "channels": 1}

values = st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=5)
events = st.builds(
    lambda kind, data, payload: Event(type=kind, data=data, payload=payload),
    st.text(max_size=10),
    st.dictionaries(st.text(max_size=5), values, max_size=3),
    st.binary(max_size=20),
)


@given(st.lists(events, max_size=4), st.lists(st.integers(1, 200), max_size=20))
def test_events_come_out_as_they_went_in_however_they_are_cut(
    sent: list[Event], cuts: list[int]
) -> None:
    data = b"".join(map(encode_event, sent))
    reader = EventReader(10_000, 10_000)
    found: list[Event] = []
    for cut in [*cuts, len(data)]:
        piece, data = data[:cut], data[cut:]
        found += reader.feed(piece)
    assert found == sent
    assert reader.held == 0


@given(st.binary(max_size=200))
def test_any_bytes_are_events_or_an_error(data: bytes) -> None:
    reader = EventReader(100, 100)
    try:
        for event in reader.feed(data):
            assert isinstance(event.type, str)
    except ProtocolError:
        return
    assert reader.held <= 400


def test_data_may_be_in_the_line_and_after_it() -> None:
    line = b'{"type": "a", "data": {"x": 1, "y": 1}, "data_length": 8, "payload_length": null}\n'
    (event,) = EventReader(1_000, 0).feed(line + b'{"y": 2}')
    assert event.data == {"x": 1, "y": 2}


def test_too_many_values_are_refused_before_they_are_made() -> None:
    many = b'{"x": [' + b"0," * 30_000 + b"0]}"
    line = b'{"type": "a", "data_length": %d}\n' % len(many)
    for data in (line + many, b'{"type": "a", "data": ' + many + b"}\n"):
        with pytest.raises(ProtocolError, match="over the limit of 20,000 values"):
            list(EventReader(100_000, 0).feed(data))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"x" * 101, ErrorCode.MESSAGE_TOO_LARGE),
        (b"x" * 101 + b"\n", ErrorCode.MESSAGE_TOO_LARGE),
        (b'{"type": "a", "data_length": 101}\n', ErrorCode.MESSAGE_TOO_LARGE),
        (b'{"type": "a", "payload_length": 101}\n', ErrorCode.PACKET_TOO_LARGE),
        (b'{"type": "a", "payload_length": -1}\n', ErrorCode.INVALID_JSON),
        (b'{"type": 1}\n', ErrorCode.INVALID_JSON),
        (b'{"type": "a", "data_length": 2}\n[]', ErrorCode.INVALID_JSON),
        (b"\xff\n", ErrorCode.INVALID_JSON),
    ],
)
def test_what_is_refused(data: bytes, code: ErrorCode) -> None:
    with pytest.raises(ProtocolError) as caught:
        list(EventReader(100, 100).feed(data))
    assert caught.value.code is code


def receive(session: WyomingSession, data: bytes) -> None:
    """Receive bytes, and handle all events in them."""
    session.bytes_received(data)
    while session.has_more:
        session.go_on()


class Client:
    """A session, and its client."""

    def __init__(self, **options: Any) -> None:
        settings: dict[str, Any] = {
            "info": {"asr": []},
            "languages": ["zh", "en"],
            "voices": {"mei": ("zh",), "amy": ("en",)},
            "max_packet_bytes": 10_000,
            **options,
        }
        self.session = WyomingSession(**settings)
        self.reader = EventReader(1 << 20, 1 << 20)
        self.closed: CloseCode | None = None

    def send(self, kind: str, payload: bytes = b"", **data: Any) -> list[Any]:
        event = Event(type=kind, data=data, payload=payload)
        receive(self.session, encode_event(event))
        return list(self.session.commands())

    def received(self) -> list[tuple[str, dict[str, Any]]]:
        found: list[tuple[str, dict[str, Any]]] = []
        while (message := self.session.next_message()) is not None:
            if isinstance(message, Close):
                self.closed = message.code
                break
            assert isinstance(message, bytes)
            found += [(each.type, each.data) for each in self.reader.feed(message)]
        return found


def utterance(index: int, text: str, start: float = 0.0, end: float = 1.0) -> Utterance:
    return Utterance(index, text, (), "zh", start, end)


def test_audio_becomes_a_transcript() -> None:
    client = Client()
    assert client.send("transcribe", language="en_US", transcript_names=["Ann", ""]) == []
    assert client.send("audio-start", **FORMAT) == []
    begun, fed = client.send("audio-chunk", b"ab", **FORMAT)
    assert isinstance(begun, BeginRecognition)
    assert (begun.start.lang, begun.start.hotwords, begun.start.rate) == ("en", ("Ann",), 16_000)
    assert fed == FeedRecognition(begun.number, b"ab")
    assert client.session.awaits_client
    client.session.updated(begun.number, [], 0, "hello wor", 5)
    assert client.received() == [("transcript-start", {}), ("transcript-chunk", {"text": "hello"})]
    assert client.send("audio-stop") == [EndRecognition(begun.number)]
    assert client.session.under_way
    assert not client.session.awaits_client
    client.session.updated(begun.number, [utterance(0, "hello world")], 1, "", 0)
    client.session.finished(begun.number)
    assert client.received() == [
        ("transcript-chunk", {"text": " world"}),
        ("transcript", {"text": "hello world"}),
        ("transcript-stop", {}),
    ]
    assert not client.session.under_way


@pytest.mark.parametrize("ended", [False, True])
def test_a_server_that_stops_sends_the_transcript_first(*, ended: bool) -> None:
    client = Client()
    begun, _ = client.send("audio-chunk", b"ab", **FORMAT)
    if ended:
        client.send("audio-stop")
    stopping = ProtocolError(ErrorCode.SERVER_STOPPING, "bye")
    client.session.wind_down(stopping, CloseCode.SERVICE_RESTART)
    ends = list(client.session.commands())
    assert ends == ([] if ended else [EndRecognition(begun.number)])
    assert client.send("audio-chunk", b"ab", **FORMAT) == []
    client.session.updated(begun.number, [utterance(0, "so far")], 1, "", 0)
    client.session.finished(begun.number)
    assert [data.get("text") for _, data in client.received()] == [
        None, "so far", "so far", None, "bye",
    ]  # fmt: skip
    assert client.closed is CloseCode.SERVICE_RESTART


def test_a_server_that_stops_ends_a_connection_without_audio() -> None:
    client = Client()
    stopping = ProtocolError(ErrorCode.SERVER_STOPPING, "bye")
    client.session.wind_down(stopping, CloseCode.SERVICE_RESTART)
    assert client.received() == [("error", {"text": "bye", "code": "server_stopping"})]


def test_a_new_start_drops_the_audio_before_it() -> None:
    client = Client()
    begun, _ = client.send("audio-chunk", b"ab", **FORMAT)
    assert client.send("audio-start", **FORMAT) == [DropRecognition(begun.number)]
    client.session.updated(begun.number, [utterance(0, "late")], 1, "", 0)
    client.session.finished(begun.number)
    assert client.received() == []


@pytest.mark.parametrize("code", [ErrorCode.SERVER_BUSY, ErrorCode.RECOGNITION_FAILED])
def test_a_lost_recognition_ends_the_connection(code: ErrorCode) -> None:
    client = Client()
    begun, _ = client.send("audio-chunk", b"ab", **FORMAT)
    client.session.refused(99, ProtocolError(code, "other"))
    assert client.received() == []
    client.session.refused(begun.number, ProtocolError(code, "no"))
    assert client.received() == [("error", {"text": "no", "code": code.value})]
    assert client.closed is CloseCode.INTERNAL
    assert list(client.session.take_errors()) == [code.value]
    assert client.send("describe") == [DropRecognition(begun.number)]
    assert client.received() == []


def test_audio_over_the_limit_of_seconds() -> None:
    """The client gets the text of what was received, then the error."""
    client = Client(max_seconds=0.1)
    begun, _ = client.send("audio-chunk", bytes(3_200), **FORMAT)
    event = Event(type="audio-chunk", data=FORMAT, payload=bytes(2))
    receive(client.session, 2 * encode_event(event))
    assert list(client.session.commands()) == [EndRecognition(begun.number)]
    client.session.updated(begun.number, [utterance(0, "so far")], 1, "", 0)
    client.session.finished(begun.number)
    *_, transcript, _, error = client.received()
    assert transcript == ("transcript", {"text": "so far"})
    assert error[1]["code"] == "session_too_long"
    assert client.closed is CloseCode.POLICY


def test_a_chunk_over_the_limit_of_seconds_begins_nothing() -> None:
    client = Client(max_seconds=0.1)
    assert client.send("audio-chunk", bytes(3_202), **FORMAT) == []
    assert client.received()[0][1]["code"] == "session_too_long"


def test_texts_are_spoken_one_after_another() -> None:
    client = Client()
    (first,) = client.send("synthesize", text="a", voice={"language": "en-GB"})
    assert isinstance(first, StartText)
    assert (first.voice, first.last) == ("amy", True)
    assert client.send("synthesize", text="b", text_format="ssml") == []
    assert not client.session.awaits_client
    client.session.audio(first.number, b"\0\0")
    client.session.audio(99, b"\0\0")
    client.session.spoken(99, silent=False)
    client.session.spoken(first.number, silent=False)
    kinds = [kind for kind, _ in client.received()]
    assert kinds == ["audio-start", "audio-chunk", "audio-stop"]
    (second,) = client.session.commands()
    assert isinstance(second, StartText)
    assert (second.voice, second.ssml) == ("mei", True)
    client.session.stop(ProtocolError(ErrorCode.SERVER_STOPPING, "bye"), CloseCode.SERVICE_RESTART)
    assert list(client.session.commands()) == [CancelText(second.number)]


def test_a_text_in_pieces_begins_with_its_first_words() -> None:
    client = Client()
    assert client.send("synthesize-start") == []
    assert client.send("synthesize-chunk", text=" ") == []
    (begun,) = client.send("synthesize-chunk", text="a")
    assert isinstance(begun, StartText)
    assert (begun.text, begun.last) == (" a", False)
    assert client.session.awaits_client
    assert client.send("synthesize", text=" ab") == []
    assert client.send("synthesize-chunk", text="b") == [ExtendText(begun.number, "b", last=False)]
    assert client.session.held > 0
    assert client.send("synthesize-start") == [ExtendText(begun.number, "", last=True)]
    client.session.spoken(begun.number, silent=True)
    assert client.received() == [("synthesize-stopped", {})]
    assert client.send("synthesize-stop") == []
    assert client.received() == [("synthesize-stopped", {})]


def test_ssml_in_pieces_is_spoken_when_it_is_whole() -> None:
    client = Client()
    client.send("synthesize-start", text_format="ssml")
    assert client.send("synthesize-chunk", text="<speak>a") == []
    assert client.send("synthesize-chunk", text="</speak>") == []
    (begun,) = client.send("synthesize-stop")
    assert (begun.text, begun.last, begun.ssml) == ("<speak>a</speak>", True, True)


def test_too_many_texts() -> None:
    client = Client()
    for _ in range(101):
        client.send("synthesize", text="a")
    assert client.received()[0][1]["code"] == "too_many_texts"


def test_a_server_without_recognition_or_synthesis() -> None:
    for kind, data in (
        ("transcribe", {}),
        ("audio-start", FORMAT),
        ("audio-stop", {}),
        ("synthesize", {"text": "a"}),
    ):
        client = Client(languages=[], voices={})
        client.send(kind, **data)
        assert client.received()[0][1]["code"] == "not_supported_by_model"


def test_text_frames_are_taken_for_bytes() -> None:
    client = Client()
    client.session.text_received(json.dumps({"type": "ping", "data": {"text": "a"}}) + "\n")
    assert client.received() == [("pong", {"text": "a"})]
    client.send("ping")
    assert client.received() == [("pong", {})]


steps = st.sampled_from(
    [
        ("transcribe", b"", {"language": "zh"}),
        ("audio-start", b"", FORMAT),
        ("audio-chunk", b"ab", FORMAT),
        ("audio-stop", b"", {}),
        ("synthesize", b"", {"text": "a"}),
        ("synthesize-start", b"", {}),
        ("synthesize-chunk", b"", {"text": "a"}),
        ("synthesize-stop", b"", {}),
        ("spoken", b"", {}),
        ("finished", b"", {}),
    ]
)


@given(st.lists(steps, max_size=25))
def test_every_audio_has_its_transcript_and_every_text_its_end(
    sent: list[tuple[str, bytes, dict[str, Any]]],
) -> None:
    """Whatever the order of events: what the client waits for comes, or the connection ends."""
    client = Client()
    recognitions: list[int] = []
    speeches: list[int] = []
    received: list[str] = []

    def do(kind: str, payload: bytes, data: dict[str, Any]) -> None:
        commands = []
        if kind == "spoken" and speeches:
            client.session.spoken(speeches.pop(0), silent=False)
        elif kind == "finished" and recognitions:
            client.session.finished(recognitions.pop(0))
        elif kind not in ("spoken", "finished"):
            commands += client.send(kind, payload, **data)
        commands += client.session.commands()
        recognitions.extend(each.number for each in commands if isinstance(each, EndRecognition))
        speeches.extend(each.number for each in commands if isinstance(each, StartText))
        received.extend(kind for kind, _ in client.received())

    for step in sent:
        do(*step)
    if client.closed is not None:
        assert received.count("error") == 1
        return
    if client.session._speech._texts.growing:
        do("synthesize-stop", b"", {})
    while recognitions or speeches:
        do("spoken", b"", {})
        do("finished", b"", {})
    kinds = [kind for kind, _, _ in sent]
    assert received.count("transcript") == kinds.count("audio-stop")
    assert received.count("synthesize-stopped") == kinds.count("synthesize-start")
    assert not len(client.session._speech._texts)


def test_one_event_of_many_at_a_time() -> None:
    client = Client()
    client.session.bytes_received(encode_event(Event(type="ping", data={"text": "a"})) * 3)
    answered = []
    while True:
        answered.append(client.session.backlog)
        if not client.session.has_more:
            break
        client.session.go_on()
    assert answered == [1, 2, 3, 3]
