"""What a client sent before it left is not lost while it waits for its turn."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from contextvars import copy_context
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from liusheng.bench.soak.attacker import TEXT, frame
from liusheng.server.limits import departure, http_protocol, paced_tls
from liusheng.server.limits.departure import has_left
from liusheng.server.limits.turns import LoopTurns, Turns, Waiting
from tests.server.limits.conftest import Run, until
from tests.server.limits.serving import Served, serving
from tests.support.certificates import Authority

CLOSE, PONG = 8, 10
GOING_AWAY = 1001
HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
FIRST = b"GET /first HTTP/1.1\r\nHost: localhost\r\n\r\n"
REQUEST = b"GET /last HTTP/1.1\r\nHost: localhost\r\n\r\n"
CHUNKED = b"POST /last HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
BYE = frame(TEXT, b"bye") + frame(CLOSE, GOING_AWAY.to_bytes(2, "big"))


class Notes:
    """An application that notes what it gets. may_answer: requests over HTTP."""

    def __init__(self) -> None:
        self.noted: list[object] = []
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
            while (message := await receive())["type"] != "websocket.disconnect":
                self.noted.append(message["text"])
            self.noted.append(message["code"])
        else:
            self.noted.append(scope["path"])
            await self.may_answer.wait()
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body"})

    async def stop_sessions(self) -> None:
        """There are none that last."""


class Busy(Turns):
    """Others have all the time, until `let`.

    held: what waits.
    asked: how often somebody wanted to know whether something waits.
    """

    def __init__(self) -> None:
        super().__init__(LoopTurns())
        self.held: list[Waiting] = []
        self.asked = 0
        self._let = False

    def may_work(self) -> bool:
        return self._let

    @property
    def until(self) -> float:
        return 0.0

    def wait(self, work: Callable[[], object]) -> Waiting:
        waiting = Waiting(work, copy_context(), lambda: None)
        if self._let:
            asyncio.get_running_loop().call_soon(waiting.do)
        else:
            self.held.append(waiting)
        return waiting

    @property
    def waits(self) -> bool:
        self.asked += 1
        return any(self.held)

    def let(self) -> None:
        """Give turns to all who wait, and who come."""
        self._let = True
        while self.held:
            self.held.pop(0).do()


@asynccontextmanager
async def connected(
    served: Served,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    host, port = served.address.split(":")
    secured: ssl.SSLContext | None = served.trusting
    reader, writer = await asyncio.open_connection(host, int(port), ssl=secured)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


def skip_without_paced_tls() -> None:
    if not hasattr(paced_tls._tls_of(asyncio.get_running_loop()), "get_buffer"):
        pytest.skip("asyncio's TLS before Python 3.11")


def keep_waiting(served: Served) -> tuple[Any, Busy]:
    """Have the input of the only connection wait; return its protocol."""
    (protocol,) = served.serving.server_state.connections
    busy = Busy()
    for each in (protocol, protocol._input, protocol._connection):  # type: ignore[union-attr]
        for name in {"turns", "_turns"} & vars(each).keys():
            setattr(each, name, busy)
    return protocol, busy


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(departure, "_LOOK_SECONDS", 0.01)
    monkeypatch.setattr(http_protocol, "_TURN_SECONDS", 0.01)


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether a peer had left, each time that somebody looked."""
    looks: list[bool] = []

    def look(transport: asyncio.BaseTransport) -> bool:
        looks.append(has_left(transport))
        return looks[-1]

    monkeypatch.setattr(departure, "has_left", look)
    return looks


def test_the_last_frames(run: Run, looks: list[bool]) -> None:
    async def scenario() -> None:
        app = Notes()
        async with serving(app, None) as served, connected(served) as (reader, writer):
            writer.write(HANDSHAKE)
            assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
            _, busy = keep_waiting(served)
            writer.write(BYE)
            writer.close()
            await until(lambda: looks.count(True) > 2)
            assert app.noted == []
            busy.let()
            await until(lambda: app.noted == ["bye", GOING_AWAY])

    run(scenario())


def test_the_last_frames_behind_many_over_tls(run: Run, authority: Authority) -> None:
    """TLS does not tell of the end while what came before it waits."""

    async def scenario() -> None:
        skip_without_paced_tls()
        app = Notes()
        async with serving(app, authority) as served, connected(served) as (reader, writer):
            writer.write(HANDSHAKE)
            assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
            _, busy = keep_waiting(served)
            writer.write(frame(PONG, b"") * 20_000 + BYE)
            writer.close()
            await until(lambda: busy.held)
            busy.let()
            await until(lambda: app.noted == ["bye", GOING_AWAY])

    run(scenario())


def test_the_last_request(run: Run) -> None:
    async def scenario() -> None:
        app = Notes()
        async with serving(app, None) as served, connected(served) as (_, writer):
            await until(lambda: served.serving.server_state.connections)
            protocol, busy = keep_waiting(served)
            writer.write(REQUEST)
            writer.close()
            await until(lambda: protocol._input._close)
            assert app.noted == []
            busy.let()
            await until(lambda: app.noted == ["/last"])
            await until(lambda: not served.serving.server_state.connections)

    run(scenario())


def test_the_last_request_over_tls(run: Run, authority: Authority) -> None:
    async def scenario() -> None:
        skip_without_paced_tls()
        app = Notes()
        async with serving(app, authority) as served, connected(served) as (_, writer):
            await until(lambda: served.serving.server_state.connections)
            keep_waiting(served)
            writer.write(REQUEST)
            writer.close()
            await until(lambda: app.noted == ["/last"])

    run(scenario())


def test_a_request_and_the_end_at_once_over_tls(run: Run, authority: Authority) -> None:
    """On every loop."""

    async def scenario() -> None:
        app = Notes()
        async with serving(app, authority) as served, connected(served) as (_, writer):
            writer.write(REQUEST)
            writer.close()
            await until(lambda: app.noted == ["/last"])
            await until(lambda: not served.serving.server_state.connections)

    run(scenario())


@pytest.mark.parametrize("before", [b"", FIRST])
def test_a_request_whose_deadline_passes_while_it_waits(run: Run, before: bytes) -> None:
    """The deadline, of the first headers or of another request, is for the client, who kept it."""

    async def scenario() -> None:
        app = Notes()
        async with serving(app, None, header_seconds=2) as served, connected(served) as streams:
            reader, writer = streams
            await until(lambda: served.serving.server_state.connections)
            if before:
                (protocol,) = served.serving.server_state.connections
                protocol.timeout_keep_alive = 2  # type: ignore[union-attr]
                writer.write(before)
                await reader.readuntil(b"\r\n\r\n")
                assert app.noted == ["/first"]
            _, busy = keep_waiting(served)
            writer.write(REQUEST)
            await until(lambda: busy.asked > 2)
            busy.let()
            await until(lambda: app.noted[-1:] == ["/last"])

    run(scenario())


@pytest.mark.parametrize("before", [b"", FIRST])
def test_a_client_that_keeps_its_turns_busy_is_late_some_time(
    run: Run, monkeypatch: pytest.MonkeyPatch, before: bytes
) -> None:
    monkeypatch.setattr(http_protocol, "_GRACE_SECONDS", 0.1)

    async def scenario() -> None:
        app = Notes()
        async with serving(app, None, header_seconds=2) as served, connected(served) as streams:
            reader, writer = streams
            await until(lambda: served.serving.server_state.connections)
            (protocol,) = served.serving.server_state.connections
            protocol.timeout_keep_alive = 0  # type: ignore[union-attr]
            _, busy = keep_waiting(served)
            writer.write(before + REQUEST)
            if before:
                await until(lambda: busy.held)
                busy.held.pop().do()
                await until(lambda: busy.held)
            with suppress(ConnectionResetError):
                await reader.read()
            assert "/last" not in app.noted

    run(scenario())


def test_a_handshake_that_waited_is_no_longer_held(run: Run) -> None:
    async def scenario() -> None:
        async with serving(Notes(), None) as served, connected(served) as (reader, writer):
            await until(lambda: served.serving.server_state.connections)
            protocol, busy = keep_waiting(served)
            account = protocol._connection.account
            writer.write(HANDSHAKE)
            await until(lambda: account.held == len(HANDSHAKE))
            busy.let()
            assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
            assert account.held == 0

    run(scenario())


def test_what_is_sent_behind_a_request_takes_a_turn(run: Run) -> None:
    """What the parser has when the response is complete, too: it may be long to parse."""

    async def scenario() -> None:
        app = Notes()
        app.may_answer.clear()
        async with serving(app, None) as served, connected(served) as (_, writer):
            writer.write(REQUEST + REQUEST)
            await until(lambda: app.noted)
            _, busy = keep_waiting(served)
            app.may_answer.set()
            await until(lambda: busy.held)
            assert app.noted == ["/last"]
            busy.let()
            await until(lambda: app.noted == ["/last", "/last"])

    run(scenario())


def test_little_of_what_is_sent_behind_a_request_is_given_to_the_parser(run: Run) -> None:
    """It would parse all of it at once when the response is complete."""

    async def scenario() -> None:
        app = Notes()
        app.may_answer.clear()
        async with serving(app, None) as served, connected(served) as (_, writer):
            await until(lambda: served.serving.server_state.connections)
            (protocol,) = served.serving.server_state.connections
            held: list[int] = []
            parse = protocol._input._feed  # type: ignore[union-attr]

            def noted(piece: bytes) -> None:
                parse(piece)
                held.append(len(protocol.conn.trailing_data[0]))  # type: ignore[union-attr]

            protocol._input._feed = noted  # type: ignore[union-attr]
            writer.write(REQUEST + CHUNKED + b"1\r\na\r\n" * 10_000)
            await until(lambda: app.noted)
            app.may_answer.set()
            await until(lambda: len(app.noted) == 2 and not protocol._input.size)  # type: ignore[union-attr]
            assert len(held) > 10
            assert max(held) <= 2 * 2_048

    run(scenario())


def test_what_comes_of_another_request_makes_a_connection_no_newer(run: Run) -> None:
    """It would give way to no newcomer as long as its client sends a byte now and then."""

    async def scenario() -> None:
        async with serving(Notes(), None) as served, connected(served) as (reader, writer):
            await until(lambda: served.serving.server_state.connections)
            (protocol,) = served.serving.server_state.connections
            assert isinstance(protocol, http_protocol.LimitedHttpProtocol)
            entry = protocol._entry
            assert entry
            writer.write(FIRST)
            await reader.readuntil(b"\r\n\r\n")
            await until(lambda: entry.waiting)
            opened = entry.opened
            writer.write(b"GE")
            await until(lambda: protocol.conn.trailing_data[0] == b"GE")
            assert (entry.waiting, entry.opened) == (True, opened)

    run(scenario())
