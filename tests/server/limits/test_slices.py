"""Input in slices: all of it, in order, and never much at a time."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from contextlib import suppress
from functools import partial

import pytest

from liusheng.server.limits.slices import SlicedInput
from liusheng.server.limits.turns import LoopTurns, Turns

FAST, SLOW = b"f", b"s"


def never() -> None:
    raise AssertionError("a connection is ended")


async def parsed(chunks: list[bytes], pace: float) -> tuple[bytes, int, list[int]]:
    """Return what was parsed, the longest piece, and the sizes that were accounted for.

    pace: seconds that the parser takes for a byte.
    """
    taken: list[bytes] = []
    sizes: list[int] = []

    def feed(piece: bytes) -> None:
        taken.append(piece)
        time.sleep(pace * len(piece))

    sliced = SlicedInput(
        Turns(LoopTurns()), feed, lambda: True, lambda: sizes.append(sliced.size), never
    )
    for chunk in chunks:
        sliced.put(chunk)
    while sliced.size:  # noqa: ASYNC110
        await asyncio.sleep(0)
    return b"".join(taken), max(map(len, taken)), sizes


async def test_everything_is_parsed_in_order_and_a_slow_parser_gets_small_pieces() -> None:
    data = random.Random(1).randbytes(60_000)
    chunks = [data[:50_000], data[50_000:50_001], data[50_001:]]
    everything, longest, sizes = await parsed(chunks, 1e-6)
    assert everything == data
    assert longest <= 4_096
    assert len(sizes) > 20
    assert sizes[-1] == 0


async def test_a_fast_parser_gets_large_pieces() -> None:
    data = bytes(1 << 20)
    everything, longest, _ = await parsed([data], 0)
    assert everything == data
    assert longest == 2 * 1024


async def test_small_reads_take_no_more_memory_than_is_counted() -> None:
    sliced = SlicedInput(Turns(LoopTurns()), lambda _: None, lambda: False, lambda: None, never)
    for _ in range(10_000):
        sliced.put(b"a")
    assert sliced.size == 10_000
    assert len(sliced._chunks) == 5
    assert sliced.take_all() == b"a" * 10_000


async def test_nothing_is_parsed_before_it_may_be() -> None:
    may, taken = False, b""

    def feed(piece: bytes) -> None:
        nonlocal taken
        taken += piece

    sliced = SlicedInput(Turns(LoopTurns()), feed, lambda: may, lambda: None, never)
    sliced.put(b"early")
    await asyncio.sleep(0)
    assert (taken, sliced.size) == (b"", 5)
    may = True
    sliced.work()
    assert (taken, sliced.size) == (b"early", 0)
    may = False
    sliced.put(b"rest")
    assert sliced.take_all() == b"rest"
    assert sliced.size == 0


async def test_a_parser_that_asks_for_more_is_not_called_again_at_once() -> None:
    depth = deepest = 0

    def feed(piece: bytes) -> None:
        nonlocal depth, deepest
        depth += 1
        deepest = max(deepest, depth)
        sliced.put(b"") if len(piece) > 1 else None
        depth -= 1

    sliced = SlicedInput(Turns(LoopTurns()), feed, lambda: True, lambda: None, never)
    sliced.put(b"abc")
    await asyncio.sleep(0)
    assert deepest == 1


async def test_connections_share_the_time_of_a_round() -> None:
    """However many there are, and what waits is accounted for meanwhile.

    What comes first is fast, so that pieces get as large as they may be.
    """
    now = 0.0
    turns = LoopTurns(lambda: now)
    taken: Counter[int] = Counter()
    sizes: dict[int, int] = {}

    def connection(number: int) -> SlicedInput:
        def feed(piece: bytes) -> None:
            nonlocal now
            now += 1e-9 * len(piece) if piece[0] == FAST[0] else 2e-6 * len(piece)
            taken[number] += len(piece)

        def worked() -> None:
            sizes[number] = made.size

        made = SlicedInput(Turns(turns), feed, lambda: True, worked, never)
        return made

    connections = [connection(number) for number in range(100)]
    for kind in (FAST, SLOW):
        for each in connections:
            each.put(kind * 20_000)
    assert now < 0.02, "only the first one was parsed"
    assert sizes == {number: each.size for number, each in enumerate(connections)}
    while any(each.size for each in connections):
        before = now
        await asyncio.sleep(0)
        assert now - before < 0.001 + 2e-6 * 2_048
    assert set(taken.values()) == {40_000}


def busy_turns() -> Turns:
    """Turns of a connection while another one has all the time of this round."""
    now = 0.0
    turns = LoopTurns(lambda: now)
    assert turns.may_work()
    now = 1.0
    return Turns(turns)


@pytest.mark.parametrize("tls", [False, True])
async def test_what_waits_is_parsed_when_nothing_more_comes(tls: bool) -> None:
    """In its turn, if the connection stays open so long; at once, if TLS closes it."""
    taken: list[bytes] = []
    sliced = SlicedInput(busy_turns(), taken.append, lambda: True, lambda: None, never)
    transport = FakeTransport(tls)
    sliced.put(b"bye")
    assert (taken, sliced.waits) == ([], True)
    assert sliced.end(transport) is not tls
    assert (taken, sliced.waits) == (([b"bye"], False) if tls else ([], True))
    for _ in range(2):
        await asyncio.sleep(0)
    assert (taken, sliced.waits) == ([b"bye"], False)
    assert transport.closed is not tls
    assert not sliced.end(transport)


class FakeTransport(asyncio.Transport):
    def __init__(self, tls: bool) -> None:
        super().__init__({"ssl_object": object()} if tls else {})
        self.closed = False

    def close(self) -> None:
        self.closed = True


async def test_input_that_cannot_be_parsed_ends_its_connection() -> None:
    """Whenever it is parsed: a loop does so only for what it reads."""
    faults: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, fault: faults.append(fault))
    ended: list[str] = []

    def fail(_: bytes) -> None:
        raise MemoryError

    for name in ("now", "later"):
        turns = busy_turns() if name == "later" else Turns(LoopTurns())
        sliced = SlicedInput(turns, fail, lambda: True, lambda: None, partial(ended.append, name))
        with suppress(MemoryError):
            sliced.put(b"abc")
        for _ in range(2):
            await asyncio.sleep(0)
    assert ended == ["now", "later"]
    assert len(faults) == 1


async def test_what_is_closed_while_it_waits_is_forgotten() -> None:
    taken: list[bytes] = []
    sliced = SlicedInput(busy_turns(), taken.append, lambda: True, lambda: None, never)
    sliced.put(b"never")
    sliced.close()
    for _ in range(2):
        await asyncio.sleep(0)
    assert taken == []


async def test_room_that_shows_when_all_is_accounted_for_is_used() -> None:
    """Nobody else works in this round, and nobody calls `work` again."""
    may, taken = False, b""

    def feed(piece: bytes) -> None:
        nonlocal taken
        taken += piece

    def worked() -> None:
        nonlocal may
        may = True

    sliced = SlicedInput(Turns(LoopTurns()), feed, lambda: may, worked, never)
    sliced.put(b"abc")
    for _ in range(2):
        await asyncio.sleep(0)
    assert taken == b"abc"
