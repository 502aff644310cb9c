"""Recognitions that break and are resumed, against the same recognitions unbroken."""

from __future__ import annotations

import json
from collections import deque
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from liusheng.protocol import asr
from liusheng.protocol.asr_commands import Abandon, Detach, Feed, Finish, Open, TakeUp
from liusheng.protocol.asr_recognition import FixedOffer, RecognitionState
from liusheng.protocol.asr_session import ASRSession
from liusheng.protocol.errors import CloseCode, ErrorCode, ProtocolError
from liusheng.protocol.outbox import Close

LIMITS = asr.Limits(
    idle_seconds=60, max_packet_bytes=4_000, max_queued_seconds=30, max_session_seconds=0
)
END = json.dumps({"signal": "end", "name": "a"})
SILENT = ProtocolError(ErrorCode.SLOW_READER, "silent")


class Spoken:
    """A closed utterance of letters, each of which takes a second."""

    alternatives = ()

    def __init__(self, index: int, text: str, start: int) -> None:
        self.index, self.text, self.start, self.end = index, text, float(start), start + len(text)
        self.words = [Letter(c, start + i) for i, c in enumerate(text)]


class Letter:
    def __init__(self, text: str, start: int) -> None:
        self.text, self.start, self.end = text, float(start), start + 1.0


class Letters:
    """A recogniser that reads letters; a full stop closes an utterance."""

    def __init__(self) -> None:
        self.heard = b""
        self.open = ""
        self.index = 0
        self.read = 0
        self.ended = False

    def decode(self, recognition: Any, *, everything: bool = False) -> None:
        """Report the text of some of what was heard to a session, or to what is kept of it."""
        until = len(self.heard) if everything else (self.read + len(self.heard) + 1) // 2
        closed = []
        for letter in self.heard[self.read : until].decode():
            if letter == ".":
                closed.append(self._close())
            else:
                self.open += letter
            self.read += 1
        if everything and self.ended and self.open:
            closed.append(self._close())
        recognition.updated(closed, self.index, self.open, len(self.open) // 2, float(self.read))
        if everything and self.ended:
            recognition.finished()

    def _close(self) -> Spoken:
        spoken = Spoken(self.index, self.open, self.read - len(self.open))
        self.open, self.index = "", self.index + 1
        return spoken


class Server:
    """What a server does with the commands of sessions, at once."""

    def __init__(self) -> None:
        self.engine = Letters()
        self.kept: dict[str, RecognitionState] = {}
        self.sessions: list[ASRSession] = []
        self.of: dict[ASRSession, str] = {}  # what each has
        self.done: list[Any] = []
        self.ids = count()

    def connect(self) -> ASRSession:
        session = ASRSession(languages={"zh"}, limits=LIMITS, new_id=lambda: f"id{next(self.ids)}")
        self.sessions.append(session)
        return session

    def execute(self, session: ASRSession) -> None:
        for command in session.commands():
            self.done.append(command)
            if isinstance(command, Open):
                offer = FixedOffer(command.session, 30)
                self.kept[command.session] = session.opened("model", offer)
                self.of[session] = command.session
            elif isinstance(command, Feed):
                self.engine.heard += command.data
            elif isinstance(command, Finish):
                self.engine.ended = True
            elif isinstance(command, Abandon):
                self.kept.pop(self.of.pop(session), None)
            elif isinstance(command, TakeUp):
                self._take_up(session, command)

    def _take_up(self, session: ASRSession, command: TakeUp) -> None:
        found = self.kept.get(command.token)
        if found is None:
            session.refused(ProtocolError(ErrorCode.UNKNOWN_SESSION, "no such session"))
            return
        for other in self.sessions:
            if other is not session and other.recognition is found:
                other.taken_over()
        session.resumed(found, command.from_utterance)
        self.of[session] = command.token

    def decode(self, *, everything: bool = False) -> None:
        for session in self.sessions:
            if session.recognition is not None:
                self.engine.decode(session, everything=everything)
                return
        for kept in self.kept.values():
            self.engine.decode(kept, everything=everything)


def start(**fields: Any) -> str:
    return json.dumps({"name": "a", "signal": "start", "nbest": 1, "resumable": True, **fields})


def resume(token: str, **fields: Any) -> str:
    return json.dumps({"signal": "start", "resume": token, **fields})


def sent(session: ASRSession) -> list[dict[str, Any]]:
    messages = []
    while (message := session.next_message()) is not None:
        messages.append(
            {"closed": message.code} if isinstance(message, Close) else json.loads(message)
        )
    return messages


def unbroken(audio: bytes, partials: str) -> dict[str, Any]:
    """Return the final reply of a session that never broke."""
    server = Server()
    session = server.connect()
    session.text_received(start(partials=partials))
    server.execute(session)
    session.bytes_received(audio)
    session.text_received(END)
    server.execute(session)
    server.decode(everything=True)
    final, closed = sent(session)[-2:]
    assert closed == {"closed": CloseCode.NORMAL}
    return final


class BrokenConnections(RuleBasedStateMachine):
    """A client, whose connection is cut between any two frames of either direction.

    `uplink` holds frames that the client sent and the server has not received.
    """

    @initialize(
        audio=st.text("abc.", max_size=60).map(str.encode),
        partials=st.sampled_from(["cumulative", "utterance"]),
    )
    def begin(self, audio: bytes, partials: str) -> None:
        self.audio, self.partials = audio, partials
        self.from_utterance = 0
        self.shown = ""
        self.words: list[Any] = []
        self.final: dict[str, Any] | None = None
        self._begin()

    def _begin(self) -> None:
        self.server = Server()
        self.token = ""
        self.position = 0
        self.end_sent = False
        self._connect(start(partials=self.partials))

    def _connect(self, first: str) -> None:
        self.session = self.server.connect()
        self.uplink: deque[str | bytes] = deque([first])
        self.ready = False
        self.unanswered = 0

    # The client

    @property
    def online(self) -> bool:
        return self.session is not None and self.ready and self.final is None

    @precondition(lambda self: self.online and not self.end_sent)
    @rule(size=st.integers(1, 9))
    def send_audio(self, size: int) -> None:
        packet = self.audio[self.position : self.position + size]
        if packet:
            self.uplink.append(packet)
            self.unanswered += 1
            self.position += len(packet)

    @precondition(lambda self: self.online and not self.end_sent)
    @rule()
    def send_end(self) -> None:
        if self.position == len(self.audio):
            self.uplink.append(END)
            self.end_sent = True

    @precondition(lambda self: self.final is None)
    @rule()
    def receive_reply(self) -> None:
        message = self.session.next_message()
        if isinstance(message, str):
            self._take(json.loads(message))

    def _take(self, message: dict[str, Any]) -> None:
        if message.get("signal") == "server_ready":
            self.ready = True
            self.token = message["resume"]["token"]
            if resumed := message.get("resumed"):
                self.position, self.end_sent = resumed["received"], resumed["ended"]
                for reply in resumed["replies"]:
                    self._show(reply)
        elif message.get("signal") == "finished":
            self.final = message
        elif message.get("code") == "unknown_session":
            assert not self.server.engine.heard, "it was not kept, although it had audio"
            self._begin()
        else:
            assert "code" not in message, message
            assert self.unanswered > 0, "a reply to nothing"
            self.unanswered -= 1
            self._show(message)

    def _show(self, reply: dict[str, Any]) -> None:
        self.words += reply.get("times", [])
        if self.partials == "cumulative":
            assert reply["stable"].startswith(self.shown), "stable text changed"
            self.shown = reply["stable"]
        closed = bool(reply["is_final"] and reply["result"])
        assert reply["utterance"] + closed >= self.from_utterance, "it went back"
        self.from_utterance = reply["utterance"] + closed

    # The connection and the server

    @rule()
    def deliver(self) -> None:
        if self.uplink:
            frame = self.uplink.popleft()
            if isinstance(frame, str):
                self.session.text_received(frame)
            else:
                self.session.bytes_received(frame)
            self.server.execute(self.session)

    @rule(everything=st.booleans())
    def decode(self, everything: bool) -> None:
        self.server.decode(everything=everything)

    @precondition(lambda self: self.final is None)
    @rule(server=st.sampled_from(["notices", "sees nothing", "gives up"]), deaf=st.booleans())
    def cut(self, server: str, deaf: bool) -> None:
        """Break the connection; the server notices it, keeps a socket that is half open, or gives
        the client up, which sends or reads nothing."""
        if not deaf:
            while self.uplink:
                self.deliver()
        if server == "gives up":
            closed = self.session.closed
            self.session.unreachable(SILENT, CloseCode.POLICY)
            self.server.execute(self.session)
            unsent = sent(self.session)
            assert closed or not self.server.engine.heard or len(unsent) == 2, (
                "what is repeated on the next connection is not used up here"
            )
        if server == "notices":
            self.session.disconnected(deliberate=False)
            self.server.execute(self.session)
            assert self.session.next_message() is None
        if self.token:
            self._connect(resume(self.token, from_utterance=self.from_utterance))
        else:
            self._begin()  # the answer to the start did not come, so no audio was sent

    @invariant()
    def no_audio_is_lost_or_doubled(self) -> None:
        heard = self.server.engine.heard
        assert heard == self.audio[: len(heard)]

    @invariant()
    def one_session_has_the_recognition(self) -> None:
        owners = [s for s in self.server.sessions if s.recognition and not s.closed]
        assert len([s for s in owners if s.recognition and s.recognition.received]) <= 1

    def teardown(self) -> None:
        """Let the rest pass without a break: the final text is that of an unbroken session."""
        if not hasattr(self, "server"):
            return
        for _ in range(400):
            if self.final is not None:
                break
            while self.uplink:
                self.deliver()
            self.decode(everything=True)
            while self.final is None and (message := self.session.next_message()) is not None:
                if isinstance(message, str):
                    self._take(json.loads(message))
            if self.online and not self.end_sent:
                self.send_audio(9)
                self.send_end()
        assert self.final is not None
        reference = unbroken(self.audio, self.partials)
        assert self.final == reference
        known = len(self.words)
        assert self.words == reference["times"][:known], "times came once, and in order"


def test_any_breaks_leave_the_text_of_an_unbroken_session() -> None:
    run_state_machine_as_test(BrokenConnections, settings=settings(stateful_step_count=40))


def begun(**fields: Any) -> tuple[Server, ASRSession]:
    server = Server()
    session = server.connect()
    session.text_received(start(**fields))
    server.execute(session)
    return server, session


def test_what_a_resumable_recognition_is_told() -> None:
    server, session = begun()
    (ready,) = sent(session)
    assert ready["resume"] == {"token": "id0", "seconds": 30}
    assert "resumed" not in ready
    session.bytes_received(b"ab.c")
    server.execute(session)
    server.decode(everything=True)
    (reply,) = sent(session)
    assert (reply["result"], reply["final_until"]) == ("ab c", 2.0)


def test_what_a_plain_recognition_is_told() -> None:
    session = Server().connect()
    session.text_received(json.dumps({"name": "a", "signal": "start"}))
    for command in session.commands():
        assert isinstance(command, Open)
        session.opened("model")
    session.bytes_received(b"ab")
    ready, reply = sent(session)
    assert "resume" not in ready
    assert "final_until" not in reply
    session.disconnected(deliberate=False)
    assert list(session.commands())[-1] == Abandon(), "nobody comes back"


def test_a_client_that_leaves_is_not_waited_for() -> None:
    server, session = begun()
    session.bytes_received(b"ab")
    session.disconnected(deliberate=True)
    server.execute(session)
    assert server.done[-1] == Abandon()


@pytest.mark.parametrize("silent", [False, True])
def test_one_without_audio_is_not_kept(silent: bool) -> None:
    server, session = begun()
    if silent:
        session.idle()
    session.disconnected(deliberate=False)
    server.execute(session)
    assert server.done[-1] == Abandon()


@pytest.mark.parametrize("ended", [False, True])
def test_a_silent_connection_is_broken_for_all_the_server_knows(ended: bool) -> None:
    server, session = begun()
    session.bytes_received(b"ab.c")
    server.execute(session)
    sent(session)
    if ended:
        session.text_received(END)
        session.unreachable(SILENT, CloseCode.POLICY)  # idle it is not: it waits for the final
    else:
        session.idle()
    server.execute(session)
    assert server.done[-1] == Detach()
    error, closed = sent(session)
    assert error["code"] == ("slow_reader" if ended else "idle_timeout")
    assert closed == {"closed": CloseCode.POLICY}
    session.disconnected(deliberate=True)
    server.execute(session)
    assert server.done[-1] == Detach(), "its client answers the close that it was sent"
    session = server.connect()
    session.text_received(resume("id0"))
    server.execute(session)
    server.decode(everything=True)
    if not ended:
        session.text_received(END)
        server.execute(session)
        server.decode(everything=True)
    assert sent(session)[-2]["result"] == "ab c"


@pytest.mark.parametrize("partials", ["cumulative", "utterance"])
def test_the_answer_repeats_what_may_be_lost(partials: str) -> None:
    server, session = begun(partials=partials)
    session.bytes_received(b"ab.cd.e")
    server.execute(session)
    server.decode(everything=True)
    sent(session)
    session.disconnected(deliberate=False)
    server.execute(session)
    assert server.done[-1] == Detach()
    session = server.connect()
    session.text_received(resume("id0", from_utterance=1))
    server.execute(session)
    (answer,) = sent(session)
    assert answer["session"] == "id0"
    resumed = answer["resumed"]
    assert (resumed["received"], resumed["ended"]) == (7, False)
    texts = [reply["result"] for reply in resumed["replies"]]
    assert texts == (["ab cd e"] if partials == "cumulative" else ["cd", "e"])
    times = [time["w"] for reply in resumed["replies"] for time in reply.get("times", ())]
    assert times == ["cd"], "those of the first utterance were received"


def test_after_the_end_no_utterance_comes_again() -> None:
    server, session = begun(partials="utterance")
    session.bytes_received(b"ab.c")
    session.text_received(END)
    server.execute(session)
    server.decode(everything=True)  # the connection is broken, and the server has not noticed
    again = server.connect()
    again.text_received(resume("id0"))
    server.execute(again)
    replies = sent(again)[0]["resumed"]["replies"]
    assert [reply["utterance"] for reply in replies] == [0, 1, 2]


def test_the_final_is_given_again() -> None:
    server, session = begun()
    session.bytes_received(b"ab")
    session.text_received(END)
    server.execute(session)
    server.decode(everything=True)
    *_, final, closed = sent(session)
    assert closed == {"closed": CloseCode.NORMAL}
    session.disconnected(deliberate=False)  # whether the final was received is not known
    server.execute(session)
    session = server.connect()
    session.text_received(resume("id0"))
    server.execute(session)
    ready, again, closed = sent(session)
    assert ready["resumed"]["ended"]
    assert (again, closed) == (final, {"closed": CloseCode.NORMAL})


@pytest.mark.parametrize("ended", [False, True])
def test_a_failure_while_nobody_is_connected(ended: bool) -> None:
    server, session = begun()
    session.bytes_received(b"ab")
    if ended:
        session.text_received(END)
    session.disconnected(deliberate=False)
    server.execute(session)
    server.kept["id0"].failed(ProtocolError(ErrorCode.RECOGNITION_FAILED, "lost"))
    session = server.connect()
    session.text_received(resume("id0"))
    server.execute(session)
    if not ended:
        session.bytes_received(b"c")
    _, error, *closed = sent(session)
    assert error["code"] == "recognition_failed"
    assert closed == ([{"closed": CloseCode.INTERNAL}] if ended else [])


def test_the_old_connection_is_told_and_closed() -> None:
    server, old = begun()
    sent(old)
    old.bytes_received(b"ab")
    server.execute(old)
    new = server.connect()
    new.text_received(resume("id0"))
    server.execute(new)
    error, closed = sent(old)
    assert error["code"] == "resumed_elsewhere"
    assert closed == {"closed": CloseCode.POLICY}
    assert "result" not in error, "its packet's reply is void"
    old.bytes_received(b"cd")
    old.disconnected(deliberate=False)
    server.execute(old)
    assert server.engine.heard == b"ab"
    assert not isinstance(server.done[-1], Abandon | Detach)
    new.bytes_received(b"cd")
    server.execute(new)
    assert server.engine.heard == b"abcd"


def test_an_old_connection_that_waits_for_its_close_is_left_alone() -> None:
    server, old = begun()
    old.bytes_received(b"ab")
    old.text_received(END)
    server.execute(old)
    server.decode(everything=True)
    new = server.connect()
    new.text_received(resume("id0"))
    server.execute(new)
    assert [m.get("signal") for m in sent(old)][-2] == "finished"
    assert [m.get("signal") for m in sent(new)][:2] == ["server_ready", "finished"]


def test_a_token_of_nothing_leaves_the_connection_open() -> None:
    server = Server()
    session = server.connect()
    session.text_received(resume("elsewhere"))
    server.execute(session)
    session.text_received(start())
    server.execute(session)
    error, ready = sent(session)
    assert error["code"] == "unknown_session"
    assert ready["signal"] == "server_ready"


def test_resuming_abandons_what_is_under_way() -> None:
    server, first = begun()
    first.bytes_received(b"ab")
    first.text_received(start())
    server.execute(first)
    assert server.done[-2] == Abandon()
    first.text_received(resume("id1"))
    server.execute(first)
    assert server.done[-2:] == [Abandon(), TakeUp("id1", 0)]


@given(st.text("ab.", max_size=30), st.integers(0, 40))
def test_replies_are_repeated_from_any_utterance(audio: str, first: int) -> None:
    server, session = begun(partials="utterance")
    session.bytes_received(audio.encode())
    server.execute(session)
    server.decode(everything=True)
    recognition = server.kept["id0"]
    replies = recognition.replies.repeated(first)
    closed = [(place, text) for place, text in enumerate(audio.split(".")[:-1]) if text]
    assert [(r.utterance, r.result) for r in replies if r.is_final] == [
        (place, text) for place, text in closed if place >= first
    ]
    assert replies[-1].result == audio.rsplit(".", maxsplit=1)[-1]
