"""What models cost on this machine, by the self-tests with which the services start."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from liusheng.bench.processes import memory
from liusheng.models.store import Store
from liusheng.runtime.options import PoolOptions, RecognitionServiceOptions, SynthesisServiceOptions
from liusheng.runtime.recognition.messages import BatchTest
from liusheng.runtime.recognition.service import RecognitionService
from liusheng.runtime.self_tests import SelfTestResults, processor
from liusheng.runtime.synthesis.load import SpeechLoad
from liusheng.runtime.synthesis.self_test import VoiceTest
from liusheng.runtime.synthesis.service import SynthesisService
from liusheng.server.config.settings import Settings
from liusheng.server.cores import usable_cores
from liusheng.server.models import recognition_models

T = TypeVar("T")


@dataclass(frozen=True)
class ThisMachine:
    """What was measured now.

    machine: name of the processor.
    cores: that may be used.
    workers: that were started.
    memory: bytes of this process and its workers after the test.
    batches: of recognition.
    voices: of synthesis.
    """

    machine: str
    cores: int
    workers: int
    memory: int
    batches: Sequence[BatchTest] = ()
    voices: Sequence[VoiceTest] = ()

    def listeners(self) -> tuple[int, float]:
        """Return how many listeners of the first voice the server would admit, and for how many
        seconds a worker is busy with a second of its audio."""
        load = SpeechLoad()
        for test in self.voices:
            load.tested(test.voice, test.busy, test.seconds)
        voice = self.voices[0].voice
        return load.listeners(voice, self.workers), load.real_time_factor(voice)


class MeasurementError(Exception):
    """Nothing was measured; the message says why."""


class _NewResults(SelfTestResults):
    """Results of no earlier test, and of none that is kept."""

    def __init__(self) -> None:
        super().__init__(Path(os.devnull))
        self.newest: Sequence[Any] = ()

    def get(self, key: str, kind: type[T]) -> list[T]:
        return []

    def put(self, key: str, measurements: Sequence[Any]) -> None:
        self.newest = measurements


async def measure_recognition(settings: Settings, model: str, lang: str) -> ThisMachine:
    """Load a model into the workers of the settings, and test one of them.

    Raises:
        ModelError, ValueError: see `recognition_models`.
        MeasurementError: the test failed.
    """
    results = _NewResults()
    service = RecognitionService(
        recognition_models(settings, [model]),
        replace(settings.asr_options, languages=(lang,)),
        RecognitionServiceOptions(),
        _pool(settings, settings.workers.asr),
        self_tests=results,
    )
    used = await _tested(service)
    return _machine(settings.workers.asr, used, batches=_made(results, model))


async def measure_synthesis(settings: Settings, model: str) -> ThisMachine:
    """The same with a model of synthesis."""
    results = _NewResults()
    service = SynthesisService(
        [Store(settings.home).open_named(model)],
        SynthesisServiceOptions(),
        _pool(settings, settings.workers.tts),
        self_tests=results,
    )
    used = await _tested(service)
    return _machine(settings.workers.tts, used, voices=_made(results, model))


async def _tested(service: RecognitionService | SynthesisService) -> int:
    """Start a service, which tests itself; return the bytes that all processes use then."""
    try:
        await service.start()
        return memory(os.getpid())
    finally:
        await service.stop()


def _made(results: _NewResults, model: str) -> Sequence[Any]:
    if not results.newest:
        raise MeasurementError(f"{model}: the self-test failed")
    return results.newest


def _machine(workers: int, used: int, **tests: Sequence[Any]) -> ThisMachine:
    return ThisMachine(processor(), usable_cores(), workers, used, **tests)


def _pool(settings: Settings, workers: int) -> PoolOptions:
    return PoolOptions(workers=workers, threads=settings.workers.threads)
