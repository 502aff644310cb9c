"""Long work on the event loop takes turns."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
import pytest_asyncio
import websockets

from liusheng.protocol import frames
from liusheng.server.limits.turns import Turns
from tests.server.conftest import Server

pytestmark = pytest.mark.asyncio(loop_scope="session")


class Clock:
    """Time that passes only when work is done, and the work of each round of the loop."""

    def __init__(self) -> None:
        self.now = 0.0
        self.rounds = 0
        self.did: Counter[int] = Counter()

    def work(self, microseconds: int) -> None:
        self.now += microseconds / 1e6
        self.did[self.rounds] += microseconds

    async def count(self) -> None:
        while True:
            await asyncio.sleep(0)
            self.rounds += 1


@pytest_asyncio.fixture(loop_scope="session")
async def clock(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Clock]:
    clock = Clock()
    monkeypatch.setattr(time, "perf_counter", lambda: clock.now)
    counting = asyncio.create_task(clock.count())
    yield clock
    counting.cancel()


@pytest.mark.parametrize("microseconds", [10, 190, 1_000])
@pytest.mark.parametrize("fails", [False, True])
async def test_a_round_of_the_loop_has_little_of_it(
    clock: Clock, microseconds: int, fails: bool
) -> None:
    turns = Turns()

    async def work(client: int) -> None:
        try:
            async with turns.turn(client):
                clock.work(microseconds)
                if fails:
                    raise ValueError("broken")
        except ValueError:
            pass

    await asyncio.gather(*(work(number) for number in range(200)))
    assert clock.did.total() == 200 * microseconds
    assert max(clock.did.values()) <= 1_000 + microseconds


async def test_short_work_does_not_wait(clock: Clock) -> None:
    turns, before = Turns(), clock.rounds
    for _ in range(100):
        async with turns.turn("a"):
            clock.work(1)
    assert clock.rounds == before


async def test_a_client_with_much_work_holds_up_no_other(clock: Clock) -> None:
    turns = Turns()
    done: list[str] = []

    async def work(client: str) -> None:
        async with turns.turn(client):
            clock.work(1_000)
            done.append(client)

    await asyncio.gather(*(work(client) for client in "aaaaaaaaaabbc"))
    assert "".join(done) == "aabcabaaaaaaa"


async def test_who_no_longer_waits_is_passed_over(clock: Clock) -> None:
    """Whether it was given the turn already or not."""
    for rounds in range(12):
        turns = Turns()
        done: list[int] = []

        async def work(number: int, turns: Turns = turns, done: list[int] = done) -> None:
            async with turns.turn(number):
                clock.work(1_000)
                done.append(number)

        tasks = [asyncio.create_task(work(number)) for number in range(5)]
        for _ in range(rounds):
            await asyncio.sleep(0)
        tasks[1].cancel()
        tasks[3].cancel()
        await asyncio.wait(tasks, timeout=10)
        assert {0, 2, 4} <= set(done)
        async with turns.turn("later"):
            pass


class Taken:
    """How many turns are taken, and in which of them JSON is parsed."""

    def __init__(self) -> None:
        self.turns = 0
        self.inside = False
        self.parsed: list[bool] = []


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> Taken:
    taken, turn, parse = Taken(), Turns.turn, frames.parse_json

    @asynccontextmanager
    async def counted(self: Turns, client: object) -> AsyncIterator[float]:
        async with turn(self, client) as until:
            taken.turns += 1
            taken.inside = True
            yield until
            taken.inside = False

    def noted(data: str | bytes, what: str) -> object:
        taken.parsed.append(taken.inside)
        return parse(data, what)

    monkeypatch.setattr(Turns, "turn", counted)
    monkeypatch.setattr(frames, "parse_json", noted)
    return taken


@pytest.mark.parametrize(
    ("fields", "costly"),
    [({}, False), ({"other": [0] * 5_000}, True), ({"other": "x" * 70_000}, True)],
)
async def test_what_is_costly_to_parse_takes_a_turn(
    server: Server, taken: Taken, fields: dict[str, Any], costly: bool
) -> None:
    message = json.dumps({"text": "1", **fields})
    url = f"ws://{server.address}/paddlespeech/tts/streaming"
    async with websockets.connect(url) as client:
        await client.send(message)
        await client.recv()
    assert taken.parsed == [costly]
    async with httpx2.AsyncClient(base_url=f"http://{server.address}", timeout=60) as http:
        answer = await http.post("/paddlespeech/tts", content=message)
    assert answer.status_code == 200
    assert taken.parsed == [costly, costly]
    assert taken.turns == 2 * costly
