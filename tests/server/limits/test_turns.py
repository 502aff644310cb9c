"""Long work on the event loop takes turns."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import weakref
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextvars import Context, ContextVar
from typing import Any

import httpx2
import pytest
import pytest_asyncio
import websockets

from liusheng.protocol import frames
from liusheng.server.limits.turns import LoopTurns, Turns
from tests.server.conftest import Server

pytestmark = pytest.mark.asyncio(loop_scope="session")


class Working:
    """Work that takes time on a clock of its own. did: microseconds, of each round of the loop."""

    def __init__(self) -> None:
        self.now = 0.0
        self.rounds = 0
        self.did: Counter[int] = Counter()
        self.loop = LoopTurns(lambda: self.now)
        self.turns = Turns(self.loop)
        self.clients: dict[str, Turns] = {}
        self.done: list[str] = []

    def work(self, name: str, microseconds: int) -> None:
        self.now += microseconds / 1e6
        self.did[self.rounds] += microseconds
        self.done.append(name)

    async def do(self, name: str, microseconds: int) -> None:
        turns = self.clients.setdefault(name, Turns(self.loop))
        await turns.do(lambda _: self.work(name, microseconds))

    async def count(self) -> None:
        while True:
            await asyncio.sleep(0)
            self.rounds += 1


@pytest_asyncio.fixture(loop_scope="session")
async def working() -> AsyncIterator[Working]:
    working = Working()
    counting = asyncio.create_task(working.count())
    yield working
    counting.cancel()


@pytest.mark.parametrize("microseconds", [10, 190, 1_000])
async def test_a_round_of_the_loop_has_little_of_it(working: Working, microseconds: int) -> None:
    await asyncio.gather(*(working.do(str(number), microseconds) for number in range(200)))
    assert working.did.total() == 200 * microseconds
    assert max(working.did.values()) < 1_000 + microseconds


async def test_work_that_fails_takes_its_time_like_any_other(working: Working) -> None:
    def fail() -> None:
        working.work("a", 1_000)
        raise ValueError("broken")

    all_of_it = (working.turns.do(lambda _: fail()) for _ in range(20))
    results = await asyncio.gather(*all_of_it, return_exceptions=True)
    assert [str(each) for each in results] == ["broken"] * 20
    assert set(working.did.values()) == {1_000}


async def test_where_the_loop_has_much_else_to_do_it_gets_a_part_of_that(working: Working) -> None:
    async def other_work() -> None:
        while True:
            working.now += 0.04
            await asyncio.sleep(0)

    other = asyncio.create_task(other_work())
    await asyncio.gather(*(working.do(str(number), 1_000) for number in range(200)))
    other.cancel()
    first, *later, _ = working.did.values()
    assert first <= 1_000
    assert all(10_000 <= each <= 15_000 for each in later)


async def test_short_work_does_not_wait(working: Working) -> None:
    before = working.rounds
    for _ in range(99):
        await working.do("a", 10)
    assert working.rounds == before


async def test_who_has_little_to_do_is_not_held_up_by_who_has_much(working: Working) -> None:
    """Work that fills all of its turns waits again each time."""
    fills = asyncio.create_task(fill(working, 100))
    await asyncio.sleep(0)
    await asyncio.gather(*(working.do("little", 10) for _ in range(50)))
    await fills
    assert working.done.count("little") == 50
    assert working.done[:55].count("little") == 50


async def fill(working: Working, times: int, name: str = "much") -> None:
    for _ in range(times):
        await working.do(name, 1_000)


async def test_a_newcomer_waits_for_a_round_however_many_have_much_to_do(working: Working) -> None:
    hogs = [asyncio.create_task(fill(working, 5, f"hog {number}")) for number in range(100)]
    await asyncio.sleep(0)
    for number in range(10):
        while len(working.done) < 200 + 10 * number:  # noqa: ASYNC110
            await asyncio.sleep(0)
        before = len(working.done)
        await working.do(f"newcomer {number}", 10)
        assert working.done.index(f"newcomer {number}") - before <= 1
    await asyncio.gather(*hogs)


async def test_a_client_with_many_connections_has_the_time_of_one(working: Working) -> None:
    for name in map(str, range(50)):
        working.clients[name] = Turns(working.loop)
        working.clients[name].client = "192.0.2.1"
    many = [asyncio.create_task(fill(working, 4, name)) for name in working.clients]
    await asyncio.sleep(0)
    await fill(working, 20, "one")
    assert working.done.count("one") == 20
    assert len(working.done) <= 65  # it does not wait all the time, as the many do
    await asyncio.gather(*many)


async def test_who_waits_without_need_has_its_turn(working: Working) -> None:
    working.turns.wait(lambda: working.work("a", 10))
    await asyncio.sleep(0)
    assert working.done == ["a"]


async def test_who_waits_in_an_empty_context_has_its_turn(working: Working) -> None:
    """As who is called because of a connection. Such a context is false."""
    Context().run(working.turns.wait, lambda: working.work("a", 10))
    await asyncio.sleep(0)
    assert working.done == ["a"]


async def test_what_follows_from_work_is_done_in_its_turn(working: Working) -> None:
    """As frames that were just decrypted."""
    working.work("before", 0)
    assert working.turns.may_work()
    working.now += 0.001
    may: list[bool] = []
    for _ in range(2):
        working.turns.wait(lambda: may.append(working.turns.may_work()))
    await asyncio.sleep(0)
    assert may == [True, True]


async def test_who_waits_no_longer_is_passed_over(working: Working) -> None:
    """Whether it was its turn already or not."""
    for rounds in range(8):
        working.done.clear()
        tasks = [asyncio.create_task(working.do(name, 1_000)) for name in "abcde"]
        for _ in range(rounds):
            await asyncio.sleep(0)
        before = len(working.done)
        tasks[1].cancel()
        tasks[3].cancel()
        await asyncio.wait(tasks, timeout=10)
        expected = [name for at, name in enumerate("abcde") if at < before or name in "ace"]
        assert working.done == expected


async def test_what_waits_no_longer_is_freed_at_once(working: Working) -> None:
    class Held:
        def work(self, _: float) -> None:
            pass

    held = Held()
    seen = weakref.ref(held)
    await working.do("first", 1_000)
    for _ in range(5):
        working.turns.wait(lambda: working.work("before", 1_000))
    task = asyncio.create_task(working.turns.do(held.work))
    await asyncio.sleep(0)
    del held
    assert seen() is not None
    task.cancel()
    await asyncio.wait([task])
    del task
    assert seen() is None


async def test_nobody_who_waits_is_forgotten_for_the_fault_of_another(
    working: Working, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults: list[object] = []
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "call_exception_handler", faults.append)
    await working.do("a", 1_000)
    working.turns.wait(lambda: 1 / 0)
    await working.do("c", 0)
    assert working.done == ["a", "c"]
    assert len(faults) == 1


async def test_work_has_the_context_of_who_waits(working: Working) -> None:
    """And what it begins: a log says whose it is."""
    name: ContextVar[str] = ContextVar("name", default="")
    seen: list[str] = []

    async def do(own: str) -> str:
        name.set(own)

        def work(_: float) -> str:
            working.work(own, 1_000)
            return name.get()

        return await working.turns.do(work)

    async def wait(own: str) -> None:
        if own:
            name.set(own)
        working.turns.wait(lambda: seen.append(name.get()))

    doing = [asyncio.create_task(do(own)) for own in "abc"]
    waiting = [asyncio.create_task(wait(own)) for own in ("d", "", "e")]
    assert await asyncio.gather(*doing) == ["a", "b", "c"]
    await asyncio.gather(*waiting)
    await asyncio.sleep(0)
    assert seen == ["d", "", "e"]


async def test_what_work_sets_in_its_context_stays_set(working: Working) -> None:
    """Whether it waited or not: a session that begins binds its name to the log."""
    name: ContextVar[str] = ContextVar("name")

    async def do(own: str) -> str:
        def work(_: float) -> None:
            working.work(own, 1_000)
            name.set(own)

        await working.turns.do(work)
        return name.get()

    tasks = [asyncio.create_task(do(own)) for own in "abc"]
    assert await asyncio.gather(*tasks) == ["a", "b", "c"]
    assert name.get("") == ""


async def test_whether_a_connection_waits(working: Working) -> None:
    turns = working.turns
    first = [turns.wait(lambda: working.work("a", 1_000)) for _ in range(3)]
    first[2].cancel()
    first[2].cancel()
    assert turns.waits
    while turns.waits:  # noqa: ASYNC110
        await asyncio.sleep(0)
    assert working.done == ["a", "a"]


async def test_an_error_keeps_nothing_alive(working: Working) -> None:
    """Without the garbage collector, which would find it late."""

    class Held:
        pass

    async def fail() -> weakref.ref[Held]:
        held = Held()
        seen = weakref.ref(held)

        def work(_: float, held: Held = held) -> None:
            raise ValueError("broken")

        working.work("before", 1_000)
        with contextlib.suppress(ValueError):
            await working.turns.do(work)
        return seen

    gc.disable()
    try:
        await working.do("first", 1_000)
        assert (await fail())() is None
    finally:
        gc.enable()


class Taken:
    """How many turns are taken, and in which of them JSON is parsed."""

    def __init__(self) -> None:
        self.turns = 0
        self.inside = False
        self.parsed: list[bool] = []


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> Taken:
    taken, do, parse = Taken(), Turns.do, frames.parse_json

    async def counted(self: Turns, work: Callable[[float], Any]) -> Any:
        def noted_work(until: float) -> Any:
            taken.inside = True
            try:
                return work(until)
            finally:
                taken.inside = False

        taken.turns += 1
        return await do(self, noted_work)

    def noted(data: str | bytes, what: str) -> object:
        taken.parsed.append(taken.inside)
        return parse(data, what)

    monkeypatch.setattr(Turns, "do", counted)
    monkeypatch.setattr(frames, "parse_json", noted)
    return taken


@pytest.mark.parametrize(
    ("fields", "costly"),
    [({}, False), ({"other": [0] * 5_000}, True), ({"other": "x" * 20_000}, True)],
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
