"""Requests that are refused because they cannot be parsed, at awkward moments."""

from __future__ import annotations

import logging
from contextlib import AsyncExitStack

import pytest
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
