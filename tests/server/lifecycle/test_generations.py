"""Which application a connection gets, and when engines end; applications and engines are fakes."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from liusheng.server.engines import Engines
from liusheng.server.lifecycle.generations import Generation, Generations

SCOPE = {"type": "http", "method": "GET", "path": "/"}


class FakeEngine:
    def __init__(self) -> None:
        self.stopped = 0
        self.streams = 0
        self.running = 0
        self.stops = asyncio.Event()
        self.stops.set()

    async def stop(self) -> None:
        await self.stops.wait()
        self.stopped += 1


class FakeApplication:
    """Serves until it is told to end."""

    def __init__(self) -> None:
        self.served = 0
        self.released = 0
        self.took_over = 0
        self.wound_down = 0
        self.draining = False
        self.stopped = 0
        self.end = asyncio.Event()
        self.asgi = self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.served += 1
        await self.end.wait()

    async def watch(self) -> None:
        await asyncio.Event().wait()

    def take_over(self) -> None:
        self.took_over += 1

    def release_idle(self) -> None:
        self.released += 1

    def drain(self) -> None:
        self.draining = True

    def wind_down(self) -> None:
        self.wound_down += 1

    async def stop_sessions(self) -> None:
        self.stopped += 1


class Made:
    """A generation of fakes."""

    def __init__(
        self,
        recognition: FakeEngine,
        synthesis: FakeEngine | None = None,
        decoding: FakeEngine | None = None,
    ) -> None:
        self.application = FakeApplication()
        application: Any = self.application
        engines: Any = (recognition, synthesis, None, decoding)
        self.generation = Generation(application, Engines(*engines), "")


async def receive() -> Message:
    raise AssertionError("nothing is received")


async def send(message: Message) -> None:
    raise AssertionError("nothing is sent")


def connect(generations: Generations) -> asyncio.Task[None]:
    return asyncio.create_task(generations(SCOPE, receive, send))


async def until_retired(generations: Generations) -> None:
    await asyncio.gather(*generations._retiring)


async def test_engines_end_after_the_last_connection_that_has_them() -> None:
    shared, replaced, newest = FakeEngine(), FakeEngine(), FakeEngine()
    old, new = Made(replaced, shared), Made(newest, shared)
    generations = Generations(old.generation)
    first = connect(generations)
    await asyncio.sleep(0)
    generations.replace(new.generation)
    second = connect(generations)
    await asyncio.sleep(0.25)
    assert (old.application.served, new.application.served) == (1, 1)
    assert (old.application.took_over, new.application.took_over) == (0, 1)
    assert generations.connections == 2
    assert old.application.released, "who has nothing under way does not keep the engines"
    assert not replaced.stopped
    old.application.end.set()
    await first
    await until_retired(generations)
    assert (replaced.stopped, shared.stopped, newest.stopped) == (1, 0, 0)
    new.application.end.set()
    await second


async def test_connections_stay_where_the_engines_do() -> None:
    engine = FakeEngine()
    old, new = Made(engine), Made(engine)
    generations = Generations(old.generation)
    connection = connect(generations)
    await asyncio.sleep(0)
    generations.replace(new.generation)
    await asyncio.sleep(0.25)
    assert generations.outdated == 0
    assert not old.application.released
    old.application.end.set()
    await connection
    await until_retired(generations)
    assert not engine.stopped


async def test_an_engine_is_kept_for_the_oldest_generation_that_has_it() -> None:
    replaced = FakeEngine()
    oldest, older, new = Made(replaced), Made(replaced), Made(FakeEngine())
    generations = Generations(oldest.generation)
    connection = connect(generations)
    await asyncio.sleep(0)
    generations.replace(older.generation)
    generations.replace(new.generation)
    await asyncio.sleep(0.25)
    assert generations.outdated == 1
    assert oldest.application.released
    assert not replaced.stopped
    oldest.application.end.set()
    await connection
    await until_retired(generations)
    assert replaced.stopped == 1


async def test_a_drain_winds_down_every_generation() -> None:
    old, new = Made(FakeEngine()), Made(FakeEngine())
    generations = Generations(old.generation)
    first = connect(generations)
    await asyncio.sleep(0)
    generations.replace(new.generation)
    second = connect(generations)
    await asyncio.sleep(0)
    await generations.drain(0, 0)
    assert (old.application.wound_down, new.application.wound_down) == (1, 1)
    await generations.stop_sessions()
    assert (old.application.stopped, new.application.stopped) == (1, 1)
    for made in (old, new):
        made.application.end.set()
    await asyncio.gather(first, second)


async def test_a_drain_without_connections_waits_for_nothing() -> None:
    only = Made(FakeEngine())
    generations = Generations(only.generation)
    await generations.drain(1_000_000, 1_000_000)
    assert generations.draining
    assert not only.application.wound_down


async def test_at_the_end_the_callers_engines_are_left_to_the_caller() -> None:
    first, second = FakeEngine(), FakeEngine()
    old, new = Made(first), Made(second)
    generations = Generations(old.generation)
    connection = connect(generations)
    await asyncio.sleep(0)
    generations.replace(new.generation)
    await generations.end(old.generation.engines)
    assert (first.stopped, second.stopped) == (0, 1)
    old.application.end.set()
    await connection


async def test_engines_end_after_the_last_recognition_that_was_resumed_elsewhere() -> None:
    replaced = FakeEngine()
    old, new = Made(replaced), Made(FakeEngine())
    generations = Generations(old.generation)
    replaced.streams = 1  # its connection broke, or is of the new generation
    generations.replace(new.generation)
    await asyncio.sleep(0.25)
    assert replaced.stopped == 0
    replaced.streams = 0
    await asyncio.sleep(0.25)
    assert replaced.stopped == 1
    await generations.end(new.generation.engines)


async def test_decoders_end_after_the_last_recognition_that_was_resumed_elsewhere() -> None:
    recognition, replaced = FakeEngine(), FakeEngine()
    old = Made(recognition, None, replaced)
    new = Made(recognition, None, FakeEngine())
    generations = Generations(old.generation)
    replaced.running = 1
    generations.replace(new.generation)
    await asyncio.sleep(0.25)
    assert replaced.stopped == 0
    replaced.running = 0
    await until_retired(generations)
    assert (replaced.stopped, recognition.stopped) == (1, 0)
    await generations.end(new.generation.engines)


async def test_an_engine_that_is_being_stopped_at_the_end_is_stopped() -> None:
    replaced = FakeEngine()
    old, new = Made(replaced), Made(FakeEngine())
    generations = Generations(old.generation)
    replaced.stops.clear()
    generations.replace(new.generation)
    await asyncio.sleep(0.25)
    replaced.stops.set()
    await generations.end(new.generation.engines)
    assert replaced.stopped == 1
