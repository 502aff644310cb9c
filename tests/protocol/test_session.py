"""What all sessions share, in a session that does nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterable

import msgspec
import pytest

from liusheng.protocol.errors import CloseCode, ErrorCode, ProtocolError
from liusheng.protocol.outbox import Close
from liusheng.protocol.session import BaseSession, random_id


class Note(msgspec.Struct):
    text: str


class EchoSession(BaseSession[str]):
    """Replies with what it receives; its one command is "drop"."""

    def __init__(self) -> None:
        super().__init__(5, lambda: "id")
        self.newest = "none"
        self.waiting = True

    @property
    def awaits_client(self) -> bool:
        return self.waiting

    @property
    def under_way(self) -> bool:
        return False

    def text_received(self, frame: str) -> None:
        self._outbox.append(Note(frame))

    def bytes_received(self, data: bytes) -> None:
        self._outbox.append_when_sent(self.render)

    def render(self) -> Note:
        return Note(self.newest)

    def other(self) -> Note:
        return Note("other")

    def send_other(self) -> None:
        self._outbox.append_when_sent(self.other)

    def _abandon_all(self) -> Iterable[msgspec.Struct]:
        self._commands.append("drop")
        return [Note("dropped")]

    def _report(self, error: ProtocolError) -> None:
        self._outbox.append(Note(error.code.value))


@pytest.fixture
def session() -> EchoSession:
    return EchoSession()


def sent(session: EchoSession) -> list[str | Close]:
    found: list[str | Close] = []
    while (message := session.next_message()) is not None:
        found.append(message if isinstance(message, Close) else json.loads(message)["text"])
    return found


def test_messages_are_sent_in_order_and_once(session: EchoSession) -> None:
    session.text_received("a")
    session.text_received("b")
    assert session.backlog == 2
    assert sent(session) == ["a", "b"]
    assert (session.backlog, session.next_message()) == (0, None)


def test_a_message_rendered_when_sent_has_the_newest_state(session: EchoSession) -> None:
    for _ in range(3):
        session.bytes_received(b"")
    session.send_other()
    session.bytes_received(b"")
    assert session.backlog == 3, "consecutive ones count once"
    session.newest = "first"
    first = session.next_message()
    assert isinstance(first, str)
    assert json.loads(first)["text"] == "first"
    session.newest = "second"
    assert sent(session) == ["second", "second", "other", "second"]


def test_commands_are_given_once(session: EchoSession) -> None:
    session.disconnected()
    assert list(session.commands()) == ["drop"]
    assert list(session.commands()) == []


def test_stop_reports_then_replies_then_closes(session: EchoSession) -> None:
    session.stop(ProtocolError(ErrorCode.SERVER_STOPPING, "later"), CloseCode.GOING_AWAY)
    assert session.closed
    closing = Close(CloseCode.GOING_AWAY, "server_stopping")
    assert sent(session) == ["server_stopping", "dropped", closing]


def test_only_the_first_stop_counts(session: EchoSession) -> None:
    for code in (ErrorCode.SERVER_STOPPING, ErrorCode.INTERNAL_ERROR):
        session.stop(ProtocolError(code, ""), CloseCode.INTERNAL)
    assert [message for message in sent(session) if isinstance(message, Close)] == [
        Close(CloseCode.INTERNAL, "server_stopping")
    ]
    assert list(session.commands()) == ["drop"]


def test_nothing_is_sent_after_the_connection_is_lost(session: EchoSession) -> None:
    session.text_received("a")
    session.disconnected()
    session.stop(ProtocolError(ErrorCode.SERVER_STOPPING, ""), CloseCode.GOING_AWAY)
    assert session.closed
    assert session.next_message() is None


@pytest.mark.parametrize("waiting", [True, False])
def test_only_a_session_that_waits_for_its_client_is_idle(
    session: EchoSession, waiting: bool
) -> None:
    session.waiting = waiting
    session.idle()
    assert session.closed is waiting
    assert bool(sent(session)) is waiting


def test_identifiers_differ() -> None:
    ids = {random_id() for _ in range(100)}
    assert len(ids) == 100
    assert all(len(each) == 32 for each in ids)
