"""Input in slices: all of it, in order, and never much at a time."""

from __future__ import annotations

import asyncio
import random
import time

from liusheng.server.limits.slices import SlicedInput


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
        asyncio.get_running_loop(), feed, lambda: True, lambda: sizes.append(sliced.size)
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
    assert longest == 64 * 1024


async def test_nothing_is_parsed_before_it_may_be() -> None:
    may, taken = False, b""

    def feed(piece: bytes) -> None:
        nonlocal taken
        taken += piece

    sliced = SlicedInput(asyncio.get_running_loop(), feed, lambda: may, lambda: None)
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

    sliced = SlicedInput(asyncio.get_running_loop(), feed, lambda: True, lambda: None)
    sliced.put(b"abc")
    await asyncio.sleep(0)
    assert deepest == 1
