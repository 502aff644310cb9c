"""Any order of audio, results, deaths of workers and poisonous input, without processes."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any, NoReturn
from unittest import mock

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from liusheng.asr.options import AsrOptions
from liusheng.asr.types import Partial, StreamParams, Utterance
from liusheng.runtime.options import PoolOptions, RecognitionServiceOptions
from liusheng.runtime.recognition.service import RecognitionService
from tests.support import fake_handlers
from tests.support.examples import examples
from tests.support.fake_pool import DiedError, FakePool

POISON = ["die", "raise", "die-early", "raise-early"]
"""Words on which a worker ends or fails; early: when it prepares them, if it prepares turns."""


def _die(_: int) -> NoReturn:
    raise DiedError


class Client:
    """A stream, what was said in it, and what came back."""

    def __init__(self, service: RecognitionService) -> None:
        self.said: list[str] = []
        self.text = ""
        self.ended = self.abandoned = False
        self.outcome = ""
        self.stream = service.open(
            StreamParams(), self._update, lambda: self._over("finished"), self._fail
        )

    @property
    def poisonous(self) -> bool:
        return any(word.startswith(("die", "raise")) for word in self.said)

    def say(self, word: str) -> None:
        self.said.append(word)
        self.stream.feed(word.encode().ljust(len(word) + 2 - len(word) % 2))

    def end(self) -> None:
        self.ended = True
        self.stream.finish()

    def _update(self, closed: tuple[Utterance, ...], partial: Partial) -> None:
        assert not self.outcome
        self.text = closed[0].text if closed else partial.text

    def _over(self, outcome: str) -> None:
        assert not self.outcome, "a stream is over once"
        assert not self.abandoned
        self.outcome = outcome

    def _fail(self, error: Exception) -> None:
        self._over(f"failed: {error}")


class ServiceStates(RuleBasedStateMachine):
    """Streams on a pool of workers that die, of their input or otherwise."""

    @initialize(
        workers=st.integers(1, 3),
        batch=st.integers(1, 4),
        kind=st.sampled_from(["plain", "sticky", "prepares"]),
    )
    def begin(self, workers: int, batch: int, kind: str) -> None:
        sticky = kind == "sticky"
        self.patches = ExitStack()
        self.patches.enter_context(mock.patch("tests.support.fake_handlers.os._exit", _die))
        self.patches.enter_context(mock.patch("liusheng.runtime.recognition.turn_source._log"))
        self.now = 0.0
        self.killed = 0
        self.clients: list[Client] = []
        self.service = RecognitionService(
            [],
            AsrOptions(),
            RecognitionServiceOptions(batch=batch, step=0.0001, max_lag=1e9, max_interval=1e9),
            PoolOptions(),
            clock=lambda: self.now,
        )
        handler = fake_handlers.Echo(sticky, kind == "prepares")
        self.service.description = handler.describe()
        self.pool = FakePool(workers, lambda: fake_handlers.Echo(sticky, kind == "prepares"))
        service: Any = self.service
        service._pool = service._turns._pool = self.pool
        service._scheduler.sticky = sticky

    def teardown(self) -> None:
        for client in self.open_clients:
            client.end()
        for _ in range(1000):
            taken = [self.pool.take(self.service._turns, n) for n in range(self.pool.count)]
            for number in range(self.pool.count):
                self.pool.finish(self.service._turns, number)
            if not any(taken):
                break
        assert not self.service._turns._prepared
        for client in self.clients:
            if client.abandoned:
                assert not client.outcome
            elif client.poisonous:
                assert client.outcome.startswith("failed: "), client.said
            else:
                assert client.outcome == "finished"
                assert client.text.split() == client.said, "nothing of the others is lost"
        poisonous = sum(
            "die" in client.said or "die-early" in client.said for client in self.clients
        )
        assert self.pool.lost <= 2 * poisonous + self.killed
        self.patches.close()

    @property
    def open_clients(self) -> list[Client]:
        return [c for c in self.clients if not (c.ended or c.abandoned or c.outcome)]

    @rule(count=st.integers(1, 3))
    def open(self, count: int) -> None:
        for _ in range(min(count, 8 - len(self.clients))):
            self.clients.append(Client(self.service))

    @precondition(lambda self: self.open_clients)
    @rule(data=st.data(), word=st.sampled_from(["one", "two", "three", *POISON]))
    def say(self, data: st.DataObject, word: str) -> None:
        data.draw(st.sampled_from(self.open_clients)).say(word)

    @precondition(lambda self: self.open_clients)
    @rule(word=st.sampled_from(["four", "five"]))
    def all_say(self, word: str) -> None:
        for client in self.open_clients:
            client.say(word)

    @precondition(lambda self: self.open_clients)
    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        data.draw(st.sampled_from(self.open_clients)).end()

    @precondition(lambda self: self.open_clients)
    @rule(data=st.data())
    def abandon(self, data: st.DataObject) -> None:
        client = data.draw(st.sampled_from(self.open_clients))
        client.abandoned = True
        client.stream.abandon()

    @rule(data=st.data())
    def take(self, data: st.DataObject) -> None:
        self.pool.take(self.service._turns, data.draw(st.integers(0, self.pool.count - 1)))

    @rule(data=st.data())
    def finish_job(self, data: st.DataObject) -> None:
        self.pool.finish(self.service._turns, data.draw(st.integers(0, self.pool.count - 1)))

    @rule(data=st.data(), jobs=st.integers(1, 4))
    def work(self, data: st.DataObject, jobs: int) -> None:
        number = data.draw(st.integers(0, self.pool.count - 1))
        for _ in range(jobs):
            self.pool.finish(self.service._turns, number)
            self.pool.take(self.service._turns, number)

    @precondition(lambda self: self.killed < 1)
    @rule(data=st.data())
    def kill(self, data: st.DataObject) -> None:
        self.killed += 1
        self.pool.kill(self.service._turns, data.draw(st.integers(0, self.pool.count - 1)))

    @rule(seconds=st.floats(0.01, 5.0))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @invariant()
    def what_failed_was_poisonous(self) -> None:
        for client in getattr(self, "clients", ()):
            assert client.poisonous or not client.outcome.startswith("failed"), client.outcome


TestServiceStates = ServiceStates.TestCase
TestServiceStates.settings = settings(
    max_examples=examples(100), stateful_step_count=40, deadline=None
)
