"""Speeches whose steps fail or come too late, and what voices cost, without workers."""

from __future__ import annotations

from typing import Any

import pytest

from liusheng.runtime.options import PoolOptions, SynthesisServiceOptions
from liusheng.runtime.synthesis.encoding import AudioOutput
from liusheng.runtime.synthesis.self_test import VoiceTest
from liusheng.runtime.synthesis.service import SynthesisService
from liusheng.runtime.synthesis.speech import Speech
from liusheng.runtime.workers.pool import Job
from liusheng.runtime.workers.process import WorkerLostError
from liusheng.tts.types import SpeechRequest, Voice
from tests.support.fake_pool import FakePool
from tests.support.fake_voice import counter

LOST = WorkerLostError("Worker 1 died.")


class Running:
    """A service without workers, and a speech of it whose step is under way."""

    def __init__(self) -> None:
        self.service = SynthesisService([], SynthesisServiceOptions(), PoolOptions())
        service: Any = self.service
        service._pool = service._steps._pool = FakePool(1, object)
        self.speech: Speech = self.service.speak(SpeechRequest("你好"))

    def step(self) -> Job:
        job = self.service._steps.take(0)
        assert job
        return job


async def test_a_step_is_repeated_once() -> None:
    running = Running()
    running.step().lost(LOST)
    running.step().lost(LOST)
    assert running.service._steps.take(0) is None
    with pytest.raises(WorkerLostError, match="Worker 1 died"):
        await anext(running.speech)
    assert running.service.statistics.failed == 1


async def test_what_is_lost_after_its_speech_concerns_nobody() -> None:
    running = Running()
    job = running.step()
    running.speech.cancel()
    job.lost(LOST)
    assert running.service.statistics.failed == 0


def test_what_voices_cost_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    running = Running()
    running.service.voices = (Voice(0, "counter", ("zh",), "unknown", "counter"),)
    running.service._tested([])
    assert caplog.text == ""
    running.service._tested([VoiceTest("counter", 0.8, 0.02, 0.2)])
    assert "too busy to measure what counter costs" in caplog.text, (
        "a fifth of a second says little"
    )
    running.service._tested([VoiceTest("counter", 0.2, 0.1, 1.0)])
    assert "counter takes 0.100 s for a second of audio" in caplog.text


@pytest.mark.parametrize(
    "output",
    [
        AudioOutput("mp3"),
        AudioOutput("ogg_opus"),
        AudioOutput("flac", 16_000),
        AudioOutput(sample_rate=8_000),
    ],
)
async def test_in_every_format_another_worker_begins_at_the_newest_clause(
    output: AudioOutput,
) -> None:
    """And the stream is the same: the encoder is none of the workers' state."""

    async def heard(killed: bool) -> tuple[bytes, int]:
        service = SynthesisService([], SynthesisServiceOptions(), PoolOptions())
        broken: Any = service
        pool = broken._pool = broken._steps._pool = FakePool(1, counter)
        speech = service.speak(SpeechRequest("9 large"), output)
        steps = 0
        while pool.take(service._steps, 0):
            steps += 1
            if killed and steps == 8:
                pool.kill(service._steps, 0)
                continue
            pool.finish(service._steps, 0)
        return b"".join([audio async for audio in speech]), steps

    whole, steps = await heard(killed=False)
    again, steps_again = await heard(killed=True)
    assert again == whole
    assert steps_again <= steps + 2, "the step that was lost, and the clause of it"
