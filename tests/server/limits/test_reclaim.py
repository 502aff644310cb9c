"""Memory that goes back to the system: when, and that it does."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from unittest import mock

import pytest

from liusheng.server.limits import reclaim as module
from liusheng.server.limits.reclaim import ReclaimPolicy, reclaim

MB = 1 << 20

linux = pytest.mark.skipif(sys.platform != "linux", reason="glibc")


def test_after_a_flood_and_not_during_it() -> None:
    policy = ReclaimPolicy(100 * MB)
    assert not policy.due(110 * MB, 0), "little"
    assert not policy.due(400 * MB, 300 * MB), "it grows"
    assert not policy.due(400 * MB, 300 * MB), "it is in use"
    assert not policy.due(450 * MB, 0), "it grows"
    assert policy.due(450 * MB, 0)
    policy.done(180 * MB, 0)
    assert not policy.due(180 * MB, 0), "there is nothing more to gain"
    assert not policy.due(220 * MB, 0)
    assert policy.due(219 * MB, 0)


def test_what_is_in_use_then_is_no_new_base() -> None:
    policy = ReclaimPolicy(100 * MB)
    policy.done(200 * MB, 90 * MB)
    assert not policy.due(200 * MB, 60 * MB)
    assert policy.due(200 * MB, 10 * MB)


_FLOOD = """
import asyncio
from liusheng.server.limits import reclaim as module

async def main():
    given_back = asyncio.Event()
    module._PERIOD = 0.05
    module._log.info = lambda *_: given_back.set()
    task = asyncio.create_task(module.reclaim(lambda: 0))
    await asyncio.sleep(0)
    before = module.resident()
    # Small pieces, of which every thousandth stays: the allocator keeps the rest.
    pieces = [bytes(60_000) for _ in range(3_000)]
    grown = module.resident()
    kept = pieces[::-1_000]
    del pieces
    kept_by_allocator = module.resident()
    await asyncio.wait_for(given_back.wait(), 100)
    print(len(kept), before, grown, kept_by_allocator, module.resident())

asyncio.run(main())
"""


@linux
def test_freed_memory_goes_back() -> None:
    ran = subprocess.run([sys.executable, "-c", _FLOOD], capture_output=True, text=True, check=True)
    _, before, grown, kept, after = map(int, ran.stdout.split())
    assert grown - before > 100 * MB
    assert kept - before > 50 * MB
    assert after < before + (grown - before) / 5


async def test_elsewhere_there_is_nothing_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    await asyncio.wait_for(reclaim(lambda: 0), 120)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr("ctypes.CDLL", lambda _: object())
    await asyncio.wait_for(reclaim(lambda: 0), 120)


@pytest.mark.parametrize("found", [True, False])
def test_large_blocks_are_separated_where_there_is_glibc(
    monkeypatch: pytest.MonkeyPatch, found: bool
) -> None:
    libc = mock.Mock()
    monkeypatch.setattr(module, "_glibc", lambda: libc if found else None)
    module.separate_large_blocks()
    assert libc.mallopt.mock_calls == ([mock.call(-3, 256 << 10)] if found else [])
