"""TLS that is read in small pieces. Each test runs on both event loops."""

from __future__ import annotations

import asyncio
import itertools
import os
import socket
import ssl
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from liusheng.bench.soak.attacker import Attacker, attacker
from liusheng.server.access.tls import Certificate
from liusheng.server.limits import pace, paced_tls, turns
from liusheng.server.limits.paced_tls import PacedTls, open_tls
from liusheng.server.limits.turns import LoopTurns, Turns
from liusheng.server.listening import bind, start_listening
from tests.server.limits.conftest import Run, until
from tests.support.certificates import Authority
from tests.support.tls_records import KeyChanges, Records, logging_secrets, records_after

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

    def __init__(self, raw: Attacker, trusting: ssl.SSLContext) -> None:
        self.raw = raw
        self._received, self._made = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = trusting.wrap_bio(self._received, self._made, server_hostname="127.0.0.1")

    async def handshake(self) -> bytes:
        """Return what the server has sent in it."""
        received = b""
        while True:
            try:
                self.tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                await self.raw.send(self._made.read())
                received += (part := await self.raw.reader.read(1 << 16))
                self._received.write(part)
        await self.raw.send(self._made.read())
        return received

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
    turns = Turns(LoopTurns())
    trusting = authority.trusting()
    async with accepted(trusting, authority, turns, **options) as (client, receiver, _):
        yield client, receiver


@asynccontextmanager
async def accepted(
    trusting: ssl.SSLContext, authority: Authority, turns: Turns, **options: Any
) -> AsyncIterator[tuple[Client, Receiver, bytes]]:
    """Connect, with the handshake done, in which the server has sent these bytes."""
    loop = asyncio.get_running_loop()
    if not hasattr(paced_tls._tls_of(loop), "get_buffer"):
        pytest.skip("asyncio's TLS before Python 3.11")
    with bind("127.0.0.1", 0) as bound:
        start_listening(bound)
        bound.setblocking(False)
        async with attacker(f"127.0.0.1:{bound.getsockname()[1]}", **options) as raw:
            connection, _ = await loop.sock_accept(bound)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16_384)
            receiver, client = Receiver(), Client(raw, trusting)
            context = Certificate(authority.settings).context
            _, received = await asyncio.gather(
                open_tls(loop, connection, receiver, context, turns), client.handshake()
            )
            yield client, receiver, received
            receiver.transport.abort()
            await until(lambda: "lost" in receiver.ends)


@asynccontextmanager
async def breaking_the_rules(
    authority: Authority, version: ssl.TLSVersion, turns: Turns, secrets: Path, **options: Any
) -> AsyncIterator[tuple[Client, Receiver, Records]]:
    """Connect as a client that makes its records itself."""
    trusting = authority.trusting()
    logging_secrets(trusting, secrets, version)
    async with accepted(trusting, authority, turns, **options) as (client, receiver, received):
        yield client, receiver, records_after(secrets, received)


@pytest.fixture
def a_piece_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (pace, turns):
        monkeypatch.setattr(module, "SLICE_SECONDS", 0.0)
    monkeypatch.setattr(turns, "_MOST_SECONDS", 0.0)


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
    for module in (pace, turns):
        monkeypatch.setattr(module, "SLICE_SECONDS", slice_seconds)

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


@pytest.mark.usefixtures("a_piece_a_turn")
def test_changes_of_keys_are_worked_on_in_small_pieces(
    run: Run, authority: Authority, tmp_path: Path
) -> None:
    """Each takes five times as long as a record with a byte."""

    async def scenario() -> None:
        turns = Turns(LoopTurns())
        async with breaking_the_rules(
            authority, ssl.TLSVersion.TLSv1_3, turns, tmp_path / "secrets"
        ) as (client, receiver, records):
            assert isinstance(records, KeyChanges)
            flood = [records.change(answer=False) + records.data(b"a") for _ in range(1_000)]
            client.raw.writer.write(b"".join(flood))
            await until(lambda: len(receiver.received) == len(flood))
            assert max(receiver.in_turn.values()) <= 1_024 // len(flood[0]) + 1

    run(scenario())


class Slow:
    """TLS that takes a millisecond for a KB, the connection below it, and the one above it."""

    def __init__(self, clock: list[float]) -> None:
        self.clock = clock
        self.pace = 1e-6  # seconds for a byte
        self.room = bytearray(MB)
        self.worked = 0  # bytes
        self.reading = self.wanted = True
        self.is_reading = lambda: self.reading

    def _get_app_transport(self) -> Any:
        return SimpleNamespace(
            is_reading=lambda: self.wanted,
            is_closing=lambda: False,
            get_extra_info=lambda name: None,
        )

    def connection_made(self, transport: Any) -> None:
        pass

    def get_buffer(self, sizehint: int) -> memoryview:
        return memoryview(self.room)

    def buffer_updated(self, nbytes: int) -> None:
        self.worked += nbytes
        self.clock[0] += nbytes * self.pace

    def pause_reading(self) -> None:
        assert self.reading
        self.reading = False

    def resume_reading(self) -> None:
        assert not self.reading
        self.reading = True


def slow_ones(count: int) -> tuple[list[float], list[tuple[Slow, PacedTls]]]:
    """Return a clock and connections that share the turns of this loop."""
    clock = [0.0]
    turns = LoopTurns(lambda: clock[0])
    made = [(tls := Slow(clock), PacedTls(tls, Turns(turns))) for _ in range(count)]
    for tls, paced in made:
        paced.connection_made(tls)  # type: ignore[arg-type]
    return clock, made


async def test_connections_share_the_time_of_a_turn() -> None:
    """However many they are, and each gets the same."""
    clock, connections = slow_ones(50)
    while min(tls.worked for tls, _ in connections) < 20_000:
        began = clock[0]
        for tls, paced in connections:
            if tls.reading:
                paced.buffer_updated(len(paced.get_buffer(-1)))
        await asyncio.sleep(0)
        assert clock[0] - began < 0.0021  # and at least one piece, the first of which is 1 KB
        worked = [tls.worked for tls, _ in connections]
        assert max(worked) - min(worked) <= 3_024  # two milliseconds' worth, and a piece


async def test_what_is_decrypted_fast_comes_in_large_pieces_if_it_is_wanted() -> None:
    _, [(tls, paced)] = slow_ones(1)
    tls.pace = 0
    for size in (1_024, 2_048, 4_096, 8_192, 8_192):
        assert len(paced.get_buffer(-1)) == size
        paced.buffer_updated(size)
    # It is decrypted later, all at once, and nobody knows how long that takes.
    tls.wanted = False
    for _ in range(3):
        assert len(paced.get_buffer(-1)) == 256
        paced.buffer_updated(256)
    tls.wanted = True
    assert len(paced.get_buffer(-1)) == 8_192


async def test_who_hands_over_more_although_reading_is_paused() -> None:
    """As asyncio does on Windows, in the same room."""
    _, [(first, hasty), (second, paced)] = slow_ones(2)
    hasty.buffer_updated(1_024)
    paced.buffer_updated(10)
    assert (first.worked, second.worked, second.reading) == (1_024, 0, False)
    paced.get_buffer(-1)
    assert (second.worked, second.reading) == (10, True)
    paced.buffer_updated(20)
    assert (second.worked, second.reading) == (10, False)
    await asyncio.sleep(0)
    assert (second.worked, second.reading) == (30, True)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_client_that_reads_no_answer_of_tls_is_not_read_on(
    run: Run, authority: Authority, tmp_path: Path, version: ssl.TLSVersion
) -> None:
    """Handshakes that are refused (TLS 1.2), and changes of keys that ask for one (TLS 1.3)."""
    count = 1_000

    async def scenario() -> None:
        turns = Turns(LoopTurns())
        async with breaking_the_rules(
            authority, version, turns, tmp_path / "secrets", receive_buffer=16_384
        ) as (client, receiver, records):
            for _ in range(count):
                asking = b"".join(records.asking() for _ in range(20))
                client.raw.writer.write(asking + records.data(b"a"))
            received, same = -1, 0
            while same < 5:
                same = same + 1 if len(receiver.received) == received else 0
                received = len(receiver.received)
                await asyncio.sleep(0.1)
            assert received < count
            held = receiver.transport.get_write_buffer_size()
            assert paced_tls._MAX_ANSWERS < held <= paced_tls._MAX_ANSWERS + paced_tls._MOST
            reading = asyncio.create_task(client.raw.rest())
            await until(lambda: len(receiver.received) == count)
            reading.cancel()

    run(scenario())
