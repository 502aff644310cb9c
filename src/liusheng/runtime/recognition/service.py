"""Live recognition of many streams on few workers, for the server.

The server owns each stream's audio (`liusheng.runtime.recognition.stream_audio`) until no state
needs it, so that nothing is lost with a worker (`liusheng.runtime.recognition.turn_source`).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence

from liusheng.asr.capabilities import Capabilities
from liusheng.asr.options import AsrOptions
from liusheng.asr.types import Partial, StreamParams, Utterance
from liusheng.models.types import InstalledModel
from liusheng.runtime.admission import Admission
from liusheng.runtime.claim import Claim, gives_way
from liusheng.runtime.clock import awake
from liusheng.runtime.errors import GaveWayError
from liusheng.runtime.load import CoreShare
from liusheng.runtime.options import PoolOptions, RecognitionServiceOptions
from liusheng.runtime.recognition.capacity import Shortage, shortage
from liusheng.runtime.recognition.checkpoint import StreamCheckpoint
from liusheng.runtime.recognition.messages import BatchTest, RecognizerDescription
from liusheng.runtime.recognition.priority import TurnPolicy
from liusheng.runtime.recognition.scheduler import Scheduler
from liusheng.runtime.recognition.statistics import RecognitionStatistics
from liusheng.runtime.recognition.stream import RecognitionStream
from liusheng.runtime.recognition.turn_source import TurnSource
from liusheng.runtime.recognition.vad_service import VadService
from liusheng.runtime.self_tests import SelfTest, SelfTestResults
from liusheng.runtime.workers.pool import Pool

_log = logging.getLogger(__name__)


class RecognitionService:
    """A pool of recognisers and the streams on it.

    models, asr_options: what each worker loads (see `liusheng.asr.load`).
    """

    def __init__(
        self,
        models: Sequence[InstalledModel],
        asr_options: AsrOptions,
        options: RecognitionServiceOptions,
        pool_options: PoolOptions,
        *,
        factory: str = "liusheng.runtime.recognition.handler.PreparedRecognition",
        vad_factory: str = "liusheng.runtime.recognition.vad_handler.load_vad_handler",
        clock: Callable[[], float] = time.monotonic,
        cores: CoreShare | None = None,
        self_tests: SelfTestResults | None = None,
    ) -> None:
        self.options = options
        self._models = models
        self._cores = cores or CoreShare(pool_options.workers)
        self._self_tests = self_tests
        self._clock = clock
        self._pool = Pool("recognition", factory, (models, asr_options), pool_options)
        self._vad: VadService[RecognitionStream] = VadService(
            asr_options.live.vad, pool_options, self._speech_detected, factory=vad_factory
        )
        self._scheduler: Scheduler[RecognitionStream] = Scheduler(
            TurnPolicy.of(options, asr_options.live)
        )
        self.description = RecognizerDescription({}, sticky=False)
        self.admission = Admission(options.queue_seconds, options.max_streams, clock)
        self.statistics = RecognitionStatistics()
        self._turns = TurnSource(
            self, self._pool, self._scheduler, self._vad, self._cores, self.statistics, clock
        )

    def limit(self, options: RecognitionServiceOptions) -> None:
        """Apply the limits in `options` from now on; what the workers were started with stays."""
        self.options = options
        self.admission.limit(options.queue_seconds, options.max_streams)

    async def start(self) -> None:
        """Start the workers and wait until they have loaded their models.

        Raises:
            Exception: what a worker raised instead.
        """
        test = SelfTest(self._self_tests, "recognition", self._models, self._pool.options)
        known = test.known(BatchTest)
        self.description = await self._pool.start(self._turns, test.method)
        self._scheduler.sticky = self.description.sticky
        self._tested(known or test.done(self._pool.test_result))
        if self.description.windowed:
            await self._vad.start()

    def _tested(self, tests: Sequence[BatchTest]) -> None:
        """Take over what batches cost."""
        for each in tests:
            self._scheduler.batch_tested(
                each.weights, each.seconds, final=each.final, stepwise=each.stepwise
            )
        if cost := self._scheduler.partial_cost:
            workers = self._cores.left("recognition", self._pool.size, 0.0)
            _log.info(
                "recognition: a partial of %.1f s of speech takes %.3f s, which is enough for a "
                "partial every second of about %d speakers at once",
                tests[0].weights[0],
                cost,
                int(workers / cost),
            )

    async def stop(self) -> None:
        """End the workers; nothing is called for streams under way any more."""
        await self._vad.stop()
        await self._pool.stop()

    @property
    def pids(self) -> list[int]:
        """Of the processes that are alive, the recognition workers before the VAD process."""
        return [*self._pool.pids, *self._vad.pids]

    @property
    def streams(self) -> int:
        """How many recognitions are under way."""
        return len(self._scheduler)

    @property
    def pools(self) -> Mapping[str, Pool]:
        """Its worker processes, by name."""
        vad = {"vad": self._vad.pool} if self.description.windowed else {}
        return {"recognition": self._pool, **vad}

    @property
    def processes(self) -> Mapping[str, list[int]]:
        """Process ids by what the processes do."""
        return dict(each for pool in self.pools.values() for each in pool.processes.items())

    @property
    def languages(self) -> frozenset[str]:
        """What a stream's `lang` may be besides "auto"."""
        return frozenset(self.description.capabilities) - {"auto"}

    def model_for(self, lang: str) -> str:
        """Return the name of the model that serves `lang`."""
        return self.description.capabilities[lang].model

    def open(
        self,
        params: StreamParams,
        on_update: Callable[[tuple[Utterance, ...], Partial], None],
        on_finish: Callable[[], None],
        on_failure: Callable[[Exception], None],
        *,
        upload: bool = False,
        follows: bool = False,
        checkpoint: StreamCheckpoint | None = None,
        claim: Claim | None = None,
    ) -> RecognitionStream:
        """Begin a recognition.

        upload: of a whole file, which gets the time that live streams leave (see
            `liusheng.runtime.recognition.backlog`); partials of it are rare.
        follows: the client's audio goes on after that of a recognition which is ending, whose place
            this one has: who is in is not refused for want of room.
        checkpoint: of another server's stream, whose model is the same, and which is continued
            from its audio's `begin` on.
        claim: of the client's connection to a place.

        Raises:
            NotSupportedError: when the model for the language cannot serve `params`.
            BusyError: when there are too many already, or those there are would wait too long.
        """
        capabilities: Capabilities = self.description.capabilities[params.lang]
        capabilities.check(params)
        self.check_room(upload=upload, follows=follows)
        stream = RecognitionStream(
            self,
            params,
            on_update,
            on_finish,
            on_failure,
            windowed=capabilities.windowed,
            max_queued=self.options.max_queued,
            upload=upload,
            checkpoint=checkpoint,
            claim=claim,
        )
        self._scheduler.add(stream, stream.audio, upload=upload, batching=capabilities.batching)
        if capabilities.windowed:
            self._vad.add(stream, stream.audio, params.endpoint)
        return stream

    def check_room(self, *, upload: bool = False, follows: bool = False) -> None:
        """Raise BusyError if a recognition would be refused now; see `open`.

        Where nothing but a place is short, one that does not use its own gives way (see
        `liusheng.runtime.claim`).
        """
        self.admission.check(lambda: self._check_room(upload, follows))

    async def wait_for_room(self, *, upload: bool = False) -> None:
        """Wait, as long as the options say, until there is room for a recognition.

        Raises:
            BusyError: there is none.
        """
        await self.admission.wait(lambda: self._check_room(upload), upload=upload)

    def _check_room(self, upload: bool, follows: bool = False) -> None:
        found = self._shortage(upload)
        if follows and found and found.reason != "workers":
            return
        leaves = None
        if found and found.reason == "sessions":
            leaves = gives_way(self._scheduler, awake.time())
            if leaves is not None:
                found = self._shortage(upload, leaving=1)
        if found:
            raise self.admission.busy(found.message, found.reason, found.least, upload=upload)
        if leaves is not None:
            self.give_way(leaves)

    def _shortage(self, upload: bool, *, leaving: int = 0) -> Shortage | None:
        now = self._clock()
        leaving += sum(each.leaving for each in self._scheduler)
        workers = self._cores.left("recognition", self._pool.size, now)
        stranded = self._pool.is_stranded
        return shortage(
            self._scheduler,
            self.options,
            workers,
            now,
            upload=upload,
            stranded=stranded,
            leaving=leaving,
        )

    def lag(self) -> float:
        """Return for how many seconds the longest waiting live stream has waited for a turn."""
        return self._scheduler.lag(self._clock())

    def partial_interval(self) -> float:
        """Return how many seconds would lie between the partials of each speaker with a recognition
        more; infinite if there would be none."""
        now = self._clock()
        workers = self._cores.left("recognition", self._pool.size, now)
        return self._scheduler.interval(workers, now)

    @property
    def queue_depth(self) -> int:
        """How many streams are due a turn that no worker has taken."""
        return self._scheduler.waiting

    def load(self) -> float:
        """Return the share of the workers' time that recognition uses."""
        return self._cores.load("recognition", self._clock()) / max(1, self._pool.size)

    # For streams

    def audio_received(self, stream: RecognitionStream) -> None:
        """Audio came in."""
        self._vad.audio_received(stream)
        self._scheduler.vad_alive = self._vad.alive
        if self._scheduler.audio_received(stream, self._clock()):
            self._pool.wake()

    def finish(self, stream: RecognitionStream) -> None:
        """No more audio comes. Its last turns detect speech themselves, and do not wait
        for the VAD process; but backlog does, until little of it is left."""
        stream.finished = self._clock()
        self._scheduler.finish(stream, stream.finished)
        if not stream.audio.awaits_vad:
            # It may be backlog again after its next turn, but must not wait for what does not come.
            stream.audio.vad_ended = True
            self._vad.remove(stream)
        self._pool.wake()

    def remove(self, stream: RecognitionStream) -> None:
        """A stream is over: its audio is dropped, and nothing waits for room in it."""
        stream.over = True
        stream.audio.clear()
        stream.update_room()
        self._vad.remove(stream)
        if stream in self._scheduler:
            self.admission.ended()
        worker = self._scheduler.remove(stream)
        self._pool.wake()  # for backlog that was put off for it
        if worker is not None and stream.state is not None and not stream.state_saved:
            self._turns.forget(worker, stream.state)
        stream.release()

    def give_way(self, stream: RecognitionStream) -> None:
        """Another session has the place of a stream, which ends with the text of what was
        received."""
        if stream.on_give_way is None:
            self.fail(stream, GaveWayError())
            return
        stream.leaving = True
        try:
            stream.on_give_way()
        except Exception as error:
            # It must not cost the session that gets the place.
            _log.exception("a session failed on giving way")
            self.fail(stream, error)

    def fail(self, stream: RecognitionStream, error: Exception) -> None:
        """A stream is lost: its audio is dropped, and its client is told."""
        self.statistics.failed += not isinstance(error, GaveWayError)
        on_failure = stream.on_failure
        self.remove(stream)
        try:
            on_failure(error)
        except Exception:
            # It must not cost the other sessions of the batch.
            _log.exception("a session failed on the end of its recognition")

    # For the VAD service

    def _speech_detected(self, stream: RecognitionStream) -> None:
        stream.update_room()
        self._scheduler.vad_alive = self._vad.alive
        if self._scheduler.speech_detected(stream, self._clock()):
            self._pool.wake()
        try:
            stream.tell_speech()
        except Exception as error:
            # A session's fault must not cost the other sessions of the detection.
            _log.exception("a session failed on detected speech")
            self.fail(stream, error)
