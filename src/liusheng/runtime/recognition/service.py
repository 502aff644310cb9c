"""Live recognition of many streams on few workers, for the server.

The server keeps each stream's audio until a turn has taken it in, so that nothing is lost with a
worker: a turn that did not come back is simply taken again, by itself, a few times.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from liusheng.asr.options import AsrOptions
from liusheng.asr.types import SAMPLE_RATE, Partial, SpeechActivity, StreamParams, Utterance
from liusheng.models.types import InstalledModel
from liusheng.runtime.options import PoolOptions, RecognitionOptions
from liusheng.runtime.recognition.handler import RecognizerDescription, TurnRequest, TurnResult
from liusheng.runtime.recognition.priority import TurnPolicy
from liusheng.runtime.recognition.scheduler import Scheduler
from liusheng.runtime.recognition.vad_service import VadService
from liusheng.runtime.workers.pool import Job, Pool
from liusheng.runtime.workers.process import WorkerLostError
from liusheng.runtime.workers.timeouts import wait_for_event

_log = logging.getLogger(__name__)

BYTES_PER_SECOND = 2 * SAMPLE_RATE
_MAX_TRIES = 3
_STEPS = 4
"""How many times as many streams take a step together as windows are decoded together."""


class BusyError(Exception):
    """There is no room for another session; the message says what is full."""


class RecognitionStream:
    """One recognition. Everything happens on the event loop; nothing here blocks.

    audio: PCM16 from byte `origin` of the stream on: `taken` bytes that turns have taken in and the
        state still needs, then what no turn has.
    heard: seconds of the stream that the newest texts tell of.
    holder: the worker that took the last turn and has what the recogniser keeps in its process.
    on_update: called with each newly closed utterance and the newest partial.
    on_finish: called once, when `finish` was and everything is closed.
    on_failure: called once instead, with what happened, when the recognition is lost.
    """

    def __init__(
        self,
        recognition: Recognition,
        params: StreamParams,
        on_update: Callable[[tuple[Utterance, ...], Partial], None],
        on_finish: Callable[[], None],
        on_failure: Callable[[Exception], None],
    ) -> None:
        self._recognition = recognition
        self.params = params
        self.on_update = on_update
        self.on_finish = on_finish
        self.on_failure = on_failure
        self.state: bytes | None = None
        self.audio = bytearray()
        self.taken = 0
        self.origin = 0
        self.holder: int | None = None
        self.heard = 0.0
        self.finishing = False
        self.tries = 0
        self._room = asyncio.Event()
        self._room.set()

    @property
    def queued_seconds(self) -> float:
        """Of audio that no turn has taken in yet."""
        return (len(self.audio) - self.taken) / BYTES_PER_SECOND

    def feed(self, pcm: bytes) -> None:
        """Add audio: PCM16, 16 kHz, mono, whole samples."""
        self.audio += pcm
        if self.queued_seconds >= self._recognition.options.max_queued:
            self._room.clear()
        self._recognition.ear.feed(self, pcm)
        self._recognition.heard(self, len(pcm) / BYTES_PER_SECOND)

    def finish(self) -> None:
        """No more audio comes."""
        self.finishing = True
        self._recognition.finish(self)

    def abandon(self) -> None:
        """Nobody waits for this any more; nothing is called from now on."""
        self._recognition.remove(self)
        self._room.set()

    async def room(self, timeout: float) -> None:
        """Wait until more audio may be fed without piling up, but no longer than `timeout` s."""
        await wait_for_event(self._room, timeout)

    def pending(self, most: int) -> bytes:
        """Return what no turn has taken in yet, but no more than `most` bytes."""
        return bytes(self.audio[self.taken : self.taken + most])

    def past(self) -> bytes:
        """Return what turns have taken in and the state still needs."""
        return bytes(self.audio[: self.taken])

    def took(self, size: int, needs: int | None = None) -> None:
        """A turn has taken in the first `size` bytes that were pending.

        needs: the state needs the audio from this byte of the stream on; None: none that was taken.
        """
        self.taken += size
        drop = self.taken if needs is None else min(needs - self.origin, self.taken)
        if drop > 0:
            del self.audio[:drop]
            self.taken -= drop
            self.origin += drop
        if self.queued_seconds < self._recognition.options.max_queued:
            self._room.set()


class Recognition:
    """A pool of recognisers and the streams on it.

    models, asr_options: what each worker loads (see `liusheng.asr.load`).
    ear: what streams are listened to by.
    """

    def __init__(
        self,
        models: Sequence[InstalledModel],
        asr_options: AsrOptions,
        options: RecognitionOptions,
        pool_options: PoolOptions,
        *,
        factory: str = "liusheng.runtime.recognition.handler.recognition",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.options = options
        self._clock = clock
        self._pool = Pool("recognition", factory, (models, asr_options), pool_options)
        self.ear: VadService[RecognitionStream] = VadService(
            asr_options.live.vad, pool_options, self._noticed
        )
        live = asr_options.live
        self._pace = TurnPolicy(
            batch=options.batch,
            steps=_STEPS * options.batch,
            longest=options.longest,
            step=options.step,
            interval=live.interval,
            settle=live.settle,
            most=options.max_turn,
        )
        self._schedule: Scheduler[RecognitionStream] = Scheduler(self._pace)
        # By worker: what it may drop, told it with its next job.
        self._forgotten: dict[int, list[bytes]] = {}
        self.description = RecognizerDescription({}, sticky=False)

    async def start(self) -> None:
        """Start the workers and wait until they have loaded their models.

        Raises:
            Exception: what a worker raised instead.
        """
        self.description = await self._pool.start(self)
        self._schedule = Scheduler(self._pace, sticky=self.description.sticky)
        if self.description.windowed:
            await self.ear.start()

    async def stop(self) -> None:
        """End the workers; streams under way are told nothing more."""
        await self.ear.stop()
        await self._pool.stop()

    @property
    def pids(self) -> list[int]:
        """Of the workers that are alive, those that recognise before the one that listens."""
        return [*self._pool.pids, *self.ear.pids]

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
    ) -> RecognitionStream:
        """Begin a recognition.

        Raises:
            NotSupportedError: when the model for the language cannot serve `params`.
            BusyError: when there are too many already, or those there are would wait too long.
        """
        capabilities = self.description.capabilities[params.lang]
        capabilities.check(params)
        if self._pool.is_stranded:
            raise BusyError("no recognition worker can be started")
        if len(self._schedule) >= self.options.max_streams:
            raise BusyError(f"{len(self._schedule)} recognitions are under way, which is the limit")
        now = self._clock()
        lag = self._schedule.lag(now)
        if lag > self.options.max_lag:
            raise BusyError(f"recognition lags {lag:.1f} s behind, over {self.options.max_lag:g} s")
        interval = self._schedule.interval(self._pool.size, now)
        if interval > self.options.max_interval:
            raise BusyError(
                f"with one more, each of {len(self._schedule) + 1} recognitions would be looked at "
                f"less often than every {self.options.max_interval:g} s"
            )
        stream = RecognitionStream(self, params, on_update, on_finish, on_failure)
        self._schedule.add(stream, None if capabilities.windowed else self.options.step)
        if capabilities.windowed:
            self.ear.add(stream, params.endpoint)
        return stream

    # For streams

    def heard(self, stream: RecognitionStream, seconds: float) -> None:
        """Audio came in."""
        if self._schedule.heard(stream, seconds, self._clock()):
            self._pool.wake()

    def finish(self, stream: RecognitionStream) -> None:
        """No more audio comes."""
        self.ear.remove(stream)
        self._schedule.finish(stream, self._clock())
        self._pool.wake()

    def remove(self, stream: RecognitionStream) -> None:
        """A stream is over."""
        self.ear.remove(stream)
        worker = self._schedule.remove(stream)
        if worker is not None and stream.state is not None:
            self._forget(worker, stream.state)

    # For the ear

    def _noticed(self, stream: RecognitionStream, noticed: SpeechActivity) -> None:
        if self._schedule.noticed(stream, noticed, self._clock()):
            self._pool.wake()

    # For the pool

    def take(self, worker: int) -> Job | None:
        """Return the next batch of turns for this worker."""
        if states := self._forgotten.pop(worker, None):
            return Job("forget", (states,), _ignore, _ignore, _ignore)
        began = self._clock()
        streams = self._schedule.take(worker, began, self._pool.size)
        if not streams:
            return None
        spare = not self._schedule.waits
        most = int(self.options.max_turn * SAMPLE_RATE) * 2
        requests = []
        for stream in streams:
            pcm = stream.pending(most)
            last = stream.finishing and stream.taken + len(pcm) == len(stream.audio)
            known = stream.state is None or stream.holder == worker or not stream.taken
            past = None if known else stream.past()
            requests.append(TurnRequest(stream.params, stream.state, pcm, last, past, spare))
            stream.holder = None
        turns = [self._schedule.turn(stream) for stream in streams]
        batch = _Batch(worker, streams, turns, requests, began)
        return Job(
            "advance",
            (requests,),
            lambda results: self._done(batch, results),
            lambda error: self._retry(batch, error),
            lambda error: self._retry(batch, error),
        )

    def worker_lost(self, worker: int) -> None:
        """A worker died."""
        self._forgotten.pop(worker, None)
        self._schedule.worker_lost(worker)
        for stream in self._schedule:
            if stream.holder == worker:
                stream.holder = None

    def stranded(self, error: Exception) -> None:
        """No worker can be had."""
        for stream in list(self._schedule):
            self._fail(stream, error)

    def _done(self, batch: _Batch, results: Sequence[TurnResult]) -> None:
        now = self._clock()
        self._schedule.spent(batch.worker, now - batch.began, now)
        for stream, turn, request, result in zip(
            batch.streams, batch.turns, batch.requests, results, strict=True
        ):
            seconds = len(request.pcm) / BYTES_PER_SECOND
            if not self._schedule.looked(stream, turn, seconds, result.held, now, result.wants):
                self._forget(batch.worker, result.state)
                continue
            stream.state = result.state
            stream.tries = 0
            stream.holder = batch.worker
            stream.took(len(request.pcm), None if result.needs is None else 2 * result.needs)
            came = stream.origin + stream.taken
            heard = came if result.heard is None else 2 * result.heard
            stream.heard = max(stream.heard, heard / BYTES_PER_SECOND)
            stream.on_update(result.closed, result.partial)
            if request.last:
                self.remove(stream)
                stream.on_finish()

    def _forget(self, worker: int, state: bytes) -> None:
        if self.description.sticky:
            self._forgotten.setdefault(worker, []).append(state)
            self._pool.wake()

    def _retry(self, batch: _Batch, error: Exception) -> None:
        # A lost worker says all in a line; what an engine raised has a place.
        trace = None if isinstance(error, WorkerLostError) else error
        _log.warning("a turn of %d streams failed: %s", len(batch.streams), error, exc_info=trace)
        for stream, turn in zip(batch.streams, batch.turns, strict=True):
            if not self._schedule.is_newest(stream, turn):
                continue
            # A turn lost together with others says little of any one of them.
            stream.tries += len(batch.streams) == 1
            if stream.tries < _MAX_TRIES:
                self._schedule.again(stream, turn, self._clock())
            else:
                self._fail(stream, error)

    def _fail(self, stream: RecognitionStream, error: Exception) -> None:
        self.remove(stream)
        stream.took(len(stream.audio) - stream.taken)
        stream.on_failure(error)


@dataclass(frozen=True)
class _Batch:
    """Turns under way. began: when; turns: which each stream's is."""

    worker: int
    streams: Sequence[RecognitionStream]
    turns: Sequence[int]
    requests: Sequence[TurnRequest]
    began: float


def _ignore(_: object) -> None:
    return None
