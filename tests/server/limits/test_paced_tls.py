"""TLS that is read in small pieces. Each test runs on both event loops."""

from __future__ import annotations

import asyncio
import itertools
import os
import ssl
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from liusheng.bench.soak.attacker import Attacker, attacker
from liusheng.server.access.tls import Certificate
from liusheng.server.limits import paced_tls
from liusheng.server.limits.paced_tls import open_tls
from liusheng.server.listening import bind, start_listening
from tests.server.limits.conftest import Run, until
from tests.support.certificates import Authority

MB = 1 << 20
MANY = 12_000
LARGE = os.urandom(4 * MB)

IN_A_PIECE = 400
"""The most records that a piece of 8 KB has: one with a byte takes 22."""


class Receiver(asyncio.Protocol):
    """Notes what it is told, and how much of it in which turn of the loop."""

    transport: Any = None

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.turn = 0
        self.received = bytearray()
        self.in_turn: Counter[int] = Counter()
        self.ends: list[str] = []
        self._count()

    def _count(self) -> None:
        self.turn += 1
        if "lost" not in self.ends:
            self.loop.call_soon(self._count)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += data
        self.in_turn[self.turn] += len(data)

    def eof_received(self) -> None:
        self.ends.append("eof")

    def connection_lost(self, exc: Exception | None) -> None:
        self.ends.append("lost")


class Client:
    """Makes TLS records of the size that it wants, and sends them all at once."""

    def __init__(self, raw: Attacker, authority: Authority) -> None:
        self.raw = raw
        self._received, self._made = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = authority.trusting().wrap_bio(
            self._received, self._made, server_hostname="127.0.0.1"
        )

    async def handshake(self) -> None:
        while True:
            try:
                self.tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                await self.raw.send(self._made.read())
                self._received.write(await self.raw.reader.read(1 << 16))
        await self.raw.send(self._made.read())

    async def send(self, data: bytes, size: int) -> None:
        for start in range(0, len(data), size):
            self.tls.write(data[start : start + size])
        self.raw.writer.write(self._made.read())

    async def close(self) -> None:
        """Close this side, as TLS wants it and then as TCP."""
        with pytest.raises(ssl.SSLWantReadError):
            self.tls.unwrap()
        self.raw.writer.write(self._made.read())
        self.raw.writer.write_eof()


@asynccontextmanager
async def connected(authority: Authority, **options: Any) -> AsyncIterator[tuple[Client, Receiver]]:
    """Connect, with the handshake done."""
    loop = asyncio.get_running_loop()
    if not hasattr(paced_tls._tls_of(loop), "get_buffer"):
        pytest.skip("asyncio's TLS before Python 3.11")
    with bind("127.0.0.1", 0) as bound:
        start_listening(bound)
        bound.setblocking(False)
        async with attacker(f"127.0.0.1:{bound.getsockname()[1]}", **options) as raw:
            accepted, _ = await loop.sock_accept(bound)
            receiver, client = Receiver(), Client(raw, authority)
            context = Certificate(authority.settings).context
            await asyncio.gather(open_tls(loop, accepted, receiver, context), client.handshake())
            yield client, receiver
            receiver.transport.abort()
            await until(lambda: "lost" in receiver.ends)


@pytest.fixture
def a_piece_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paced_tls, "_SLICE_SECONDS", 0.0)


@pytest.mark.usefixtures("a_piece_a_turn")
def test_many_small_records_are_decrypted_in_many_turns(run: Run, authority: Authority) -> None:
    async def scenario() -> None:
        async with connected(authority) as (client, receiver):
            data = os.urandom(MANY)
            await client.send(data, 1)
            await until(lambda: len(receiver.received) == MANY)
            assert receiver.received == data
            assert max(receiver.in_turn.values()) <= IN_A_PIECE

    run(scenario())


@pytest.mark.usefixtures("a_piece_a_turn")
def test_so_are_those_that_were_not_wanted_before(run: Run, authority: Authority) -> None:
    """They do not wait in TLS, which would decrypt all of them at once."""

    async def scenario() -> None:
        async with connected(authority) as (client, receiver):
            data = os.urandom(MANY)
            for start in range(0, MANY, MANY // 3):
                receiver.transport.pause_reading()
                held = len(receiver.received)
                await client.send(data[start : start + MANY // 3], 1)
                await asyncio.sleep(0.1)
                assert len(receiver.received) == held
                receiver.transport.resume_reading()
                await until(lambda end=start + MANY // 3: len(receiver.received) == end)  # type: ignore[misc]
            assert receiver.received == data
            # What is taken ahead is less than two pieces; the next comes in the same turn.
            assert max(receiver.in_turn.values()) <= 3 * IN_A_PIECE

    run(scenario())


def test_a_read_takes_room_for_one_record(
    run: Run, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, sizes = ssl.SSLObject.read, []

    def noting(self: ssl.SSLObject, size: int, buffer: Any = None) -> Any:
        sizes.append(size)
        return read(self, size, buffer)

    monkeypatch.setattr(ssl.SSLObject, "read", noting)

    async def scenario() -> None:
        async with connected(authority) as (client, receiver):
            await client.send(LARGE[:100_000], 1 << 14)
            await until(lambda: len(receiver.received) == 100_000)
            assert receiver.received == LARGE[:100_000]
            assert set(sizes) == {1 << 14}

    run(scenario())


@pytest.mark.parametrize("slice_seconds", [0.0, 0.001])
def test_large_transfers_in_both_directions(
    run: Run, authority: Authority, monkeypatch: pytest.MonkeyPatch, slice_seconds: float
) -> None:
    monkeypatch.setattr(paced_tls, "_SLICE_SECONDS", slice_seconds)

    async def scenario() -> None:
        async with connected(authority) as (client, receiver):
            receiver.transport.write(LARGE[::-1])
            await client.send(LARGE, 1 << 14)
            got = bytearray()
            while len(got) < len(LARGE):
                try:
                    got += client.tls.read(1 << 16)
                except ssl.SSLWantReadError:
                    client._received.write(await client.raw.reader.read(1 << 16))
            await until(lambda: len(receiver.received) == len(LARGE))
            assert (receiver.received, got) == (LARGE, LARGE[::-1])

    run(scenario())


def test_packets_of_all_sizes(run: Run, authority: Authority) -> None:
    async def scenario() -> None:
        async with connected(authority) as (client, receiver):
            sizes = itertools.cycle([1, 3200, 2, 160, 16_384, 5, 8_192, 8_170])
            sent = 0
            while sent < MB:
                size = next(sizes)
                await client.send(LARGE[sent : sent + size], size)
                sent += size
            await until(lambda: len(receiver.received) == sent)
            assert receiver.received == LARGE[:sent]

    run(scenario())


@pytest.mark.usefixtures("a_piece_a_turn")
def test_the_end_comes_after_all_that_was_sent(run: Run, authority: Authority) -> None:
    async def scenario() -> None:
        async with connected(authority) as (client, receiver):
            await client.send(LARGE[:MANY], 1)
            await client.close()
            await until(lambda: "lost" in receiver.ends)
            assert receiver.received == LARGE[:MANY]
            assert receiver.ends == ["eof", "lost"]

    run(scenario())


@pytest.mark.usefixtures("a_piece_a_turn")
def test_a_client_that_resets(
    run: Run, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        async with connected(authority, reset=True) as (client, receiver):
            await client.send(LARGE[:MANY], 1)
            client.raw.writer.transport.abort()
            await until(lambda: receiver.ends)
            assert receiver.ends == ["lost"]

    run(scenario())
    assert not caplog.records


@pytest.mark.usefixtures("a_piece_a_turn")
def test_nothing_comes_after_an_abort(run: Run, authority: Authority) -> None:
    async def scenario() -> None:
        async with connected(authority) as (client, receiver):
            await client.send(LARGE[:MANY], 1)
            await until(lambda: receiver.received)
            receiver.transport.abort()
            received = len(receiver.received)
            await until(lambda: receiver.ends)
            assert (receiver.ends, len(receiver.received)) == (["lost"], received)

    run(scenario())
