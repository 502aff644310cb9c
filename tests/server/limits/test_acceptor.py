"""Accepting goes on, whatever happens to a single connection."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from typing import Any

import pytest

from liusheng.server.limits import acceptor
from liusheng.server.limits.acceptor import Acceptor
from liusheng.server.listening import bind, start_listening


class Counted(asyncio.Protocol):
    """What the acceptor asks of a protocol; it says the number of its connection."""

    count = 0
    made = False

    def arrived(self, peer: str, descriptor: int, drop: object, *, handshake: bool) -> bool:
        type(self).count += 1
        assert (peer, handshake) == ("127.0.0.1", False)
        return True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.made = True
        transport.write(str(type(self).count).encode())
        transport.close()


@pytest.mark.parametrize(
    ("fault", "logged"),
    [
        (OSError(errno.EMFILE, "Too many open files"), 1),
        (ConnectionAbortedError(), 0),
        (OSError(errno.ENETDOWN, "Network is down"), 0),
        (ValueError("a fault of ours"), 1),
    ],
)
async def test_failures_are_not_the_end(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, fault: Exception, logged: int
) -> None:
    """Nor do they fill the log."""
    monkeypatch.setattr(acceptor, "_RETRY_SECONDS", 0.01)
    monkeypatch.setattr(Counted, "count", 0)
    loop = asyncio.get_running_loop()
    accept, faults = loop.sock_accept, [fault] * 3

    async def failing(bound: socket.socket) -> Any:
        if faults:
            raise faults.pop()
        return await accept(bound)

    monkeypatch.setattr(loop, "sock_accept", failing)
    make: Any = Counted
    with bind("127.0.0.1", 0) as bound, caplog.at_level(logging.ERROR):
        start_listening(bound)
        accepting = Acceptor(bound, make, None)
        for number in (b"1", b"2"):
            reader, writer = await asyncio.open_connection(*bound.getsockname())
            assert await asyncio.wait_for(reader.read(), 20) == number
            writer.close()
        accepting.close()
        await accepting.wait_closed()
    assert len(caplog.records) == logged


async def test_many_that_wait_are_accepted_in_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acceptor, "_AT_ONCE", 2)
    monkeypatch.setattr(Counted, "count", 0)
    make: Any = Counted
    with bind("127.0.0.1", 0) as bound:
        start_listening(bound)
        waiting = [await asyncio.open_connection(*bound.getsockname()) for _ in range(7)]
        accepting = Acceptor(bound, make, None)
        for reader, writer in waiting:
            assert await asyncio.wait_for(reader.read(), 20)
            writer.close()
        accepting.close()
        await accepting.wait_closed()
    assert Counted.count == 7


class Faulty(Counted):
    """One that fails when the first connection arrives."""

    lost = 0

    def arrived(self, peer: str, descriptor: int, drop: object, *, handshake: bool) -> bool:
        super().arrived(peer, descriptor, drop, handshake=handshake)
        if type(self).count == 1:
            raise ValueError("a fault of ours")
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        type(self).lost += isinstance(exc, ConnectionAbortedError)


async def test_a_connection_that_cannot_be_taken_is_closed(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(acceptor, "_RETRY_SECONDS", 0.01)
    monkeypatch.setattr(Faulty, "count", 0)
    monkeypatch.setattr(Faulty, "lost", 0)
    make: Any = Faulty
    with bind("127.0.0.1", 0) as bound:
        start_listening(bound)
        accepting = Acceptor(bound, make, None)
        for answer in (b"", b"2"):
            reader, writer = await asyncio.open_connection(*bound.getsockname())
            assert await asyncio.wait_for(reader.read(), 20) == answer
            writer.close()
        accepting.close()
        await accepting.wait_closed()
    assert Faulty.lost == 1
    assert "a fault of ours" in caplog.text
