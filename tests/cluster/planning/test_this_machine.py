"""The planner measures with the self-tests of the services."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from liusheng.cluster.planning import this_machine
from liusheng.cluster.planning.this_machine import (
    MeasurementError,
    measure_recognition,
    measure_synthesis,
)
from liusheng.models.store import Store
from liusheng.runtime.recognition.messages import BatchTest
from liusheng.runtime.self_tests import SelfTest, SelfTestResults
from liusheng.runtime.synthesis.self_test import VoiceTest
from liusheng.server.config.settings import Settings

BATCHES = [BatchTest((4.9,), 0.1, False, False)]
VOICES = [VoiceTest("v", 0.2, 0.1, 3.0)]


class FakeService:
    """A service that keeps the result of a test as the real ones do."""

    found: Sequence[Any] = ()
    running = 0

    def __init__(self, models: Any, *options: Any, self_tests: SelfTestResults) -> None:
        self.test = SelfTest(self_tests, "recognition", [], options[-1])

    async def start(self) -> None:
        FakeService.running += 1
        assert not self.test.known(BatchTest)
        assert self.test.method, "a test is made"
        self.test.done(self.found)

    async def stop(self) -> None:
        FakeService.running -= 1


@pytest.fixture(autouse=True)
def services(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RecognitionService", "SynthesisService"):
        monkeypatch.setattr(this_machine, name, FakeService)
    monkeypatch.setattr(this_machine, "recognition_models", lambda settings, names: names)
    monkeypatch.setattr(Store, "open_named", lambda store, name: name)


async def test_recognition(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeService, "found", BATCHES)
    found = await measure_recognition(Settings(), "m", "zh")
    assert found.batches == BATCHES
    assert found.memory > 1e6
    assert found.cores >= 1
    assert FakeService.running == 0


async def test_synthesis(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeService, "found", VOICES)
    assert (await measure_synthesis(Settings(), "v")).voices == VOICES


async def test_a_test_that_fails() -> None:
    with pytest.raises(MeasurementError, match="m: the self-test failed"):
        await measure_recognition(Settings(), "m", "zh")
    assert FakeService.running == 0
