"""Synthesis for many listeners on few workers, for the server."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from itertools import count

from liusheng.models.types import InstalledModel
from liusheng.runtime.options import PoolOptions, SynthesisOptions
from liusheng.runtime.recognition.service import BusyError
from liusheng.runtime.synthesis.messages import Output, SpeechChunk
from liusheng.runtime.synthesis.scheduler import SpeechScheduler
from liusheng.runtime.synthesis.speech import Speech
from liusheng.runtime.workers.pool import Job, Pool
from liusheng.runtime.workers.process import WorkerLostError
from liusheng.tts.types import SpeechRequest, Voice

_log = logging.getLogger(__name__)

_MAX_TRIES = 3


class Synthesis:
    """A pool of synthesisers and the speeches on it.

    models: what each worker loads (see `liusheng.tts.load`).
    """

    def __init__(
        self,
        models: Sequence[InstalledModel],
        options: SynthesisOptions,
        pool_options: PoolOptions,
        *,
        factory: str = "liusheng.runtime.synthesis.handler.synthesis",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.options = options
        self._clock = clock
        self._pool = Pool("synthesis", factory, (models, options.lexicon), pool_options)
        self._schedule: SpeechScheduler[Speech] = SpeechScheduler()
        self._dropped: dict[int, list[int]] = {}
        self._keys = count()
        self.voices: tuple[Voice, ...] = ()

    async def start(self) -> None:
        """Start the workers and wait until they have loaded their voices.

        Raises:
            Exception: what a worker raised instead.
        """
        self.voices = await self._pool.start(self)

    async def stop(self) -> None:
        """End the workers; speeches under way are told nothing more."""
        await self._pool.stop()

    @property
    def pids(self) -> list[int]:
        """Of the workers that are alive."""
        return self._pool.pids

    def speak(
        self, request: SpeechRequest, output: Output | None = None, *, more: bool = False
    ) -> Speech:
        """Begin to say a text.

        output: by default PCM16 at 24 kHz.
        more: the text is not whole; what follows is given to `Speech.extend`.

        Raises:
            BusyError: when too many are being said already.
        """
        if self._pool.is_stranded:
            raise BusyError("no synthesis worker can be started")
        if len(self._schedule) >= self.options.max_speeches:
            raise BusyError(f"{len(self._schedule)} texts are being said, which is the limit")
        speech = Speech(self, next(self._keys), request, output or Output(), last=not more)
        self._schedule.add(speech, self._clock())
        self._pool.wake()
        return speech

    # For speeches

    def taken(self, speech: Speech) -> None:
        """A block was taken."""
        if speech.ahead < self.options.ahead:
            self._schedule.rest(speech, False)
            self._pool.wake()

    def extended(self, speech: Speech) -> None:
        """More text has come."""
        self._schedule.wait(speech, False)
        self._pool.wake()

    def cancel(self, speech: Speech) -> None:
        """Nobody listens any more."""
        worker = self._schedule.remove(speech)
        if worker is not None and speech.begun:
            self._dropped.setdefault(worker, []).append(speech.key)
            self._pool.wake()

    # For the pool

    def take(self, worker: int) -> Job | None:
        """Return this worker's next step."""
        if dropped := self._dropped.pop(worker, None):
            return Job("drop", (dropped,), _ignore, _ignore, _ignore)
        speech = self._schedule.take(worker)
        if speech is None:
            return None
        method, args = (
            ("step", (speech.key, speech.news()))
            if speech.begun
            else ("begin", (speech.key, speech.order()))
        )
        speech.begun = True
        return Job(
            method,
            args,
            lambda made: self._made(speech, made),
            lambda error: self._failed(speech, error),
            lambda error: self._lost(speech, error),
        )

    def worker_lost(self, worker: int) -> None:
        """What a worker held is gone: its speeches begin again after what was made already."""
        self._dropped.pop(worker, None)
        for speech in self._schedule.release(worker):
            speech.begun = False

    def stranded(self, error: Exception) -> None:
        """No worker can be had."""
        for speech in list(self._schedule):
            self._failed(speech, error)

    def _made(self, speech: Speech, made: SpeechChunk) -> None:
        if speech not in self._schedule:
            return
        if made.audio:  # what is only made again is no progress
            speech.tries = 0
        self._schedule.made(speech, speech.add(made), self._clock())
        if made.over:
            self._schedule.remove(speech)
            speech.end()
        elif made.waiting and not speech.has_news:
            self._schedule.wait(speech, True)
            if self.options.flush_after and not speech.flushed:
                loop = asyncio.get_running_loop()
                loop.call_later(self.options.flush_after, self._flush, speech, speech.length)
        elif speech.ahead >= self.options.ahead:
            self._schedule.rest(speech, True)

    def _flush(self, speech: Speech, length: int) -> None:
        """The text has not grown since it had this length: say what is complete enough."""
        if speech in self._schedule and speech.length == length and not speech.flushed:
            speech.flush()
            self.extended(speech)

    def _failed(self, speech: Speech, error: Exception) -> None:
        # A lost worker says all in a line; what a voice raised has a place.
        trace = None if isinstance(error, WorkerLostError) else error
        _log.warning("a synthesis failed: %s", error, exc_info=trace)
        self._schedule.remove(speech)
        speech.end(error)

    def _lost(self, speech: Speech, error: Exception) -> None:
        speech.tries += 1
        if speech.tries < _MAX_TRIES:
            self._schedule.again(speech)
        else:
            self._failed(speech, error)


def _ignore(_: object) -> None:
    return None
