"""Any order of requests, steps, deaths of workers and poisonous texts, without processes."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from typing import Any, NoReturn
from unittest import mock

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from liusheng.runtime.options import PoolOptions, SynthesisServiceOptions
from liusheng.runtime.synthesis.service import SynthesisService
from liusheng.tts.types import SpeechRequest
from tests.support.examples import examples
from tests.support.fake_pool import DiedError, FakePool
from tests.support.fake_voice import counter


def _die(_: int) -> NoReturn:
    raise DiedError


class Listener:
    """A speech, and the numbers that came of it."""

    def __init__(self, service: SynthesisService, count: int, event: str) -> None:
        self.count = count
        self.poisonous = event != "" and count >= 3
        self.heard: list[int] = []
        self.outcome = ""
        self.cancelled = False
        self.speech = service.speak(SpeechRequest(f"{count} {event}".strip()))

    async def listen(self) -> None:
        """Take what there is."""
        while not (self.outcome or self.cancelled):
            taking = asyncio.ensure_future(anext(self.speech, None))
            await asyncio.sleep(0)
            if not taking.done():
                taking.cancel()
                await asyncio.gather(taking, return_exceptions=True)
                return
            if error := taking.exception():
                self.outcome = f"failed: {error}"
            elif (block := taking.result()) is None:
                self.outcome = "finished"
            else:
                self.heard.append(int.from_bytes(block, "little"))


class ServiceStates(RuleBasedStateMachine):
    """Speeches on a pool of workers that die, of their text or otherwise."""

    @initialize(workers=st.integers(1, 3))
    def begin(self, workers: int) -> None:
        self.patches = ExitStack()
        self.patches.enter_context(mock.patch("tests.support.fake_voice.os._exit", _die))
        self.patches.enter_context(mock.patch("liusheng.runtime.synthesis.step_source._log"))
        self.loop = asyncio.new_event_loop()
        self.patches.callback(self.loop.close)
        self.now = 0.0
        self.killed = 0
        self.listeners: list[Listener] = []
        self.service = SynthesisService(
            [], SynthesisServiceOptions(ahead=3 / 24_000), PoolOptions(), clock=lambda: self.now
        )
        self.pool = FakePool(workers, counter)
        service: Any = self.service
        service._pool = service._steps._pool = self.pool

    def teardown(self) -> None:
        for _ in range(500):
            taken = [self.pool.take(self.service._steps, n) for n in range(self.pool.count)]
            for number in range(self.pool.count):
                self.pool.finish(self.service._steps, number)
            for listener in self.listeners:
                self.loop.run_until_complete(listener.listen())
            if not any(taken) and all(each.outcome or each.cancelled for each in self.listeners):
                break
        for listener in self.listeners:
            numbers = list(range(1, listener.count + 1))
            if listener.cancelled:
                assert listener.heard == numbers[: len(listener.heard)]
            elif listener.poisonous:
                assert listener.outcome.startswith("failed: ")
                assert listener.heard == [1, 2], "what was made before is heard"
            else:
                assert (listener.outcome, listener.heard) == ("finished", numbers)
        poisonous = sum(each.poisonous for each in self.listeners)
        assert self.pool.lost <= 2 * poisonous + self.killed
        assert not any(worker.handler._speeches for worker in self.pool.workers), "none is left"
        self.patches.close()

    @property
    def audible(self) -> list[Listener]:
        return [each for each in self.listeners if not (each.outcome or each.cancelled)]

    @rule(count=st.integers(0, 8), event=st.sampled_from(["", "", "die", "raise"]))
    def speak(self, count: int, event: str) -> None:
        if len(self.listeners) < 8:
            self.listeners.append(Listener(self.service, count, event))

    @precondition(lambda self: self.audible)
    @rule(data=st.data())
    def listen(self, data: st.DataObject) -> None:
        self.loop.run_until_complete(data.draw(st.sampled_from(self.audible)).listen())

    @precondition(lambda self: self.audible)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        listener = data.draw(st.sampled_from(self.audible))
        listener.cancelled = True
        listener.speech.cancel()

    @rule(data=st.data())
    def take(self, data: st.DataObject) -> None:
        self.pool.take(self.service._steps, data.draw(st.integers(0, self.pool.count - 1)))

    @rule(data=st.data())
    def finish_job(self, data: st.DataObject) -> None:
        self.pool.finish(self.service._steps, data.draw(st.integers(0, self.pool.count - 1)))

    @precondition(lambda self: self.killed < 2)
    @rule(data=st.data())
    def kill(self, data: st.DataObject) -> None:
        self.killed += 1
        self.pool.kill(self.service._steps, data.draw(st.integers(0, self.pool.count - 1)))

    @rule(seconds=st.floats(0.01, 5.0))
    def wait(self, seconds: float) -> None:
        self.now += seconds


TestServiceStates = ServiceStates.TestCase
TestServiceStates.settings = settings(
    max_examples=examples(100), stateful_step_count=40, deadline=None
)
