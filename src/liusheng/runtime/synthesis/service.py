"""Synthesis of many speeches on few worker processes."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable, Sequence
from itertools import count

from liusheng.models.types import InstalledModel
from liusheng.runtime.errors import BusyError
from liusheng.runtime.options import PoolOptions, SynthesisServiceOptions
from liusheng.runtime.synthesis.messages import Output, SpeechChunk, SpeechStart, SpeechUpdate
from liusheng.runtime.synthesis.scheduler import SpeechScheduler
from liusheng.runtime.synthesis.speech import Speech
from liusheng.runtime.workers.expected import ExpectedCost
from liusheng.runtime.workers.faults import fault_weight, is_at_fault
from liusheng.runtime.workers.pool import Job, Pool, ignore
from liusheng.runtime.workers.process import WorkerLostError
from liusheng.tts.types import SpeechRequest, Voice

_log = logging.getLogger(__name__)


class SynthesisService:
    """A pool of synthesis workers and the speeches on it.

    models: what each worker loads (see `liusheng.tts.load`).
    clock: seconds, monotonic.
    """

    def __init__(
        self,
        models: Sequence[InstalledModel],
        options: SynthesisServiceOptions,
        pool_options: PoolOptions,
        *,
        factory: str = "liusheng.runtime.synthesis.handler.load_synthesis_handler",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.options = options
        self._clock = clock
        self._pool = Pool("synthesis", factory, (models, options.lexicon), pool_options)
        self._schedule: SpeechScheduler[Speech] = SpeechScheduler()
        self._dropped: dict[int, list[int]] = {}
        self._keys = count()
        self._costs: dict[str, ExpectedCost] = {}  # of a step, by voice
        self.voices: tuple[Voice, ...] = ()

    async def start(self) -> None:
        """Start the workers and wait until they have loaded their voices.

        Raises:
            Exception: what a worker raised while loading.
        """
        self.voices = await self._pool.start(self)

    async def stop(self) -> None:
        """Stop the workers; speeches in progress get no more audio and no error."""
        await self._pool.stop()

    @property
    def pids(self) -> list[int]:
        """Process ids of the workers that are alive."""
        return self._pool.pids

    def speak(
        self, request: SpeechRequest, output: Output | None = None, *, more: bool = False
    ) -> Speech:
        """Start a speech.

        output: by default 16-bit PCM at 24 kHz.
        more: the text is not complete; `Speech.extend` adds to it.

        Raises:
            BusyError: `max_speeches` are in progress, or no worker can be started.
        """
        if self._pool.is_stranded:
            raise BusyError("no synthesis worker can be started")
        if len(self._schedule) >= self.options.max_speeches:
            raise BusyError(f"{len(self._schedule)} speeches are in progress, which is the limit")
        speech = Speech(self, next(self._keys), request, output or Output(), last=not more)
        self._schedule.add(speech, self._clock())
        self._pool.wake()
        return speech

    # For speeches: `SpeechController`

    def packet_taken(self, speech: Speech) -> None:
        """Resume a speech whose audio was taken."""
        if speech.ahead < self.options.ahead:
            self._schedule.set_buffered(speech, False)
            self._pool.wake()

    def text_extended(self, speech: Speech) -> None:
        """Resume a speech whose text was extended or flushed."""
        self._schedule.set_waiting(speech, False)
        self._pool.wake()

    def cancel(self, speech: Speech) -> None:
        """Remove a speech, and drop it in its worker."""
        self._schedule.remove(speech)
        self._drop(speech)

    def _drop(self, speech: Speech) -> None:
        """Drop a speech in the worker that has its state."""
        if speech.holder is not None:
            self._dropped.setdefault(speech.holder, []).append(speech.key)
            speech.holder = None
            self._pool.wake()

    # For the pool: `JobSource`

    def take(self, worker: int) -> Job | None:
        """Return this worker's next step."""
        if dropped := self._dropped.pop(worker, None):
            return Job("drop", (dropped,), ignore, ignore, ignore)
        now = self._clock()
        speech = self._schedule.take(worker, now)
        if (at := self._schedule.next_move()) is not None and at > now:
            self._pool.wake_later(at - now)
        if speech is None:
            return None
        message: SpeechUpdate | SpeechStart
        if speech.holder == worker:
            method, message = "step", speech.update_message()
        else:
            self._drop(speech)
            method, message = "start", speech.start_message()
        speech.holder = worker
        cost = self._costs.setdefault(speech.voice, ExpectedCost())
        return Job(
            method,
            (speech.key, message),
            lambda chunk: self._step_done(speech, chunk),
            lambda error: self._failed(speech, error),
            lambda error: self._step_lost(speech, error),
            cost.limit(1.0, math.ceil(speech.faults)),
            lambda seconds: cost.measured(1.0, seconds),
        )

    def worker_lost(self, worker: int) -> None:
        """Speeches of a lost worker are taken over by the next free one."""
        self._dropped.pop(worker, None)
        self._schedule.release(worker)
        for speech in self._schedule:
            if speech.holder == worker:
                speech.holder = None

    def stranded(self, error: Exception) -> None:
        """End every speech: no worker can be started."""
        for speech in list(self._schedule):
            self._failed(speech, error)

    def _step_done(self, speech: Speech, chunk: SpeechChunk) -> None:
        if speech not in self._schedule:
            return
        if chunk.audio:  # repeating what was delivered already is no progress
            speech.faults = 0.0
        self._schedule.step_done(speech, speech.add(chunk), self._clock())
        if chunk.over:
            self._schedule.remove(speech)
            speech.end()
        elif chunk.waiting and not speech.has_update:
            self._schedule.set_waiting(speech, True)
            if self.options.flush_after and not speech.flushed:
                loop = asyncio.get_running_loop()
                loop.call_later(self.options.flush_after, self._flush, speech, speech.length)
        elif speech.ahead >= self.options.ahead:
            self._schedule.set_buffered(speech, True)

    def _flush(self, speech: Speech, length: int) -> None:
        """Flush a text that has not grown since it had this length."""
        if speech in self._schedule and speech.length == length and not speech.flushed:
            speech.flush()
            self.text_extended(speech)

    def _failed(self, speech: Speech, error: Exception) -> None:
        # The message of a lost worker is complete; an exception of a voice needs its traceback.
        trace = None if isinstance(error, WorkerLostError) else error
        _log.warning("a speech failed: %s", error, exc_info=trace)
        self._schedule.remove(speech)
        speech.end(error)

    def _step_lost(self, speech: Speech, error: Exception) -> None:
        if speech not in self._schedule:
            return
        speech.faults += fault_weight(error)
        if is_at_fault(speech.faults):
            self._failed(speech, error)
        else:
            self._schedule.step_lost(speech)
