"""Requests that are refused because they cannot be parsed, at awkward moments."""

from __future__ import annotations

import logging
from contextlib import AsyncExitStack

import pytest
import websockets
from starlette.types import Receive, Scope, Send

from liusheng.bench.soak.attacker import attacker
from liusheng.server.limits.request_parser import MAX_HEADER_BYTES
from tests.server.limits.conftest import Run, until
from tests.server.limits.serving import serving
from tests.server.limits.test_reading import KEEP, Large

SMALL = KEEP.replace(b"/large", b"/small")


def test_a_server_that_stops_beside_a_refused_request_stops(run: Run) -> None:
    """h11 has taken the request: it was complete."""

    async def scenario() -> None:
        async with AsyncExitStack() as stack, serving(Large(), None) as server:
            client = await stack.enter_async_context(attacker(server.address))
            for _ in range(8):
                await client.send(SMALL)
                await client.head()
            long = b"X: " + b"a" * (MAX_HEADER_BYTES + 4_000) + b"\r\n\r\n"
            await client.send(SMALL.removesuffix(b"\r\n") + long)
            await until(lambda: server.table.refused["headers_too_large"])
            # The end of this context ends the server; the client is there until after that.

    run(scenario())


class Asking(Large):
    """An application that asks for the body first."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await super().__call__(scope, receive, send)


def test_a_body_that_was_asked_for_and_is_not_http(
    run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    """It is asked for when it has been refused: it came without being asked for."""
    head = b"POST /small HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"

    async def scenario() -> None:
        async with serving(Asking(), None) as server, attacker(server.address) as client:
            await client.send(head + b"Expect: 100-continue\r\n\r\nno chunk\r\n")
            assert b'"invalid_http"' in await client.rest()
            await until(lambda: not len(server.table))

    run(scenario())
    assert not [each for each in caplog.records if each.levelno >= logging.ERROR]


@pytest.mark.parametrize(
    ("head", "status", "code"),
    [
        (f"X: {'a' * 9_000}", 431, "headers_too_large"),
        ("\r\n".join(f"X{number}: b" for number in range(130)), 431, "headers_too_large"),
        ("Content-Length: 5", 400, "invalid_http"),
        ("Transfer-Encoding: chunked", 400, "invalid_http"),
        ("X: a\x7f", 400, "invalid_http"),
    ],
)
def test_handshakes_that_one_of_two_parsers_takes(
    run: Run, caplog: pytest.LogCaptureFixture, head: str, status: int, code: str
) -> None:
    """As h11 does, which is before websockets. Nobody answered them, and nobody ended them."""
    request = (
        "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        f"{head}\r\n\r\n"
    )

    async def scenario() -> None:
        async with serving(Large(), None) as server, attacker(server.address) as client:
            await client.send(request.encode() + b"what follows")
            answer = await client.rest()
            assert answer.startswith(f"HTTP/1.1 {status} ".encode())
            assert f'"{code}"'.encode() in answer
            await until(lambda: not len(server.table))
            assert server.table.refused[code] == 1
            assert (await server.get()).text == "ok"
            assert not server.serving.limits.budget.used

    run(scenario())
    assert not [each for each in caplog.records if each.levelno >= logging.ERROR]


def test_a_handshake_with_the_longest_headers(run: Run) -> None:
    """It is parsed whole, before anything else has its turn."""

    class Accepting(Large):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            await receive()
            await send({"type": "websocket.accept"})
            text = (await receive())["text"]
            await send({"type": "websocket.send", "text": text})
            await receive()

    async def scenario() -> None:
        async with serving(Accepting(), None) as server:
            headers = {f"X-{number}": "a" * 7_900 for number in range(2)}
            address = f"ws://{server.address}/"
            async with websockets.connect(address, additional_headers=headers) as socket:
                await socket.send("hello")
                assert await socket.recv() == "hello"

    run(scenario())
