"""The driver of a socket, where a socket or a session does what it should not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, MutableMapping
from functools import partial
from typing import Any

import pytest
from starlette.websockets import WebSocket

from liusheng.protocol.errors import CloseCode, ErrorCode, ProtocolError
from liusheng.protocol.outbox import Close
from liusheng.server.config.limits import LimitSettings
from liusheng.server.limits.connection import Connection
from liusheng.server.limits.server_limits import ServerLimits
from liusheng.server.websocket import driver as socket
from liusheng.server.websocket.driver import SocketDriver
from tests.server.limits.conftest import until


class FakeSession:
    """Owes what it is given, and notes what it is told."""

    id = "s1"
    awaits_client = True
    has_more = False

    def __init__(self, *owed: Any) -> None:
        self.owed = list(owed)
        self.told: list[Any] = []
        self.closed = False
        self.under_way = False

    @property
    def backlog(self) -> int:
        return len(self.owed)

    @property
    def unsent(self) -> int:
        return sum(len(each) for each in self.owed if isinstance(each, str))

    @property
    def held(self) -> int:
        return 0

    def is_costly(self, frame: str | bytes) -> bool:
        return frame == "costly"

    def time_passed(self, now: float) -> None:
        pass

    def go_on(self) -> None:
        pass

    def commands(self) -> Iterable[None]:
        return ()

    def next_message(self) -> Any:
        message = self.owed.pop(0) if self.owed else None
        if isinstance(message, Exception):
            raise message
        return message

    def take_errors(self) -> list[str]:
        return []

    def text_received(self, frame: str) -> None:
        if frame == "break":
            raise ZeroDivisionError
        self.told.append(frame)

    def bytes_received(self, data: bytes) -> None:
        self.told.append(data)

    def disconnected(self, *, deliberate: bool = True) -> None:
        self.told.append("disconnected")
        self.closed = True

    def idle(self) -> None:
        self.told.append("idle")
        self.owed.append(Close(CloseCode.POLICY, "idle"))
        self.closed = True

    def unreachable(self, error: ProtocolError, code: CloseCode) -> None:
        self.told.append("unreachable")
        self.stop(error, code)

    def stop(self, error: ProtocolError, code: CloseCode) -> None:
        self.owed += [error.code.value, Close(code, "stopped")]
        self.closed = True

    def wind_down(self, error: ProtocolError, code: CloseCode) -> None:
        self.told.append("wind down")
        self.stop(error, code)


class Wire:
    """The ASGI server's side of a socket."""

    def __init__(self, *messages: dict[str, Any], broken: Exception | None = None) -> None:
        self.sent: list[MutableMapping[str, Any]] = []
        self._broken = broken
        self._coming: asyncio.Queue[MutableMapping[str, Any]] = asyncio.Queue()
        for message in ({"type": "websocket.connect"}, *messages):
            self._coming.put_nowait(message)
        scope = {"type": "websocket", "path": "/", "headers": [], "subprotocols": []}
        self.websocket = WebSocket(scope, self._coming.get, self._send)

    async def _send(self, message: MutableMapping[str, Any]) -> None:
        if self._broken and message["type"] == "websocket.send":
            raise self._broken
        self.sent.append(message)

    def client_sends(self, text: str) -> None:
        self._coming.put_nowait({"type": "websocket.receive", "text": text})


def text(frame: str) -> dict[str, Any]:
    return {"type": "websocket.receive", "text": frame}


async def told(session: FakeSession, count: int) -> None:
    for _ in range(400):
        if len(session.told) >= count:
            return
        await asyncio.sleep(0.05)
    pytest.fail(f"the session was told {len(session.told)} things, not {count}")


async def run(wire: Wire, session: FakeSession, idle_seconds: float = 60.0) -> None:
    driver: SocketDriver[None] = SocketDriver(wire.websocket, session, idle_seconds)
    await asyncio.wait_for(driver.run(), 120)


class QueueingSession(FakeSession):
    """Has a backlog that is not for the client: a queue of texts."""

    queued = socket.MAX_BACKLOG + 1

    @property
    def backlog(self) -> int:
        return super().backlog + self.queued


class Batch(QueueingSession):
    """A frame is three messages, after the first of which there is no room."""

    queued = 0
    left = 2

    @property
    def has_more(self) -> bool:  # type: ignore[override]
        return bool(self.left) and bool(self.told)

    def go_on(self) -> None:
        self.left -= 1
        self.told.append(f"{self.left} left")

    def text_received(self, frame: str) -> None:
        super().text_received(frame)
        self.queued = socket.MAX_BACKLOG + 1


async def test_each_message_of_a_frame_waits_for_room() -> None:
    wire, session = Wire(text("three")), Batch()
    driver: SocketDriver[None] = SocketDriver(wire.websocket, session, 60)
    running = asyncio.create_task(driver.run())
    await told(session, 1)
    for _ in range(20):
        await asyncio.sleep(0)
    assert session.told == ["three"]
    session.queued = 0
    driver.progress()
    await told(session, 3)
    assert session.told == ["three", "1 left", "0 left"]
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_backlog_that_is_not_written_stops_its_own_client_only() -> None:
    wire, session = Wire(text("one more")), QueueingSession()
    driver: SocketDriver[None] = SocketDriver(wire.websocket, session, 60)
    running = asyncio.create_task(driver.run())
    for _ in range(20):
        await asyncio.sleep(0)  # the event loop goes on
    assert session.told == []
    session.queued = 0
    driver.progress()
    await told(session, 1)
    assert session.told == ["one more"]
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize("broken", [RuntimeError("closed already"), OSError("gone"), ValueError()])
async def test_whatever_a_send_raises_the_session_is_freed(broken: Exception) -> None:
    wire, session = Wire(text("hello"), broken=broken), FakeSession("owed")
    await run(wire, session)
    assert session.told[-1] == "disconnected"


@pytest.mark.parametrize("error", [ZeroDivisionError(), RuntimeError("a fault of the session")])
async def test_a_message_that_cannot_be_made_closes_with_a_code(error: Exception) -> None:
    wire, session = Wire(), FakeSession("fine", error)
    await run(wire, session)
    assert [message["type"] for message in wire.sent[1:]] == ["websocket.send", "websocket.close"]
    assert wire.sent[-1]["code"] == 1011
    assert session.told == ["disconnected"]


async def test_a_session_that_raises_gets_an_error_and_is_closed() -> None:
    wire, session = Wire(text("break")), FakeSession()
    await run(wire, session)
    assert wire.sent[-2]["text"] == "internal_error"
    assert wire.sent[-1]["code"] == 1011


async def test_a_client_that_is_sending_is_not_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the server itself makes it wait."""
    wire, session = Wire(*(text(str(n)) for n in range(5))), FakeSession()

    class Slow(SocketDriver[None]):
        async def room(self) -> None:
            await asyncio.sleep(0.2)

    driver = Slow(wire.websocket, session, 0.1)
    await asyncio.wait_for(driver.run(), 120)
    assert session.told == ["0", "1", "2", "3", "4", "idle", "disconnected"]


async def test_nothing_is_taken_without_room_however_long_that_lasts() -> None:
    room = asyncio.Event()

    class Full(SocketDriver[None]):
        async def room(self) -> None:
            await room.wait()

    wire, session = Wire(*(text(str(n)) for n in range(50))), FakeSession()
    running = asyncio.create_task(Full(wire.websocket, session, 60).run())
    await asyncio.sleep(0.05)
    assert session.told == []
    room.set()
    await told(session, 50)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert session.told[-1] == "disconnected"


async def when(turn: asyncio.Event, work: Callable[[float], None]) -> None:
    await turn.wait()
    work(0.0)


async def test_a_frame_that_waits_for_its_turn_is_held_and_is_not_overtaken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connection = Connection(ServerLimits(LimitSettings()))
    wire, session = Wire(text("first"), text("costly"), text("last")), FakeSession()
    wire.websocket.scope["state"] = connection.in_state({})
    turn = asyncio.Event()
    monkeypatch.setattr(connection.turns, "do", partial(when, turn))
    driver: SocketDriver[None] = SocketDriver(wire.websocket, session, 60)
    running = asyncio.create_task(driver.run())
    await told(session, 1)
    await until(lambda: connection.account.held == len("costly"))
    assert session.told == ["first"]
    driver.release(ProtocolError(ErrorCode.SERVER_STOPPING, "stopping"), CloseCode.POLICY, 0)
    assert not session.closed, "it is not idle"
    turn.set()
    await told(session, 3)
    assert session.told == ["first", "costly", "last"]
    assert connection.account.held == 0
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize(
    "owed",
    [
        pytest.param(["owed"] * (socket.MAX_BACKLOG + 2), id="many messages"),
        pytest.param(["being sent", "x" * (socket.MAX_UNSENT + 1)], id="many bytes"),
    ],
)
async def test_nothing_is_taken_until_what_is_owed_is_sent(owed: list[str]) -> None:
    reads = asyncio.Event()
    wire, session = Wire(text("more")), FakeSession(*owed)

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "websocket.send":
            await reads.wait()

    wire.websocket._send = send
    running = asyncio.create_task(SocketDriver[None](wire.websocket, session, 60).run())
    await asyncio.sleep(0.05)
    assert session.told == []
    reads.set()
    await told(session, 1)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize("sends", [True, False])
async def test_a_client_that_reads_nothing_is_disconnected_unless_it_sends(sends: bool) -> None:
    """Who still sends audio may read all of its replies at the end."""
    connection = Connection(ServerLimits(LimitSettings(unread_seconds=0.01)))
    wire, session = Wire(), FakeSession("owed")
    session.awaits_client = sends
    wire.websocket.scope["state"] = connection.in_state({})

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "websocket.send":
            await asyncio.Event().wait()

    wire.websocket._send = send
    running = asyncio.create_task(SocketDriver[None](wire.websocket, session, 60).run())
    await asyncio.sleep(0.1)
    assert session.owed[:1] == ([] if sends else ["slow_reader"])
    assert session.told == ([] if sends else ["unreachable"])
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_lost_connection_ends_the_session_before_its_frames_are_taken() -> None:
    class Full(SocketDriver[None]):
        async def room(self) -> None:
            await asyncio.Event().wait()

    connection = Connection(ServerLimits(LimitSettings()))
    wire, session = Wire(text("never taken")), FakeSession()
    wire.websocket.scope["state"] = connection.in_state({})
    running = asyncio.create_task(Full(wire.websocket, session, 60).run())
    await asyncio.sleep(0.02)
    connection.closed()
    await asyncio.wait_for(running, 120)
    assert session.told == ["disconnected"]


class Reader:
    """The client of a session that is over, which takes each message after a while.

    seconds: until it takes the next message; None: never.
    """

    def __init__(self, seconds: float | None, *owed: Any) -> None:
        self.wire, self.session = Wire(), FakeSession(*owed, Close(CloseCode.NORMAL, "done"))
        self.session.closed = True
        self._seconds = seconds
        self._send = self.wire.websocket._send
        self.wire.websocket._send = self._take

    async def _take(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "websocket.send":
            await asyncio.sleep(3_600 if self._seconds is None else self._seconds)
        await self._send(message)

    async def served(self) -> SocketDriver[None]:
        driver: SocketDriver[None] = SocketDriver(self.wire.websocket, self.session, 60)
        driver.progress()
        await asyncio.wait_for(driver.run(), 120)
        return driver


async def test_a_client_that_never_reads_is_given_up(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(socket, "MAX_PAUSE", 0.2)
    reader = Reader(None, "owed")
    driver = await reader.served()
    assert reader.session.told == ["disconnected"]
    assert list(driver.record.codes) == ["slow_reader"]
    assert "the client has not read for" in caplog.text


async def test_a_client_that_reads_slowly_gets_the_last_message(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However many come before it: all take twice as long as one may."""
    monkeypatch.setattr(socket, "MAX_PAUSE", 1.0)
    reader = Reader(0.1, *(str(n) for n in range(20)))
    driver = await reader.served()
    sent = reader.wire.sent[1:]
    assert [message.get("text") for message in sent] == [*(str(n) for n in range(20)), None]
    assert sent[-1]["code"] == 1000
    assert not driver.record.codes


async def test_a_client_that_reads_slowly_is_given_up_in_the_end(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(socket, "MAX_END", 0.5)
    reader = Reader(0.1, *(str(n) for n in range(10_000)))
    driver = await reader.served()
    assert list(driver.record.codes) == ["slow_reader"]
    assert "misses the end" in caplog.text
