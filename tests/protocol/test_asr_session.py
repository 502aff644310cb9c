"""The state machine of recognition: every rule of the wire, and any sequence of frames."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from liusheng.protocol import asr
from liusheng.protocol.asr_commands import Abandon, Feed, Finish, Open
from liusheng.protocol.asr_session import ASRSession
from liusheng.protocol.errors import CloseCode, ErrorCode, ProtocolError
from liusheng.protocol.outbox import Close

LIMITS = asr.Limits(
    idle_seconds=60, max_packet_bytes=4_000, max_queued_seconds=30, max_session_seconds=0
)
START = json.dumps({"name": "test.wav", "signal": "start", "nbest": 1})
STARTED = asr.Start(name="test.wav")
END = json.dumps({"name": "test.wav", "signal": "end", "nbest": 1})


def start(**fields: Any) -> str:
    return json.dumps({"name": "a", "signal": "start", "nbest": 1, **fields})


@dataclass(frozen=True)
class Said:
    """An utterance without words."""

    index: int
    text: str
    words: tuple[Any, ...] = ()
    start: float = 0.0
    end: float = 1.0
    alternatives: tuple[Any, ...] = ()


class Driver:
    """Does what a server does, at once, and keeps what was done."""

    def __init__(
        self, limits: asr.Limits = LIMITS, *, refusal: ProtocolError | None = None
    ) -> None:
        ids = count()
        self.session = ASRSession(
            languages={"zh", "en"}, limits=limits, new_id=lambda: f"id{next(ids)}"
        )
        self.refusal = refusal
        self.done: list[Any] = []
        self.fed = b""
        self.messages: list[dict[str, Any]] = []
        self.closing: Close | None = None

    def text(self, frame: str) -> list[dict[str, Any]]:
        self.session.text_received(frame)
        return self.settle()

    def audio(self, data: bytes) -> list[dict[str, Any]]:
        self.session.bytes_received(data)
        return self.settle()

    def execute(self) -> None:
        for command in self.session.commands():
            self.done.append(command)
            if isinstance(command, Open):
                self.fed = b""
                if self.refusal:
                    self.session.refused(self.refusal)
                else:
                    self.session.opened("model")
            elif isinstance(command, Feed):
                self.fed += command.data

    def settle(self) -> list[dict[str, Any]]:
        self.execute()
        new = []
        while (message := self.session.next_message()) is not None:
            assert self.closing is None, "nothing is sent after the closing"
            if isinstance(message, Close):
                self.closing = message
            else:
                new.append(json.loads(message))
        self.messages += new
        return new


def started(**options: Any) -> Driver:
    driver = Driver(**options)
    driver.text(START)
    return driver


def test_the_original_dialogue() -> None:
    driver = Driver()
    (ready,) = driver.text(START)
    assert ready["status"] == "ok"
    assert ready["signal"] == "server_ready"
    assert (ready["session"], ready["model"], ready["sample_rate"]) == ("id0", "model", 16_000)
    assert ready["limits"]["max_packet_bytes"] == 4_000
    (reply,) = driver.audio(bytes(2_720))
    assert reply == {"result": "", "utterance": 0, "is_final": True, "stable": ""}
    driver.session.updated([], 0, "你好世界", 2)
    (reply,) = driver.audio(bytes(2_720))
    assert reply == {"result": "你好世界", "utterance": 0, "is_final": False, "stable": "你好"}
    assert driver.text(END) == []
    driver.session.updated([Said(0, "你好，世界。")], 1, "", 0)
    driver.session.finished()
    (final,) = driver.settle()
    assert final["status"] == "ok"
    assert final["name"] == "test.wav"
    assert final["signal"] == "finished"
    assert final["result"] == "你好，世界。"
    assert [time["w"] for time in final["times"]] == list("你好世界")
    assert driver.closing == Close(CloseCode.NORMAL, "finished")
    assert driver.done == [Open("id0", STARTED), Feed(bytes(2_720)), Feed(bytes(2_720)), Finish()]


def test_a_reply_that_waited_carries_the_newest_text() -> None:
    driver = started()
    driver.session.bytes_received(bytes(100))
    driver.session.bytes_received(bytes(100))
    driver.session.updated([], 0, "late news", 0)
    assert [reply["result"] for reply in driver.settle()] == ["late news"] * 2


def test_the_first_message_after_end_is_the_final() -> None:
    driver = started()
    assert driver.text(END) == []
    assert driver.audio(bytes(10)) == []
    assert driver.text("nonsense") == []
    assert driver.text(END) == []
    assert driver.text(START) == []
    driver.session.finished()
    final, *others = driver.settle()
    assert final["signal"] == "finished"
    assert [other["code"] for other in others] == [
        "after_end",
        "invalid_json",
        "after_end",
        "after_end",
    ]
    assert others[0]["result"] == ""


def test_a_second_start_abandons_the_first() -> None:
    driver = started()
    driver.session.updated([Said(0, "old")], 1, "", 0)
    (ready,) = driver.text(json.dumps({"name": "b", "signal": "start", "nbest": 1, "lang": "en"}))
    assert ready["session"] == "id1"
    assert driver.done[-2:] == [Abandon(), Open("id1", asr.Start(name="b", lang="en"))]
    (reply,) = driver.audio(bytes(2))
    assert reply["result"] == ""
    driver.text(END)
    driver.session.finished()
    (final,) = driver.settle()
    assert final["name"] == "b"


@pytest.mark.parametrize(
    ("frame", "code", "status", "words"),
    [
        ("not json", "invalid_json", "error", "not JSON"),
        ("[]", "not_an_object", "error", "[]"),
        ("{}", "unknown_signal", "ok", '"signal" is missing'),
        ('{"signal": "pause"}', "unknown_signal", "ok", '"pause"'),
        ('{"signal": 7}', "unknown_signal", "ok", "7"),
        ('{"signal": "start", "nbest": 1}', "missing_field", "error", '"name"'),
        ('{"signal": "start", "name": 1}', "invalid_field", "error", '"name"'),
        ('{"signal": "start", "name": "a", "lang": "xx"}', "not_supported_by_model", "error", "en"),
        (start(resume=7), "invalid_field", "error", "resume"),
        (start(resume=""), "invalid_field", "error", "resume"),
        (start(resumable="yes"), "invalid_field", "error", "resumable"),
        (start(sample_rate=4_000), "invalid_field", "error", "4000"),
        (start(channels=3), "invalid_field", "error", "1 or 2"),
        (start(format="aac"), "invalid_field", "error", '"ogg_opus"'),
        (start(format="flac", sample_rate=8_000), "invalid_field", "error", '"flac"'),
        (start(format="wav", channels=1), "invalid_field", "error", "container"),
        (start(languages=["zh", "xx"]), "not_supported_by_model", "error", '"languages"'),
        (start(languages="zh"), "invalid_field", "error", "languages"),
        (start(languages=["zh"] * 21), "invalid_field", "error", "languages"),
        (start(hotwords="陈曲澜"), "invalid_field", "error", "hotwords"),
        (start(hotwords=[""]), "invalid_field", "error", "hotwords"),
        (start(endpoint_ms=10), "invalid_field", "error", "200"),
        (start(partials="all"), "invalid_field", "error", '"utterance"'),
        (start(itn="yes"), "invalid_field", "error", "itn"),
        (END, "not_started", "error", "start"),
        ("{" + " " * 30_000 + "}", "message_too_large", "error", "20,000"),
    ],
)
def test_bad_text_frames(frame: str, code: str, status: str, words: str) -> None:
    driver = Driver()
    (error,) = driver.text(frame)
    assert (error["code"], error["status"]) == (code, status)
    explanation = error["detail"] if status == "ok" else error["message"]
    assert words in explanation
    if status == "ok":
        assert error["message"] == "no valid json data"
    assert driver.closing is None
    assert driver.text(START)[0]["signal"] == "server_ready", "the client can go on"


def test_audio_before_start_and_after_a_failed_start() -> None:
    driver = Driver()
    (error,) = driver.audio(b"\0\0")
    assert (error["code"], error["result"]) == ("not_started", "")


def test_a_packet_over_the_limit_is_refused_and_the_session_goes_on() -> None:
    driver = started()
    (error,) = driver.audio(bytes(4_001))
    assert (error["code"], error["result"]) == ("packet_too_large", "")
    (reply,) = driver.audio(bytes(4_000))
    assert "code" not in reply
    assert driver.fed == bytes(4_000)


def test_a_session_has_its_length() -> None:
    limits = asr.Limits(
        idle_seconds=60, max_packet_bytes=32_000, max_queued_seconds=30, max_session_seconds=1
    )
    driver = started(limits=limits)
    assert "code" not in driver.audio(bytes(32_000))[0]
    assert driver.audio(bytes(2))[0]["code"] == "session_too_long"


def test_the_length_is_that_of_the_clients_own_samples() -> None:
    limits = asr.Limits(
        idle_seconds=60, max_packet_bytes=32_000, max_queued_seconds=30, max_session_seconds=1
    )
    driver = Driver(limits=limits)
    (ready,) = driver.text(start(format="pcm_mulaw", sample_rate=8_000))
    assert ready["sample_rate"] == 8_000
    assert "code" not in driver.audio(bytes(8_000))[0]
    assert driver.audio(bytes(1))[0]["code"] == "session_too_long"


def test_the_length_of_a_container_comes_from_its_decoder() -> None:
    limits = asr.Limits(
        idle_seconds=60, max_packet_bytes=32_000, max_queued_seconds=30, max_session_seconds=1
    )
    driver = Driver(limits=limits)
    driver.text(start(format="ogg_opus"))
    driver.audio(bytes(32_000))
    driver.session.decoded(0.9)
    assert "code" not in driver.audio(bytes(32_000))[0]
    driver.session.decoded(0.2)
    driver.execute()
    assert driver.done[-1] == Abandon()
    assert driver.audio(b"more")[0]["code"] == "session_too_long"
    driver.text(END)
    assert driver.messages[-1]["code"] == "session_too_long"


def test_a_container_that_is_found_too_long_after_end_has_no_final() -> None:
    limits = asr.Limits(
        idle_seconds=60, max_packet_bytes=32_000, max_queued_seconds=30, max_session_seconds=1
    )
    driver = Driver(limits=limits)
    driver.text(start(format="ogg_opus"))
    driver.audio(bytes(32_000))
    driver.text(END)
    driver.session.decoded(1.1)
    driver.session.finished()
    driver.settle()
    assert driver.done[-1] == Abandon()
    assert driver.messages[-1]["code"] == "session_too_long"
    assert "several files" in driver.messages[-1]["message"]


def test_parameters_reach_the_recogniser_and_shape_the_replies() -> None:
    driver = Driver()
    driver.text(start(hotwords=["陈曲澜"], partials="utterance", nbest=2, itn=True))
    opened = driver.done[0].start
    assert (opened.hotwords, opened.itn, opened.punctuation) == (("陈曲澜",), True, UNSET)
    driver.session.updated([Said(0, "one"), Said(1, "two")], 2, "three", 0)
    replies = [driver.audio(bytes(2))[0] for _ in range(3)]
    assert [r["result"] for r in replies] == ["one", "two", "three"]
    assert ["times" in r for r in replies] == [True, True, False]
    driver.text(END)
    driver.session.finished()
    (final,) = driver.settle()
    assert final["result"] == "one two"
    assert final["nbest"] == [{"result": "one two", "score": 0.0}]


def test_an_idle_session_gets_an_error_and_is_closed() -> None:
    driver = started()
    driver.session.idle()
    (error,) = driver.settle()
    assert error["code"] == "idle_timeout"
    assert driver.closing == Close(CloseCode.POLICY, "idle_timeout")
    assert driver.done[-1] == Abandon()


def test_waiting_for_the_final_is_not_idleness() -> None:
    driver = started()
    driver.text(END)
    assert not driver.session.awaits_client
    driver.session.idle()
    assert driver.settle() == []


def test_a_full_server_says_so_and_closes() -> None:
    driver = Driver(refusal=ProtocolError(ErrorCode.SERVER_BUSY, "full", retry_after=2.5))
    (error,) = driver.text(START)
    assert (error["code"], error["retry_after"]) == ("server_busy", 2.5)
    assert driver.closing == Close(CloseCode.TRY_AGAIN_LATER, "server busy")


def test_another_refusal_leaves_the_socket_open() -> None:
    driver = Driver(refusal=ProtocolError(ErrorCode.NOT_SUPPORTED_BY_MODEL, "no"))
    assert driver.text(START)[0]["code"] == "not_supported_by_model"
    driver.refusal = None
    assert driver.text(START)[0]["signal"] == "server_ready"


def test_a_failed_recognition_is_reported_in_the_next_reply() -> None:
    driver = started()
    driver.session.failed(ProtocolError(ErrorCode.RECOGNITION_FAILED, "lost"))
    assert driver.settle() == [], "it would be taken for a packet's reply"
    (error,) = driver.audio(bytes(2))
    assert (error["code"], error["result"]) == ("recognition_failed", "")
    assert driver.text(START)[0]["signal"] == "server_ready", "the client can begin anew"


@pytest.mark.parametrize(
    ("code", "close"),
    [("server_busy", CloseCode.TRY_AGAIN_LATER), ("recognition_failed", CloseCode.INTERNAL)],
)
def test_the_close_code_says_whether_to_try_again(code: str, close: CloseCode) -> None:
    driver = started()
    driver.session.failed(ProtocolError(ErrorCode(code), "no"))
    (error,) = driver.text(END)
    assert error["code"] == code
    assert driver.closing
    assert driver.closing.code == close


def test_packets_after_a_failure_are_not_kept() -> None:
    driver = started()
    driver.session.failed(ProtocolError(ErrorCode.RECOGNITION_FAILED, "lost"))
    packets = [bytes([place]) * 10 for place in range(3)]
    before = [sys.getrefcount(packet) for packet in packets]
    for place in range(3):
        assert driver.audio(packets[place])[0]["code"] == "recognition_failed"
    assert [sys.getrefcount(packet) for packet in packets] == before


def test_the_final_has_no_text_that_came_to_nothing() -> None:
    driver = started()
    driver.session.updated([], 0, "嗯嗯", 0)
    driver.text(END)
    driver.session.finished()
    (final,) = driver.settle()
    assert (final["result"], final["times"]) == ("", [])


@pytest.mark.parametrize("when", ["before end", "after end"])
def test_a_lost_recognition_answers_end(when: str) -> None:
    driver = started()
    error = ProtocolError(ErrorCode.RECOGNITION_FAILED, "lost")
    if when == "before end":
        driver.session.failed(error)
        driver.text(END)
    else:
        driver.text(END)
        driver.session.failed(error)
        driver.settle()
    assert driver.messages[-1]["code"] == "recognition_failed"
    assert driver.closing == Close(CloseCode.INTERNAL, "recognition failed")


def test_a_vanished_client_frees_its_recognition() -> None:
    driver = started()
    driver.session.bytes_received(bytes(2))
    driver.session.disconnected()
    driver.execute()
    assert driver.done[-1] == Abandon()
    assert driver.session.next_message() is None
    assert driver.session.closed


def test_the_server_stops() -> None:
    driver = started()
    driver.session.stop(ProtocolError(ErrorCode.SERVER_STOPPING, "bye"), CloseCode.GOING_AWAY)
    (error,) = driver.settle()
    assert error["code"] == "server_stopping"
    assert driver.closing == Close(CloseCode.GOING_AWAY, "server_stopping")


STOPPING = ProtocolError(ErrorCode.SERVER_STOPPING, "bye")
RESTARTED = Close(CloseCode.SERVICE_RESTART, "server_stopping")


def wound_down(driver: Driver) -> Driver:
    driver.session.wind_down(STOPPING, CloseCode.SERVICE_RESTART)
    assert driver.settle() == []
    return driver


def test_a_recognition_that_is_wound_down_gets_its_text_and_no_final() -> None:
    driver = started()
    driver.audio(bytes(10))
    wound_down(driver)
    assert driver.done[-1] == Finish()
    assert driver.session.under_way
    assert not driver.session.awaits_client
    assert driver.audio(bytes(10)) == [], "it is not used"
    assert driver.text(END) == [], "it does not end what was used only in part"
    driver.session.updated([Said(0, "so far")], 1, "", 0)
    driver.session.finished()
    reply, error = driver.settle()
    assert (reply["result"], reply["is_final"]) == ("so far", True)
    assert "signal" not in reply
    assert error["code"] == "server_stopping"
    assert driver.closing == RESTARTED
    assert driver.done.count(Feed(bytes(10))) == 1


def test_each_utterance_that_was_not_reported_is_when_wound_down() -> None:
    driver = Driver()
    driver.text(start(partials="utterance"))
    driver.audio(bytes(10))
    wound_down(driver)
    driver.session.updated([Said(0, "one"), Said(1, "two")], 2, "", 0)
    driver.session.finished()
    assert [message.get("result") for message in driver.settle()] == ["one", "two", None]


@pytest.mark.parametrize("partials", ["cumulative", "utterance"])
def test_what_is_wound_down_is_not_final_for_who_can_go_on_elsewhere(partials: str) -> None:
    driver = Driver()
    driver.text(start(partials=partials, resumable=True))
    driver.session.updated([Said(0, "one")], 1, "two", 0)
    driver.audio(bytes(10))
    wound_down(driver)
    driver.session.updated([Said(1, "two th")], 2, "", 0)
    driver.session.finished()
    reply, error = driver.settle()
    text = "one two th" if partials == "cumulative" else "two th"
    assert (reply["result"], reply["utterance"], reply["is_final"]) == (text, 1, False)
    assert "times" not in reply
    assert error["code"] == "server_stopping"


def speaking() -> Driver:
    driver = started()
    driver.audio(bytes(10))
    return driver


def test_an_end_in_time_is_answered_with_the_final() -> None:
    driver = wound_down(speaking())
    driver.text(END)
    driver.session.finished()
    (final,) = driver.settle()
    assert final["signal"] == "finished"
    assert driver.closing == Close(CloseCode.NORMAL, "finished")


def test_after_end_nothing_is_wound_down() -> None:
    driver = started()
    driver.text(END)
    wound_down(driver)
    driver.session.finished()
    assert driver.settle()[0]["signal"] == "finished"


@pytest.mark.parametrize("driver", [Driver(), started()], ids=["none", "no audio"])
def test_without_audio_there_is_nothing_to_wind_down(driver: Driver) -> None:
    driver.session.wind_down(STOPPING, CloseCode.SERVICE_RESTART)
    assert [message["code"] for message in driver.settle()] == ["server_stopping"]
    assert driver.closing == RESTARTED


def test_a_recognition_that_fails_while_wound_down() -> None:
    driver = wound_down(speaking())
    driver.session.failed(ProtocolError(ErrorCode.RECOGNITION_FAILED, "lost"))
    assert [message["code"] for message in driver.settle()] == ["recognition_failed"]
    assert driver.closing == Close(CloseCode.INTERNAL, "recognition failed")


def test_a_recognition_that_is_not_wound_down_in_time_is_stopped() -> None:
    driver = wound_down(speaking())
    driver.session.stop(STOPPING, CloseCode.SERVICE_RESTART)
    assert [message["code"] for message in driver.settle()] == ["server_stopping"]
    assert driver.done[-1] == Abandon()
    assert driver.closing == RESTARTED


STARTS = [START, start(partials="utterance", nbest=3), start(format="flac")]
frames = st.one_of(
    st.binary(max_size=3),
    st.binary(max_size=5_000),
    st.sampled_from([*STARTS, END, "{}", "[1]", "x", '{"signal": "start"}', '{"signal": null}']),
    st.text(max_size=20),
    st.sampled_from(["<update>", "<finished>", "<failed>", "<pull>", "<idle>"]),
)
sequences = st.lists(frames, max_size=30)


@given(sequences | sequences.map(lambda frames: [START, *frames]), st.booleans())
def test_any_sequence_of_frames(sequence: list[str | bytes], refuse: bool) -> None:
    refusal = ProtocolError(ErrorCode.NOT_SUPPORTED_BY_MODEL, "no") if refuse else None
    driver = Driver(refusal=refusal)
    expected: list[str] = []  # what each frame is to be answered with, while the socket is open
    accepted = b""
    finishing = streaming = False
    deferred: list[str] = []
    utterances = count()
    for frame in sequence:
        if driver.session.closed:
            break
        if frame == "<update>":
            driver.session.updated([Said(next(utterances), "text")], 9, "more", 1)
        elif frame == "<finished>":
            driver.session.finished()
            if finishing:
                expected += ["final", *deferred]
        elif frame == "<failed>":
            driver.session.failed(ProtocolError(ErrorCode.RECOGNITION_FAILED, "lost"))
            if finishing:
                expected += ["text", *deferred]
            streaming = False
        elif frame == "<idle>":
            waiting = driver.session.awaits_client
            driver.session.idle()
            expected += ["text"] if waiting else []
        elif frame == "<pull>":
            driver.settle()
        elif isinstance(frame, bytes):
            driver.session.bytes_received(frame)
            (deferred if finishing else expected).append("reply")
            if streaming and not finishing and len(frame) <= 4_000:
                accepted += frame
        else:
            driver.session.text_received(frame)
            driver.execute()
            if frame == END and streaming and not finishing:
                finishing = True
            else:
                (deferred if finishing else expected).append("text")
            if frame in STARTS and not finishing:
                streaming = not refuse
                accepted = b""
        driver.execute()
        assert driver.fed == accepted, "no accepted audio is dropped"
    driver.settle()
    kinds = [
        "final" if m.get("signal") == "finished" else "reply" if "result" in m else "text"
        for m in driver.messages
    ]
    assert kinds == expected
    if driver.session.closed:
        assert driver.closing is not None


def test_replies_state_how_much_audio_they_cover() -> None:
    driver = started()
    assert "heard" not in driver.audio(bytes(2_720))[0], "nothing was decoded yet"
    driver.session.updated([], 0, "你好", 0, processed=1.23456)
    assert driver.audio(bytes(2_720))[0]["heard"] == 1.235
    assert driver.audio(bytes(2_720))[0]["heard"] == 1.235
    (ready,) = driver.text(START)
    assert ready["signal"] == "server_ready"
    assert "heard" not in driver.audio(bytes(2_720))[0], "another recognition"
