"""Synthesis of many speeches on few worker processes."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import count

from liusheng.audio.encode import load_encoders
from liusheng.models.types import InstalledModel
from liusheng.runtime.admission import Admission
from liusheng.runtime.claim import Claim
from liusheng.runtime.errors import GaveWayError, TextStoppedError
from liusheng.runtime.load import CoreShare
from liusheng.runtime.options import PoolOptions, SynthesisServiceOptions
from liusheng.runtime.self_tests import SelfTest, SelfTestResults
from liusheng.runtime.synthesis.encoding import AudioOutput
from liusheng.runtime.synthesis.load import SpeechLoad
from liusheng.runtime.synthesis.scheduler import SpeechScheduler
from liusheng.runtime.synthesis.self_test import VoiceTest
from liusheng.runtime.synthesis.speech import Speech
from liusheng.runtime.synthesis.statistics import SynthesisStatistics
from liusheng.runtime.synthesis.step_source import StepSource
from liusheng.runtime.workers.pool import Pool
from liusheng.tts.types import SpeechRequest, Voice

_log = logging.getLogger(__name__)


class SynthesisService:
    """A pool of synthesis workers and the speeches on it.

    models: what each worker loads (see `liusheng.tts.load`).
    clock: seconds, monotonic.
    cores: shared with the other services of the server; by default one for each worker.
    self_tests: where the results of self-tests are; None: voices are not tested at the start.
    admission, load, statistics: for those who observe the service.
    """

    def __init__(
        self,
        models: Sequence[InstalledModel],
        options: SynthesisServiceOptions,
        pool_options: PoolOptions,
        *,
        factory: str = "liusheng.runtime.synthesis.handler.load_synthesis_handler",
        clock: Callable[[], float] = time.monotonic,
        cores: CoreShare | None = None,
        self_tests: SelfTestResults | None = None,
    ) -> None:
        self.options = options
        self._models = models
        self._cores = cores or CoreShare(pool_options.workers)
        self._self_tests = self_tests
        self._clock = clock
        self._pool = Pool(
            "synthesis", factory, (models, options.lexicon, options.device), pool_options
        )
        self._schedule: SpeechScheduler[Speech] = SpeechScheduler()
        self._keys = count()
        self.voices: tuple[Voice, ...] = ()
        self.admission = Admission(options.queue_seconds, options.max_speeches, clock)
        self.load = SpeechLoad()
        self.statistics = SynthesisStatistics()
        self._steps = StepSource(
            self, self._pool, self._schedule, self.load, self._cores, self.statistics, clock
        )

    def limit(self, options: SynthesisServiceOptions) -> None:
        """Apply the limits in `options` from now on; what the workers were started with stays."""
        self.options = options
        self.admission.limit(options.queue_seconds, options.max_speeches)

    async def start(self) -> None:
        """Start the workers and wait until they have loaded their voices.

        Raises:
            Exception: what a worker raised while loading.
        """
        test = SelfTest(self._self_tests, "synthesis", self._models, self._pool.options)
        known = test.known(VoiceTest)
        loading = asyncio.create_task(asyncio.to_thread(load_encoders))
        self.voices = await self._pool.start(self._steps, test.method)
        await loading
        self._tested(known or test.done(self._pool.test_result))

    def _tested(self, tests: Sequence[VoiceTest]) -> None:
        """Take over what voices cost."""
        for each in tests:
            self.load.tested(each.voice, each.busy, each.seconds)
        if not tests:
            return
        voice = self.voices[0].name
        factor = self.load.real_time_factor(voice)
        if not factor:
            # A machine with much other work makes a second of audio in no time that a test has.
            _log.warning(
                "synthesis: the machine is too busy to measure what %s costs; the first texts "
                "show it",
                voice,
            )
            return
        _log.info(
            "synthesis: %s takes %.3f s for a second of audio, which is enough for about %d "
            "listeners at once",
            voice,
            factor,
            self.load.listeners(voice, self._cores.left("synthesis", self._pool.size, 0.0)),
        )

    async def stop(self) -> None:
        """Stop the workers; speeches in progress get no more audio and no error."""
        await self._pool.stop()

    @property
    def pids(self) -> list[int]:
        """Process ids of the workers that are alive."""
        return self._pool.pids

    @property
    def pools(self) -> Mapping[str, Pool]:
        """Its worker processes, by name."""
        return {"synthesis": self._pool}

    @property
    def processes(self) -> Mapping[str, list[int]]:
        """Process ids by what the processes do."""
        return dict(each for pool in self.pools.values() for each in pool.processes.items())

    def speak(
        self,
        request: SpeechRequest,
        output: AudioOutput | None = None,
        *,
        more: bool = False,
        claim: Claim | None = None,
    ) -> Speech:
        """Start a speech.

        output: by default 16-bit PCM at 24 kHz.
        more: the text is not complete; `Speech.extend` adds to it.
        claim: of the client's connection to a place.

        Raises:
            BusyError: `max_speeches` are in progress, or no worker can be started.
        """
        self.check_room(request.voice)
        speech = Speech(self, next(self._keys), request, output or AudioOutput(), last=not more)
        speech.requested_at = self._clock()
        self._schedule.add(speech, speech.requested_at, claim)
        self._pool.wake()
        return speech

    @property
    def queues(self) -> bool:
        """Whether a speech may wait for its place: `wait_for_room`, then `speak`."""
        return self.admission.queues

    def check_room(self, voice: str = "") -> None:
        """Raise BusyError if a speech in this voice would be refused now.

        Where nothing but a place is short, a speech whose audio nobody reads gives way: it ends
        with `GaveWayError`; or one whose text does not go on, with `TextStoppedError`.
        """
        self.admission.check(lambda: self._check_room(voice))

    async def wait_for_room(self, voice: str = "") -> None:
        """Wait, as long as the options say, until there is room for a speech in this voice.

        Raises:
            BusyError: there is none.
        """
        await self.admission.wait(lambda: self._check_room(voice))

    def _check_room(self, voice: str) -> None:
        busy = self.admission.busy
        if self._pool.is_stranded:
            raise busy("no synthesis worker can be started", "workers", 30.0)
        now = self._clock()
        count = len(self._schedule)
        leaves = self._schedule.gives_way(now) if count >= self.options.max_speeches else None
        if count - (leaves is not None) >= self.options.max_speeches:
            raise busy(f"{count} speeches are in progress, which is the limit", "sessions")
        self._check_load(voice, now)
        if leaves is not None:
            error = TextStoppedError() if self._schedule.waits(leaves) else GaveWayError()
            self.cancel(leaves)
            leaves.end(error)

    def _check_load(self, voice: str, now: float) -> None:
        """Raise BusyError if listeners would run out of audio with a speech more in this voice."""
        busy = self.admission.busy
        count = len(self._schedule)
        voices = [self.voice_name(speech.voice) for speech in self._schedule.listening(now)]
        if not voices:
            return
        if self.load.stutters(now):
            raise busy(f"{count} speeches are in progress, and some run out of audio", "playback")
        workers = self._cores.left("synthesis", self._pool.size, now)
        if not self.load.has_room([*voices, self.voice_name(voice)], workers, now):
            raise busy(
                f"with one more, some of {count + 1} speeches would run out of audio", "playback"
            )

    @property
    def under_way(self) -> int:
        """How many speeches are being synthesised or listened to."""
        return len(self._schedule)

    def demand(self) -> float:
        """Return the share of the workers that the speeches under way need."""
        now = self._clock()
        voices = [self.voice_name(speech.voice) for speech in self._schedule.listening(now)]
        return self.load.demand(voices, now) / self._cores.left("synthesis", self._pool.size, now)

    # For speeches: `SpeechController`

    def packet_taken(self, speech: Speech) -> None:
        """Resume a speech whose audio was taken."""
        if speech.ahead < self.options.ahead:
            self._schedule.set_buffered(speech, False, self._clock())
            self._pool.wake()

    def encoded(self, speech: Speech, busy: float) -> None:
        """Count what the encoder of a speech cost, in processor seconds."""
        self.load.encoded(self.voice_name(speech.voice), busy)
        self._cores.used("synthesis", busy, self._clock())

    def text_extended(self, speech: Speech) -> None:
        """Resume a speech whose text was extended or flushed."""
        self._schedule.set_waiting(speech, False, self._clock())
        self._pool.wake()

    def cancel(self, speech: Speech) -> None:
        """Remove a speech, and drop it in its worker."""
        self.remove(speech)
        self._steps.drop(speech)

    # For the source of steps: `SpeechOwner`

    def voice_name(self, name: str) -> str:
        """Return the name of the voice that a request means. name: "" for the default voice."""
        return name or (self.voices[0].name if self.voices else "")

    def remove(self, speech: Speech) -> None:
        """A speech is over."""
        if speech in self._schedule:
            self._schedule.remove(speech)
            self.admission.ended()

    def fail(self, speech: Speech, error: Exception) -> None:
        """A speech is lost."""
        self.remove(speech)
        self.statistics.failed += 1
        speech.end(error)
