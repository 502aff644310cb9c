"""The state machine of synthesis: every rule of the wire, and any sequence of frames."""

from __future__ import annotations

import base64
import json
import tracemalloc
from itertools import count, pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liusheng.protocol import tts
from liusheng.protocol.errors import CloseCode, ErrorCode, ProtocolError
from liusheng.protocol.outbox import Close
from liusheng.protocol.synthesis_request import decode_text
from liusheng.protocol.tts_commands import CancelText, ExtendText, StartText
from liusheng.protocol.tts_session import (
    MAX_WAITING_TEXTS,
    TTSSession,
)

START = json.dumps({"task": "tts", "signal": "start"})
END = json.dumps({"task": "tts", "signal": "end", "session": "id0"})
CANCEL = json.dumps({"signal": "cancel"})


def say(text: str, **fields: Any) -> str:
    return json.dumps({"text": text, "spk_id": 0, **fields})


class Driver:
    """Keeps what the session wants done and what it sends."""

    def __init__(self) -> None:
        ids = count()
        self.session = TTSSession(
            voices={0: "anna", 1: "ben"}, max_text_chars=50, new_id=lambda: f"id{next(ids)}"
        )
        self.done: list[Any] = []
        self.messages: list[dict[str, Any]] = []
        self.closing: Close | None = None

    def text(self, frame: str) -> list[dict[str, Any]]:
        self.session.text_received(frame)
        return self.settle()

    def settle(self) -> list[dict[str, Any]]:
        self.done += self.session.commands()
        new = []
        while (message := self.session.next_message()) is not None:
            assert self.closing is None, "nothing is sent after the closing"
            if isinstance(message, Close):
                self.closing = message
            else:
                new.append(json.loads(message))
        self.messages += new
        return new


def started() -> Driver:
    driver = Driver()
    driver.text(START)
    return driver


def test_the_original_dialogue() -> None:
    driver = Driver()
    (ready,) = driver.text(START)
    fields = ready.pop("fields")
    assert ready == {"status": 0, "signal": "server ready", "session": "id0"}
    assert {"text", "spk_id", "voice", "speed", "more"} <= set(fields)
    assert driver.text(say("你好")) == []
    assert driver.done == [StartText(1, "你好", "anna", 1.0)]
    driver.session.audio(1, b"\1\0\2\0")
    (packet,) = driver.settle()
    assert packet == {"status": 1, "audio": base64.b64encode(b"\1\0\2\0").decode()}
    driver.session.finished(1)
    assert driver.settle() == [{"status": 2, "audio": ""}]
    (closing,) = driver.text(END)
    assert closing == {"status": 0, "signal": "connection will be closed", "session": "id0"}
    assert driver.closing == Close(CloseCode.NORMAL, "finished")


def test_texts_are_synthesised_one_after_another() -> None:
    driver = started()
    driver.text(say("one"))
    driver.text(say("two"))
    driver.text(say(""))
    assert driver.text(END) == [], "end waits for what was asked before it"
    assert [command.text for command in driver.done] == ["one"]
    driver.session.finished(1)
    assert driver.settle() == [{"status": 2, "audio": ""}]
    assert [command.text for command in driver.done] == ["one", "two"]
    driver.session.finished(2)
    two, error, after, closing = driver.settle()
    assert (two["status"], error["code"], after["status"]) == (2, "empty_text", 2)
    assert closing["signal"] == "connection will be closed"


@pytest.mark.parametrize(
    ("frame", "code", "words"),
    [
        (say(""), "empty_text", "empty"),
        (say("  \n "), "empty_text", "empty"),
        (say("x" * 51), "text_too_long", "50"),
        (say("a", spk_id=7), "unknown_voice", "anna"),
        (say("a", spk_id="0"), "invalid_field", '"spk_id"'),
        (say("a", spk_id=-1), "invalid_field", '"spk_id"'),
        (say("a", voice="carl"), "unknown_voice", "ben"),
        (say("a", speed=3), "invalid_field", '"speed"'),
        (say("a", volume=3.5), "invalid_field", '"volume"'),
        (say("a", sample_rate=22_050), "invalid_field", "48000"),
        (say("a", format="flac"), "invalid_field", "ogg_opus"),
        (say("a", pace=0), "invalid_field", '"pace"'),
        (say("a", marks="yes"), "invalid_field", '"marks"'),
        (say("a", more="yes"), "invalid_field", '"more"'),
        (say("a", ssml=1), "invalid_field", '"ssml"'),
        (say("not base64!", encoding="base64"), "invalid_field", "base64"),
        (json.dumps({"text": 5}), "invalid_field", '"text"'),
        (json.dumps({"text": None}), "invalid_field", '"text"'),
    ],
)
def test_an_invalid_text_has_a_last_packet_too(frame: str, code: str, words: str) -> None:
    driver = started()
    error, closing = driver.text(frame)
    assert (error["status"], error["code"], error["audio"]) == (-1, code, "")
    assert words in error["message"]
    assert closing == {"status": 2, "audio": ""}
    assert driver.text(say("ok")) == []
    assert driver.done[-1].text == "ok", "the client can go on"


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("x", "invalid_json"),
        ("7", "not_an_object"),
        ("{}", "missing_field"),
        ('{"signal": "pause"}', "unknown_signal"),
        ('{"signal": null}', "unknown_signal"),
        ('{"signal": "start"}', "missing_field"),
        ('{"signal": "start", "task": "asr"}', "invalid_field"),
        ('{"signal": "end"}', "missing_field"),
        ('{"signal": "end", "session": "other"}', "wrong_session"),
        ('{"signal": "end", "session": 3}', "invalid_field"),
    ],
)
def test_frames_that_are_no_texts_are_not_closed_by_a_2(frame: str, code: str) -> None:
    driver = started()
    (error,) = driver.text(frame)
    assert (error["status"], error["code"]) == (-1, code)
    assert driver.closing is None
    driver.text(say("ok"))
    assert driver.done, "the client can go on"


def test_a_binary_frame_has_no_place_here() -> None:
    driver = started()
    driver.session.bytes_received(b"\0\0")
    (error,) = driver.settle()
    assert (error["status"], error["code"]) == (-1, "unexpected_binary")


@pytest.mark.parametrize("frame", [say("hello"), CANCEL, END])
def test_nothing_works_before_start(frame: str) -> None:
    driver = Driver()
    error, *rest = driver.text(frame)
    assert error["code"] == "not_started"
    assert rest == ([{"status": 2, "audio": ""}] if frame == say("hello") else [])
    assert driver.done == []


def test_after_end_nothing_more_is_taken() -> None:
    driver = started()
    driver.text(say("one"))
    driver.text(END)
    driver.text(say("two"))
    driver.session.finished(1)
    assert [m.get("code", m["status"]) for m in driver.settle()] == [2, "after_end", 2, 0]


def test_cancel_stops_everything_at_once() -> None:
    driver = started()
    driver.text(say("one"))
    driver.text(say("two"))
    driver.session.audio(1, b"\0\0")
    driver.session.text_received(CANCEL)
    assert driver.settle() == [{"status": 2, "audio": "", "cancelled": True}] * 2
    assert driver.done[-1] == CancelText(1)
    driver.session.audio(1, b"\0\0")
    driver.session.finished(1)
    assert driver.settle() == [], "late audio of a cancelled text goes nowhere"
    driver.text(say("three"))
    assert driver.done[-1] == StartText(3, "three", "anna", 1.0)


def test_cancel_with_nothing_under_way_is_answered() -> None:
    assert started().text(CANCEL) == [{"status": 2, "audio": "", "cancelled": True}]


def test_a_second_start_begins_anew() -> None:
    driver = started()
    driver.text(say("one"))
    cancelled, ready = driver.text(START)
    assert cancelled == {"status": 2, "audio": "", "cancelled": True}
    assert ready["session"] == "id1"
    assert driver.text(END)[0]["code"] == "wrong_session"


def test_silence_is_an_error_of_its_own() -> None:
    driver = started()
    driver.text(say("……"))
    driver.session.finished(1, silent=True)
    error, closing = driver.settle()
    assert (error["code"], closing["status"]) == ("nothing_to_say", 2)


def test_a_failed_synthesis_is_closed_by_a_2() -> None:
    driver = started()
    driver.text(say("one"))
    driver.session.failed(1, ProtocolError(ErrorCode.SYNTHESIS_FAILED, "broken"))
    error, closing = driver.settle()
    assert (error["status"], error["code"], closing["status"]) == (-1, "synthesis_failed", 2)


def test_only_so_many_texts_wait() -> None:
    driver = started()
    for _ in range(MAX_WAITING_TEXTS + 1):
        assert driver.text(say("a")) == []
    assert driver.text(say("b")) == []
    assert driver.session.backlog == 1, "its sender is read slowly from here on"
    driver.text(CANCEL)
    driver.text(say("c"))
    assert driver.done[-1].text == "c"


def test_one_text_too_many_gets_its_error_in_order() -> None:
    driver = started()
    for _ in range(MAX_WAITING_TEXTS + 2):
        driver.text(say("a"))
    for number in range(1, MAX_WAITING_TEXTS + 2):
        driver.session.finished(number)
    assert [m.get("code", m["status"]) for m in driver.settle()][-2:] == ["too_many_texts", 2]


def test_a_frame_too_long_is_a_text_and_closed_like_one() -> None:
    driver = started()
    driver.text(say("one"))
    assert driver.text(say("好" * 100_000)) == [], "it is told of in its turn"
    driver.session.finished(1)
    assert [m.get("code", m["status"]) for m in driver.settle()] == [2, "message_too_large", 2]


UNREADABLE = {"好" * 100_000: "message_too_large", "x": "invalid_json", "7": "not_an_object"}


@pytest.mark.parametrize(("frame", "code"), UNREADABLE.items())
@pytest.mark.parametrize("waits", [False, True])
def test_a_frame_that_cannot_be_read_ends_the_text_that_is_open(
    frame: str, code: str, waits: bool
) -> None:
    """It may have been the last piece, after which the client waits for status 2."""
    driver = started()
    if waits:
        driver.text(say("one"))
    driver.text(say("two", more=True))
    told = driver.text(frame)
    driver.text(say("three", spk_id=1))
    if waits:
        assert told == [], "it is told of in its turn"
        driver.session.finished(1)
        told = driver.settle()[1:]
    assert [m.get("code", m["status"]) for m in told] == [code]
    driver.session.finished(last_number(driver))
    assert driver.settle() == [{"status": 2, "audio": ""}]
    assert driver.done[-1] == StartText(last_number(driver), "three", "ben", 1.0)


pieces = st.one_of(
    st.sampled_from([*UNREADABLE, "{}", say("a"), say("b", spk_id=1), say("c" * 51)]),
    st.sampled_from([say("d", more=True), say("e", spk_id=7, more=True), '{"more": true}']),
)


last_pieces = st.sampled_from([*UNREADABLE, "{}", say("a"), say("c" * 51)])


@given(st.lists(pieces, max_size=8), last_pieces)
def test_a_text_after_a_last_piece_is_one_of_its_own(before: list[str], last: str) -> None:
    driver = started()
    for frame in (*before, last):
        driver.text(frame)
    driver.text(say("next", spk_id=1))
    for _ in range(len(before) + 2):
        finish(driver)
    assert driver.done[-1] == StartText(last_number(driver), "next", "ben", 1.0)
    assert driver.messages[-1] == {"status": 2, "audio": ""}


def test_end_twice() -> None:
    driver = started()
    driver.text(say("one"))
    assert driver.text(END) == []
    (error,) = driver.text(END)
    assert error["code"] == "after_end"
    driver.session.finished(1)
    assert [m["status"] for m in driver.settle()] == [2, 0]


def test_idleness() -> None:
    driver = started()
    driver.text(say("one"))
    driver.session.idle()
    assert driver.settle() == [], "it is the server's turn"
    driver.session.finished(1)
    driver.session.idle()
    assert [m.get("code") for m in driver.settle()] == [None, "idle_timeout"]
    assert driver.closing == Close(CloseCode.POLICY, "idle_timeout")


def test_the_server_stops() -> None:
    driver = started()
    driver.text(say("one"))
    driver.session.stop(ProtocolError(ErrorCode.SERVER_STOPPING, "bye"), CloseCode.GOING_AWAY)
    error, closing = driver.settle()
    assert (error["code"], closing["status"]) == ("server_stopping", 2)
    assert driver.done[-1] == CancelText(1)


def test_what_a_client_would_lose() -> None:
    driver = started()
    assert not driver.session.under_way
    driver.text(say("one"))
    assert driver.session.under_way
    driver.session.finished(1)
    assert not driver.session.under_way
    driver.text(say("part", more=True))
    assert driver.session.under_way


def test_a_vanished_client_frees_its_synthesis() -> None:
    driver = started()
    driver.text(say("one"))
    driver.session.disconnected()
    driver.settle()
    assert driver.done[-1] == CancelText(1)
    assert driver.session.closed


def test_parameters_of_a_text() -> None:
    driver = started()
    driver.text(
        say("a", spk_id=1, speed=2, volume=0.5, sample_rate=8000, format="mp3", marks=True, pace=1)
    )
    assert driver.done == [StartText(1, "a", "ben", 2.0, 0.5, 8_000, "mp3", True, 1.0, True)]


def test_marks_are_in_every_packet_where_requested() -> None:
    driver = started()
    driver.text(say("你好", marks=True))
    driver.session.audio(1, b"\0\0", [tts.Mark(span=(0, 1), text="你", start=0.0, end=0.2)])
    driver.session.audio(1, b"\0\0", [])
    mark = {"span": [0, 1], "text": "你", "start": 0.0, "end": 0.2}
    assert [packet["marks"] for packet in driver.settle()] == [[mark], []]


# Texts in pieces


def test_a_text_in_pieces_is_one_text() -> None:
    driver = started()
    assert driver.text(say("你", more=True)) == []
    assert driver.done == [StartText(1, "你", "anna", last=False, markup=True)]
    assert driver.text(json.dumps({"text": "好，", "more": True})) == []
    assert driver.text(json.dumps({"text": ""})) == []
    assert driver.done[1:] == [ExtendText(1, "好，", False), ExtendText(1, "", True)]
    driver.session.finished(1)
    assert driver.settle() == [{"status": 2, "audio": ""}]
    driver.text(say("next"))
    assert driver.done[-1] == StartText(2, "next", "anna")


@pytest.mark.parametrize(
    ("fields", "markup"),
    [
        ({}, False),
        ({"more": True}, True),
        ({"markup": True}, True),
        ({"more": True, "markup": False}, False),
    ],
)
def test_markup_is_the_default_for_texts_in_pieces(fields: dict[str, bool], markup: bool) -> None:
    driver = started()
    driver.text(say("你", **fields))
    (start,) = driver.done
    assert isinstance(start, StartText)
    assert start.markup is markup


def test_pieces_of_a_text_that_waits_are_joined() -> None:
    driver = started()
    driver.text(say("one"))
    for piece in ("t", "w"):
        driver.text(say(piece, more=True))
    driver.session.finished(1)
    driver.settle()
    assert driver.done[-1] == StartText(2, "tw", "anna", last=False, markup=True)
    driver.text(say("o"))
    assert driver.done[-1] == ExtendText(2, "o", True)


def test_end_ends_a_text_in_pieces() -> None:
    driver = started()
    driver.text(say("one", more=True))
    assert driver.text(END) == []
    assert driver.done[-1] == ExtendText(1, "", True)
    driver.session.finished(1)
    assert [message["status"] for message in driver.settle()] == [2, 0]


def test_cancel_drops_a_text_in_pieces() -> None:
    driver = started()
    driver.text(say("one", more=True))
    assert driver.text(CANCEL) == [{"status": 2, "audio": "", "cancelled": True}]
    assert driver.done[-1] == CancelText(1)
    driver.text(say("two"))
    assert driver.done[-1] == StartText(2, "two", "anna"), "the next text is a new one"


@pytest.mark.parametrize(
    ("piece", "code", "words"),
    [
        (say("b", voice="ben"), "invalid_field", "first piece"),
        (say("b", spk_id=1), "invalid_field", '"spk_id"'),
        (say("b", speed=2), "invalid_field", "2"),
        (say("b", format="wav"), "invalid_field", '"format"'),
        (say("b", pace=2), "invalid_field", "not set"),
        (say("x" * 50), "text_too_long", "51"),
        (json.dumps({"text": 7}), "invalid_field", '"text"'),
    ],
)
@pytest.mark.parametrize("last", [True, False])
def test_a_piece_that_cannot_be_used_is_left_out(
    piece: str, code: str, words: str, last: bool
) -> None:
    driver = started()
    driver.text(say("a", more=True))
    (error,) = driver.text(json.dumps({**json.loads(piece), "more": not last}))
    assert (error["status"], error["code"]) == (-1, code)
    assert words in error["message"]
    if not last:
        driver.text(say("c"))
    assert driver.done[-1] == ExtendText(1, "" if last else "c", True)
    driver.session.finished(1)
    assert driver.settle() == [{"status": 2, "audio": ""}]


def test_an_invalid_first_part_ends_the_text() -> None:
    driver = started()
    (error,) = driver.text(say("a", voice="carl", more=True))
    assert error["code"] == "unknown_voice"
    assert driver.text(say("b", more=True)) == []
    assert driver.text(say("c")) == [{"status": 2, "audio": ""}]
    assert driver.done == []


def test_ssml_comes_whole() -> None:
    driver = started()
    (error,) = driver.text(say("<speak>", ssml=True, more=True))
    assert error["code"] == "invalid_field"
    assert driver.text(say("</speak>")) == [{"status": 2, "audio": ""}]
    driver.text(say("<speak>a</speak>", ssml=True))
    assert driver.done == [StartText(2, "<speak>a</speak>", "anna", ssml=True)]


def test_a_text_that_fails_between_its_pieces_ends_with_its_last() -> None:
    driver = started()
    driver.text(say("a", more=True))
    driver.session.failed(1, ProtocolError(ErrorCode.SYNTHESIS_FAILED, "broken"))
    assert [message["status"] for message in driver.settle()] == [-1]
    assert driver.text(say("b", more=True)) == []
    assert driver.text(say("c")) == [{"status": 2, "audio": ""}]
    assert len(driver.done) == 1


def test_pieces_with_nothing_in_them_are_an_empty_text() -> None:
    driver = started()
    driver.text(say(" ", more=True))
    driver.text(say(""))
    driver.session.finished(1, silent=True)
    error, closing = driver.settle()
    assert (error["code"], closing["status"]) == ("empty_text", 2)


def test_a_client_that_leaves_a_text_open_is_idle() -> None:
    driver = started()
    driver.text(say("a", more=True))
    assert driver.session.awaits_client
    driver.session.idle()
    assert [m.get("code", m["status"]) for m in driver.settle()] == ["idle_timeout", 2]
    assert driver.done[-1] == CancelText(1)


@given(
    st.lists(
        st.tuples(
            st.text("ab。，", max_size=12),
            st.lists(st.integers(0, 12), max_size=4),
            st.booleans(),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_a_text_is_the_sum_of_its_pieces(texts: list[tuple[str, list[int], bool]]) -> None:
    """However texts are cut, and whether they are said at once or wait: each is said whole, in
    order, and is closed once."""
    driver = started()
    wanted = []
    for text, cuts, said_at_once in texts:
        places = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
        pieces = [text[a:b] for a, b in pairwise(places)]
        for piece in pieces[:-1]:
            driver.text(say(piece, more=True))
        driver.text(say(pieces[-1]))
        if len(pieces) > 1 or text:
            wanted.append(text)
        if said_at_once:
            finish(driver)
    for _ in texts:
        finish(driver)
    assert said(driver) == wanted
    assert [m["status"] for m in driver.messages if "status" in m].count(2) == len(texts)
    assert driver.session.awaits_client


def said(driver: Driver) -> list[str]:
    """The texts that were said whole, from the commands."""
    texts: dict[int, str] = {}
    open_texts: set[int] = set()
    for command in driver.done:
        texts[command.number] = texts.get(command.number, "") + command.text
        open_texts -= {command.number}
        open_texts |= set() if command.last else {command.number}
    return [text for number, text in texts.items() if number not in open_texts]


def finish(driver: Driver) -> None:
    if driver.done:
        driver.session.finished(driver.done[-1].number)
        driver.settle()


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("text", "encoded", "plain"),
    [
        ("你好", False, "你好"),
        (b64("你好世界"), False, "你好世界"),
        (b64("你好"), False, "你好"),
        ("zoom", False, "zoom"),
        ("1688", False, "1688"),
        (b64("hello world"), False, b64("hello world")),
        (b64("hello world"), True, "hello world"),
        (b64("好"), False, b64("好")),
        (b64("好"), True, "好"),
    ],
)
def test_base64_is_recognised_where_it_is_certain(text: str, encoded: bool, plain: str) -> None:
    assert decode_text(text, encoded=encoded) == plain


def test_a_start_after_an_end_that_waits_begins_anew() -> None:
    driver = started()
    driver.text(say("one"))
    assert driver.text(END) == []
    cancelled, ready = driver.text(START)
    assert (cancelled["status"], ready["signal"]) == (2, "server ready")
    assert (driver.closing, driver.session.closed) == (None, False)
    driver.text(say("two"))
    assert [each.text for each in driver.done if isinstance(each, StartText)] == ["one", "two"]


@given(st.text())
def test_plain_text_that_is_no_base64_stays(text: str) -> None:
    if not text.isascii() or len(text) < 8:
        assert decode_text(text, encoded=False) == text


@given(st.text(min_size=1))
def test_declared_base64_comes_back(text: str) -> None:
    assert decode_text(b64(text), encoded=True) == text


frames = st.one_of(
    st.sampled_from(
        [
            *(START, END, CANCEL, say("hello"), say(""), say("x" * 99), "{}", "x"),
            *(say("he", more=True), say("", more=True), say("a", voice="carl", more=True)),
            *("<audio>", "<spoken>", "<failed>"),
        ]
    ),
    st.binary(max_size=4),
    st.text(max_size=20),
)


@given(st.lists(frames, max_size=30))
def test_any_sequence_of_frames(sequence: list[str | bytes]) -> None:
    driver = Driver()
    texts = 0
    for frame in sequence:
        if frame == "<audio>":
            driver.session.audio(last_number(driver), b"\0\0")
        elif frame == "<spoken>" and not growing(driver):
            driver.session.finished(last_number(driver))
        elif frame == "<failed>":
            driver.session.failed(
                last_number(driver), ProtocolError(ErrorCode.SYNTHESIS_FAILED, "broken")
            )
        elif isinstance(frame, bytes):
            driver.session.bytes_received(frame)
        elif not (driver.session.closed or frame.startswith("<")):
            driver.session.text_received(frame)
            texts += '"text"' in frame and '"more": true' not in frame
        driver.settle()
    for _ in range(len(sequence)):
        if not growing(driver):
            driver.session.finished(last_number(driver))
        driver.settle()
    closings = sum(1 for message in driver.messages if message["status"] == 2)
    assert closings >= texts, "every text ends in a status 2 packet"
    if driver.session.closed:
        assert driver.closing is not None


def last_number(driver: Driver) -> int:
    return max((c.number for c in driver.done if isinstance(c, StartText)), default=1)


def growing(driver: Driver) -> bool:
    """Whether the text that is being said is not whole yet."""
    number = last_number(driver)
    of_text = [c for c in driver.done if c.number == number and not isinstance(c, CancelText)]
    return bool(of_text) and not of_text[-1].last


@pytest.mark.parametrize(
    "text",
    [
        {"text": "流" * 5_000},
        {"text": "流" * 20_000},
        {"text": "流" * 5_000, "spk_id": "x" * 5_000},
        {"text": "流" * 5_000, "ssml": 5},
        {"text": " " * 5_000},
    ],
)
def test_what_waits_is_charged(text: dict[str, Any]) -> None:
    """An error that is kept must not keep the message that it is about."""
    session = TTSSession(voices={0: "anna"}, max_text_chars=10_000, new_id=lambda: "id")
    session.text_received(json.dumps({"task": "tts", "signal": "start"}))
    frame = json.dumps(text, ensure_ascii=False).encode()
    tracemalloc.start()
    try:
        for _ in range(400):
            session.text_received(frame.decode())
            list(session.commands())
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 2 * session.held + (1 << 20)
