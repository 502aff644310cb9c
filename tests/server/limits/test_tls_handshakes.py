"""TLS handshakes that are never finished: they are connections like all others.

Each test runs on both event loops: uvloop's TLS is its own.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any

import httpx2
import pytest
import websockets
from starlette.types import Receive, Scope, Send

from liusheng.bench.soak.attacker import attacker
from liusheng.server import uvicorn_server
from liusheng.server.limits import connections, http_protocol
from tests.server.limits.conftest import Run, until
from tests.server.limits.serving import Served, serving
from tests.support.certificates import Authority


class Echo:
    """An application that says ok, and what it hears on a WebSocket."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        if scope["type"] == "http":
            assert scope["scheme"] == "https"
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"ok"})
            return
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message["text"]})

    async def stop_sessions(self) -> None:
        """Nothing is left to say."""


def served(authority: Authority, **limits: Any) -> AbstractAsyncContextManager[Served]:
    return serving(Echo(), authority, **limits)


def client_hello() -> bytes:
    """Return the first message of a handshake."""
    received, sent = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(received, sent, server_hostname="127.0.0.1")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return sent.read()


@pytest.mark.parametrize("begun", [b"", b"\x16\x03\x01\x02", client_hello()])
def test_a_handshake_that_is_not_finished_is_closed(
    run: Run, authority: Authority, begun: bytes
) -> None:
    async def scenario() -> None:
        async with (
            served(authority, header_seconds=0.5) as server,
            attacker(server.address) as client,
        ):
            await client.send(begun)
            await until(lambda: len(server.table) == 1)
            await asyncio.wait_for(client.rest(), 20)
            await until(lambda: not len(server.table))

    run(scenario())


def test_the_oldest_handshake_gives_way(
    run: Run, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "_SETTLE_SECONDS", 0.0)

    async def scenario() -> None:
        async with (
            served(authority, max_connections=3) as server,
            AsyncExitStack() as stack,
        ):
            begun = await server.half_open(stack, 3, client_hello())
            await until(lambda: len(server.table) == 3)
            assert (await server.get()).text == "ok"
            await asyncio.wait_for(begun[0].rest(), 20)
            assert (server.table.evicted, server.table.refused.total()) == (1, 0)
            url = f"wss://{server.address}/"
            async with websockets.connect(url, ssl=server.trusting) as socket:
                await socket.send("still here")
                assert await socket.recv() == "still here"
                # It has a request: others give way.
                await server.half_open(stack, 9, client_hello())
                await until(lambda: server.table.evicted >= 9)
                await socket.send("still here")
                assert await socket.recv() == "still here"

    run(scenario())


def test_handshakes_count_for_their_address(
    run: Run, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "is_local", lambda _: False)

    async def scenario() -> None:
        async with served(authority, max_connections_per_address=2) as server:
            async with AsyncExitStack() as stack:
                await server.half_open(stack, 2, client_hello())
                await until(lambda: len(server.table) == 2)
                answer = await server.get()
                assert (answer.status_code, answer.json()["error"]) == (429, "too_many_connections")
                assert server.table.refused == {"too_many_connections": 1}
                # Of a flood nobody is told: a handshake costs more than the connection.
                monkeypatch.setattr(http_protocol, "_MAX_LINGERING", 0)
                with pytest.raises(httpx2.TransportError):
                    await server.get()
                assert server.table.refused == {"too_many_connections": 2}
            await until(lambda: not len(server.table))
            assert (await server.get()).text == "ok"

    run(scenario())


def test_who_is_refused_has_little_time_for_a_handshake(
    run: Run, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "_REFUSED_SECONDS", 0.2)

    async def scenario() -> None:
        async with (
            served(authority, max_connections=1) as server,
            AsyncExitStack() as stack,
        ):
            await server.half_open(stack, 1, client_hello())
            await until(lambda: len(server.table) == 1)
            monkeypatch.setattr(connections, "_SETTLE_SECONDS", 60)
            (refused,) = await server.half_open(stack, 1, client_hello())
            await asyncio.wait_for(refused.rest(), 20)
            assert (len(server.table), server.table.refused.total()) == (1, 1)

    run(scenario())


def test_handshakes_leave_a_reserve_of_descriptors(
    run: Run,
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def scenario() -> None:
        # Clients of this test are in the same process: each connection takes two.
        lowest = os.dup(0)
        os.close(lowest)
        monkeypatch.setattr(uvicorn_server, "_last_descriptor", lambda _: lowest + 20)
        monkeypatch.setattr(connections, "_SETTLE_SECONDS", 60)  # however slow the machine is
        async with served(authority, header_seconds=60) as server, AsyncExitStack() as stack:
            begun = await server.half_open(stack, 40, client_hello())
            for each in begun[20:]:
                await asyncio.wait_for(each.rest(), 20)
            assert 0 < len(server.table) < 20
            assert server.table.refused["server_busy"] >= 20
            assert caplog.text.count("file descriptors are short") == 1
            monkeypatch.setattr(connections, "_SETTLE_SECONDS", 0.0)
            assert (await server.get()).text == "ok"
            assert server.table.evicted == 1

    run(scenario())


def test_who_finishes_the_handshake_only_is_closed_at_once(run: Run, authority: Authority) -> None:
    """Although it does not answer the end of TLS, for which loops wait half a minute."""

    async def scenario() -> None:
        async with (
            served(authority, header_seconds=0.5) as server,
            attacker(server.address) as client,
        ):
            received, sent = ssl.MemoryBIO(), ssl.MemoryBIO()
            tls = authority.trusting().wrap_bio(received, sent, server_hostname="127.0.0.1")
            while True:
                try:
                    tls.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    await client.send(sent.read())
                    received.write(await client.reader.read(1 << 16))
            await client.send(sent.read())
            await until(lambda: len(server.table) == 1)
            await asyncio.wait_for(client.rest(), 15)
            await until(lambda: not len(server.table))

    run(scenario())


@pytest.mark.parametrize("begun", [b"GET / HTTP/1.1\r\n\r\n", client_hello()])
def test_a_handshake_that_fails_is_forgotten(
    run: Run, authority: Authority, begun: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        async with served(authority) as server:
            async with attacker(server.address, reset=True) as client:
                await until(lambda: len(server.table) == 1)
                await client.send(begun)
            await until(lambda: not len(server.table))
            assert (await server.get()).text == "ok"

    run(scenario())
    assert not caplog.records


def test_a_server_that_stops_does_not_wait_for_handshakes(run: Run, authority: Authority) -> None:
    async def scenario() -> None:
        async with AsyncExitStack() as stack:
            async with served(authority) as server:
                (begun,) = await server.half_open(stack, 1, client_hello())
                await until(lambda: len(server.table) == 1)
            await asyncio.wait_for(begun.rest(), 20)
            assert not len(server.table)

    run(scenario())
