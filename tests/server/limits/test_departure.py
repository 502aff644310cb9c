"""A peer that leaves while nothing is read."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from liusheng.server.limits import departure
from liusheng.server.limits.departure import Departure, has_left


class Silent(asyncio.Protocol):
    """The server's side of a connection, which reads nothing."""

    def __init__(self) -> None:
        self.lost = asyncio.Event()
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        # Python 3.10 begins to read after this.
        asyncio.get_running_loop().call_soon(transport.pause_reading)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set()


async def connected(made: list[Silent]) -> tuple[asyncio.Server, asyncio.StreamWriter]:
    def make() -> Silent:
        made.append(Silent())
        return made[-1]

    server = await asyncio.get_running_loop().create_server(make, "127.0.0.1", 0)
    _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    writer.write(b"what nobody reads")
    await writer.drain()
    while not made or made[0].transport is None:  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    return server, writer


async def test_it_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(departure, "_LOOK_SECONDS", 0.01)
    made: list[Silent] = []
    server, writer = await connected(made)
    transport = made[0].transport
    assert transport
    assert not has_left(transport)
    watch = Departure(asyncio.get_running_loop(), transport, SimpleNamespace(waits=False))
    watch.watch()
    watch.watch()
    await asyncio.sleep(0.05)
    assert not made[0].lost.is_set(), "it is still there"
    writer.close()
    await asyncio.wait_for(made[0].lost.wait(), 60)
    assert not has_left(transport)
    watch.watch()
    await asyncio.sleep(0.02)  # a connection that is closed is looked at no more
    watch.rest()
    server.close()


async def test_nobody_looks_while_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(departure, "_LOOK_SECONDS", 0.01)
    made: list[Silent] = []
    server, writer = await connected(made)
    transport = made[0].transport
    assert transport
    watch = Departure(asyncio.get_running_loop(), transport, SimpleNamespace(waits=False))
    watch.watch()
    watch.rest()
    writer.close()
    while not has_left(transport):  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)
    assert not made[0].lost.is_set()
    transport.abort()
    await made[0].lost.wait()
    server.close()
