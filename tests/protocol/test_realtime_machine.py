"""Any sequence of a client's events and a recogniser's results, in OpenAI's Realtime protocol.

What must hold: each committed item is completed or failed once, and if the connection lives, always
in the end; its deltas make up its transcript; items follow each other by `previous_item_id`; and
each recognition that was opened is finished or abandoned.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from liusheng.protocol.errors import CloseCode, ErrorCode, ProtocolError
from liusheng.protocol.outbox import Close
from liusheng.protocol.realtime_session import RealtimeSession
from liusheng.protocol.recognition_commands import (
    BeginRecognition,
    DropRecognition,
    EndRecognition,
    FeedRecognition,
)
from tests.support.able import Able

texts = st.text("ab ", max_size=6)
LOST = ProtocolError(ErrorCode.RECOGNITION_FAILED, "lost")


@dataclass(frozen=True)
class Said:
    index: int
    text: str
    start: float = 0.0
    end: float = 1.0
    words: tuple[Any, ...] = ()
    alternatives: tuple[Any, ...] = ()


@dataclass
class Recogniser:
    """The engine's side of one recognition."""

    index: int = 0  # of the utterance that is open
    finishing: bool = False
    data: bytes = b""


@dataclass
class Item:
    """The client's side of one item."""

    committed: bool = False
    deltas: str = ""
    ends: list[str] = field(default_factory=list)


class AnyRealtimeSession(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        numbers = count()
        self.session = RealtimeSession(
            support=Able(),
            max_append_bytes=100,
            max_seconds=0.01,
            new_id=lambda: str(next(numbers)),
        )
        self.running: dict[int, Recogniser] = {}
        self.opened: set[int] = set()
        self.ended: set[int] = set()
        self.items: dict[str, Item] = {}
        self.last: str | None = None
        self.closing: Close | None = None

    # The client

    @rule(size=st.integers(0, 120))
    def append(self, size: int) -> None:
        self.send("input_audio_buffer.append", audio=base64.b64encode(bytes(size)).decode())

    @rule()
    def append_what_is_no_audio(self) -> None:
        self.send("input_audio_buffer.append", audio="?")

    @rule()
    def commit(self) -> None:
        self.send("input_audio_buffer.commit")

    @rule()
    def clear(self) -> None:
        self.send("input_audio_buffer.clear")

    @rule(turns=st.sampled_from([None, {"type": "server_vad"}]))
    def update(self, turns: dict[str, str] | None) -> None:
        self.send("session.update", session={"audio": {"input": {"turn_detection": turns}}})

    @rule(frame=st.sampled_from(["", "{}", "[]", '{"type": 1}', '{"type": "x", "event_id": 7}']))
    def nonsense(self, frame: str) -> None:
        self.session.text_received(frame)

    @rule()
    def bytes_received(self) -> None:
        self.session.bytes_received(b"abc")

    # The recogniser

    @precondition(lambda self: self.running)
    @rule(data=st.data(), text=texts, stable=st.integers(0, 6), closes=st.booleans())
    def updated(self, data: st.DataObject, text: str, stable: int, closes: bool) -> None:
        number, recogniser = data.draw(st.sampled_from(sorted(self.running.items())))
        closed = []
        if closes:
            closed.append(Said(recogniser.index, text))
            recogniser.index += 1
            text, stable = "", 0
        self.session.updated(number, closed, recogniser.index, text, min(stable, len(text)))

    @precondition(lambda self: any(each.finishing for each in self.running.values()))
    @rule(data=st.data())
    def finished(self, data: st.DataObject) -> None:
        ready = sorted(number for number, each in self.running.items() if each.finishing)
        number = data.draw(st.sampled_from(ready))
        del self.running[number]
        self.session.finished(number)

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def failed(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(sorted(self.running)))
        del self.running[number]
        self.ended.add(number)
        self.session.failed(number, LOST)

    @rule(number=st.integers(0, 30))
    def results_of_what_has_ended(self, number: int) -> None:
        if number not in self.running:
            self.session.updated(number, [Said(0, "late")], 1, "late", 0)
            self.session.finished(number)

    # The server

    @rule()
    def idle(self) -> None:
        self.session.idle()

    @precondition(lambda self: len(self.opened) > 3)
    @rule(winds_down=st.booleans())
    def stop(self, winds_down: bool) -> None:
        end = self.session.wind_down if winds_down else self.session.stop
        end(ProtocolError(ErrorCode.SERVER_STOPPING, "bye"), CloseCode.SERVICE_RESTART)

    # What comes out

    def send(self, kind: str, **fields: Any) -> None:
        self.session.text_received(json.dumps({"type": kind, **fields}))

    @invariant()
    def settle(self) -> None:
        for command in self.session.commands():
            self.execute(command)
        while (message := self.session.next_message()) is not None:
            assert self.closing is None, "nothing is sent after the close"
            if isinstance(message, Close):
                self.closing = message
            else:
                self.receive(json.loads(message))

    def execute(self, command: object) -> None:
        if isinstance(command, BeginRecognition):
            assert command.number not in self.opened
            self.opened.add(command.number)
            self.running[command.number] = Recogniser()
        elif isinstance(command, FeedRecognition):
            recogniser = self.running[command.number]
            assert not recogniser.finishing
            recogniser.data += command.data
            assert len(recogniser.data) <= 480, "max_seconds"
        elif isinstance(command, EndRecognition):
            assert not self.running[command.number].finishing
            self.running[command.number].finishing = True
            self.ended.add(command.number)
        else:
            assert isinstance(command, DropRecognition)
            del self.running[command.number]
            self.ended.add(command.number)

    def receive(self, event: dict[str, Any]) -> None:
        kind = event["type"].rpartition(".")[2]
        if "item_id" not in event:
            return
        item = self.items.setdefault(event["item_id"], Item())
        assert not item.ends, "nothing follows the end of an item"
        if kind == "committed":
            assert not item.committed
            item.committed = True
            assert event["previous_item_id"] == self.last
            self.last = event["item_id"]
        elif kind == "delta":
            item.deltas += event["delta"]
        elif kind in ("completed", "failed"):
            assert kind == "failed" or item.committed
            item.ends.append(kind)
            if kind == "completed" and event["transcript"].startswith(item.deltas):
                assert item.deltas == event["transcript"]

    def teardown(self) -> None:
        """Let every recognition end."""
        self.settle()
        for number in [number for number, each in self.running.items() if each.finishing]:
            del self.running[number]
            self.session.finished(number)
            self.settle()
        if not self.closing:
            assert all(item.ends for item in self.items.values() if item.committed)
            assert self.opened - self.ended == set(self.running)
            assert len(self.running) <= 1, "only the current one may go on"
        else:
            assert not self.running
        super().teardown()


TestAnyRealtimeSession = AnyRealtimeSession.TestCase
