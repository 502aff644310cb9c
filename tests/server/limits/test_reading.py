"""Clients that do not read what they are sent over HTTP."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from liusheng.bench.soak.attacker import attacker
from liusheng.bench.soak.floods import PAGE_FILE
from liusheng.server.limits import connections, http_protocol
from liusheng.server.limits.reading import ReadProgress, Unsent, watch_reading
from tests.server.limits.conftest import Limited, Run, until
from tests.server.limits.serving import serving
from tests.support.certificates import Authority

MB = 1 << 20

# More than a system takes for a client that does not read.
LARGE = bytes(16 * MB)
CLOSE = b"GET /large HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
KEEP = CLOSE.replace(b"Connection: close\r\n", b"")


class Large:
    """An application with a large response, whole or in pieces, an endless one, and a small one."""

    stopped = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-length", b"%d" % len(LARGE))] if scope["path"] == "/large" else []
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        if scope["path"] == "/pieces":
            for start in range(0, len(LARGE), MB):
                piece = LARGE[start : start + MB]
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        while scope["path"] == "/endless" and not self.stopped:
            await send({"type": "http.response.body", "body": bytes(10_000), "more_body": True})
            await asyncio.sleep(0)
        body = LARGE if scope["path"] == "/large" else b"ok"
        await send({"type": "http.response.body", "body": body})

    async def stop_sessions(self) -> None:
        """End the endless one."""
        self.stopped = True


def test_progress() -> None:
    clock = 100.0
    reading = ReadProgress()
    for found, seconds in (
        (Unsent(0), 0),
        (Unsent(0, 0, 10), 0),
        (Unsent(50, 5, 10), 0),
        (Unsent(50, 5, 10), 1),
        (Unsent(60, 5, 10), 2),
        (Unsent(60, 5, 11), 0),  # its system has taken something
        (Unsent(60, 5, 11), 1),
        (Unsent(40, 5, 11), 0),  # so has ours
        (Unsent(0, 5, 11), 0),
        (Unsent(0, 5, 11), 1),
        (Unsent(0, 0, 16), 0),
        (Unsent(70), 0),
        (Unsent(70), 1),
    ):
        clock += 1
        assert reading.unread_seconds(found, clock) == seconds
    reading.has_read(clock + 1)
    assert reading.unread_seconds(Unsent(70), clock + 2) == 1


async def test_one_that_cannot_be_looked_at_costs_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    looked = asyncio.Event()

    class Broken:
        def watch_reading(self, now: float) -> None:
            raise AttributeError("no transport any more")

    class Whole:
        def watch_reading(self, now: float) -> None:
            looked.set()

    watching = asyncio.create_task(watch_reading(lambda: [Broken(), Whole()], lambda: 0.05))
    for _ in range(2):
        await asyncio.wait_for(looked.wait(), 20)
        looked.clear()
    watching.cancel()
    assert len(caplog.records) == 1


@pytest.mark.parametrize("request_", [CLOSE, KEEP, KEEP * 3, KEEP.replace(b"/large", b"/pieces")])
def test_who_reads_nothing_is_disconnected(run: Run, request_: bytes) -> None:
    """Whether the response is complete, and the connection about to be closed, or neither."""

    async def scenario() -> None:
        async with (
            serving(Large(), None, unread_seconds=0.4) as server,
            attacker(server.address, receive_buffer=16_384) as client,
        ):
            await client.send(request_)
            await until(lambda: len(server.table) == 1)
            await until(lambda: not len(server.table))

    run(scenario())


def test_who_reads_nothing_with_tls_is_disconnected(run: Run, authority: Authority) -> None:
    async def scenario() -> None:
        async with serving(Large(), authority, unread_seconds=0.4) as server:
            _, writer = await asyncio.open_connection(
                *server.address.split(":"), ssl=server.trusting, limit=1_024
            )
            writer.write(KEEP)
            await until(lambda: len(server.table) == 1)
            await until(lambda: not len(server.table))
            writer.transport.abort()

    run(scenario())


@pytest.mark.parametrize("full", [False, True])
def test_who_does_not_close_its_side_of_tls_is_disconnected(
    run: Run, authority: Authority, monkeypatch: pytest.MonkeyPatch, full: bool
) -> None:
    """Event loops wait half a minute for that. Before, it gives way."""
    monkeypatch.setattr(http_protocol, "_LINGER", 60.0 if full else 0.2)
    monkeypatch.setattr(connections, "_SETTLE_SECONDS", 0.0)

    async def scenario() -> None:
        async with serving(Large(), authority, max_connections=1, unread_seconds=2) as server:
            _, writer = await asyncio.open_connection(
                *server.address.split(":"), ssl=server.trusting, limit=1_024
            )
            transport: Any = writer.transport
            transport.pause_reading()
            writer.write(CLOSE.replace(b"/large", b"/small"))
            await until(lambda: server.serving.server_state.total_requests == 1)
            if full:
                await until(lambda: all(each.waiting for each in server.table._entries))
                assert (await server.get()).text == "ok"
                assert server.table.evicted == 1
            else:
                await until(lambda: not len(server.table))
            transport.abort()

    run(scenario())


def test_who_reads_slowly_gets_it_all(run: Run) -> None:
    """For longer than a client may read nothing."""

    async def scenario() -> None:
        async with (
            serving(Large(), None, unread_seconds=1.5) as server,
            attacker(server.address, receive_buffer=MB) as client,
        ):
            await client.send(CLOSE)
            await client.head()
            received = 0
            while received < len(LARGE):
                received += len(await client.reader.readexactly(MB // 2))
                await asyncio.sleep(0.1)
            assert await client.rest() == b""

    run(scenario())


def test_who_reads_steadily_is_not_disconnected(run: Run) -> None:
    """Although as much waits again whenever somebody looks."""

    async def scenario() -> None:
        async with (
            serving(Large(), None, unread_seconds=1.5) as server,
            attacker(server.address, receive_buffer=65_536) as client,
        ):
            await client.send(KEEP.replace(b"/large", b"/endless"))
            for _ in range(80):
                assert len(await client.reader.readexactly(30_000)) == 30_000
                await asyncio.sleep(0.05)
            assert len(server.table) == 1

    run(scenario())


def test_who_reads_nothing_gives_way(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the middle of a response, where others do not."""

    async def scenario() -> None:
        async with (
            serving(Large(), None, max_connections=1) as server,
            attacker(server.address, receive_buffer=16_384) as client,
        ):
            await client.send(KEEP.replace(b"/large", b"/pieces"))
            await until(lambda: len(server.table) == 1)
            assert (await server.get()).status_code == 503
            monkeypatch.setattr(http_protocol, "_UNREAD_SECONDS", 0.3)
            await until(lambda: any(each.unread for each in server.table._entries))
            assert (await server.get()).text == "ok"
            assert server.table.evicted == 1

    run(scenario())


@pytest.mark.asyncio(loop_scope="session")
async def test_files_of_the_page_that_are_not_read(limited: Limited) -> None:
    """They need no key."""
    server, limits = await limited(unread_seconds=0.4)
    request = f"GET {PAGE_FILE} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    async with attacker(server.address) as client:
        await client.send(request)
        assert (await client.head()).startswith(b"HTTP/1.1 200 "), "there is such a file"
    async with attacker(server.address, receive_buffer=16_384) as client:
        await client.send(request * 8)
        await until(lambda: len(limits.connections) == 1)
        await until(lambda: not len(limits.connections))
