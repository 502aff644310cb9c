"""Long work on the event loop takes turns."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import websockets

from liusheng.server.limits.turns import Turns
from tests.server.conftest import Server

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_in_a_round_of_the_loop_only_one_does_long_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 0.0
    monkeypatch.setattr(time, "perf_counter", lambda: now)
    turns, rounds, did = Turns(), 0, Counter[int]()

    async def count() -> None:
        nonlocal rounds
        while True:
            await asyncio.sleep(0)
            rounds += 1

    async def work() -> None:
        nonlocal now
        for _ in range(3):
            async with turns.turn() as until:
                now = until
                did[rounds] += 1

    counting = asyncio.create_task(count())
    await asyncio.gather(*(work() for _ in range(10)))
    counting.cancel()
    assert did.total() == 30
    assert set(did.values()) == {1}


async def test_short_work_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "perf_counter", lambda: 0.0)
    turns, others = Turns(), 0

    async def other() -> None:
        nonlocal others
        others += 1

    task = asyncio.create_task(other())
    for _ in range(100):
        async with turns.turn():
            pass
    assert not others
    await task


async def test_work_that_fails_ends_its_turn() -> None:
    turns = Turns()
    for _ in range(2):
        with pytest.raises(ValueError, match="broken"):
            async with turns.turn():
                raise ValueError("broken")


async def test_frames_with_many_values_take_turns(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are costly to parse; frames of audio and ordinary ones do not wait for them."""
    taken = 0
    turn = Turns.turn

    @asynccontextmanager
    async def counted(self: Turns) -> AsyncIterator[float]:
        nonlocal taken
        taken += 1
        async with turn(self) as until:
            yield until

    monkeypatch.setattr(Turns, "turn", counted)
    for fields, expected in (({"text": "1"}, 0), ({"text": "1", "other": [0] * 5_000}, 1)):
        url = f"ws://{server.address}/paddlespeech/tts/streaming"
        async with websockets.connect(url) as client:
            await client.send(json.dumps(fields))
            await client.recv()
        assert taken == expected
