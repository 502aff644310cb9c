"""The engines that the settings describe: recognition, synthesis and punctuation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from liusheng.models.devices import Device, may_be_cuda
from liusheng.models.store import Store
from liusheng.runtime.decoding.options import DecodingOptions
from liusheng.runtime.decoding.service import DecodingService
from liusheng.runtime.load import CoreShare
from liusheng.runtime.options import PoolOptions, RecognitionServiceOptions, SynthesisServiceOptions
from liusheng.runtime.punctuation.service import PunctuationService
from liusheng.runtime.recognition.service import RecognitionService
from liusheng.runtime.self_tests import SelfTestResults
from liusheng.runtime.synthesis.service import SynthesisService
from liusheng.runtime.workers.pool import Pool
from liusheng.server.config.settings import Settings
from liusheng.server.cores import usable_cores
from liusheng.server.models import punctuation_model, recognition_models
from liusheng.tts.text.lexicon import UserLexicon

Engine = RecognitionService | SynthesisService | PunctuationService | DecodingService


@dataclass(frozen=True)
class Engines:
    """The engines of a server; None: the server has none."""

    recognition: RecognitionService | None = None
    synthesis: SynthesisService | None = None
    punctuation: PunctuationService | None = None
    decoding: DecodingService | None = None

    def __iter__(self) -> Iterator[Engine]:
        """Iterate over those that there are."""
        every = (self.recognition, self.synthesis, self.punctuation, self.decoding)
        return (engine for engine in every if engine)

    @property
    def pools(self) -> dict[str, Pool]:
        """Their worker processes, by name."""
        return {name: pool for engine in self for name, pool in engine.pools.items()}


def make_engines(
    settings: Settings, cores: CoreShare | None = None, *, testing: bool = True
) -> Engines:
    """Return the engines, not started yet.

    cores: that they share with the engines that run already; None: there are none.
    testing: whether they test themselves, where no result of an earlier test is known.

    Raises:
        ModelError: a model is not installed.
        ValueError: a model is of the wrong kind.
        LexiconError: the user's lexicon is invalid.
    """
    store = Store(settings.home)
    workers, limits = settings.workers, settings.limits
    cores = cores or CoreShare(usable_cores())
    self_tests = SelfTestResults(settings.home / "self-tests.json", testing=testing)

    def pool(count: int, device: Device = "cpu") -> PoolOptions:
        return PoolOptions(
            workers=count,
            threads=workers.threads,
            call_timeout=workers.call_timeout,
            nice=workers.nice,
            share=not may_be_cuda(device),
        )

    recognition = synthesis = punctuation = decoding = None
    if settings.asr.models:
        recognition = RecognitionService(
            recognition_models(settings),
            settings.asr_options,
            RecognitionServiceOptions(
                batch=workers.batch,
                max_queued=limits.max_queued_seconds,
                max_streams=limits.max_sessions,
                max_interval=limits.max_partial_interval_seconds,
                max_lag=limits.max_lag_seconds,
                queue_seconds=limits.queue_seconds,
            ),
            pool(workers.asr, settings.asr.device),
            cores=cores,
            self_tests=self_tests,
        )
        decoding = DecodingService(
            DecodingOptions(
                processes=workers.decoding,
                queue_seconds=workers.decoding_queue_seconds,
                memory_bytes=workers.decoding_memory_bytes,
                stall_seconds=workers.decoding_stall_seconds,
                nice=workers.nice,
            )
        )
    if settings.tts.models:
        synthesis = SynthesisService(
            [store.open_named(name) for name in settings.tts.models],
            SynthesisServiceOptions(
                max_speeches=limits.max_sessions,
                flush_after=settings.tts.flush_seconds,
                lexicon=_lexicon(settings),
                device=settings.tts.device,
                queue_seconds=limits.queue_seconds,
            ),
            pool(workers.tts, settings.tts.device),
            cores=cores,
            self_tests=self_tests,
        )
    if model := punctuation_model(settings):
        punctuation = PunctuationService(model, limits.max_sessions, pool(1))
    return Engines(recognition, synthesis, punctuation, decoding)


def _lexicon(settings: Settings) -> Path | None:
    """Return the file of the user's lexicon. An invalid one stops the server from starting; the
    workers log later faults when they read it again."""
    if not settings.tts.lexicon:
        return None
    path = Path(settings.tts.lexicon).expanduser().absolute()
    UserLexicon(path)
    return path
