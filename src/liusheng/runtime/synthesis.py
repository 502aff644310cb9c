"""Synthesis for many listeners on few workers, for the server."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from itertools import count

from liusheng.models.types import InstalledModel
from liusheng.runtime.options import PoolOptions, SynthesisOptions
from liusheng.runtime.pool import Job, Pool
from liusheng.runtime.recognition import BusyError
from liusheng.runtime.speech_schedule import SpeechSchedule
from liusheng.tts.types import SAMPLE_RATE, SpeechRequest, Voice

_log = logging.getLogger(__name__)

BYTES_PER_SECOND = 2 * SAMPLE_RATE
_MAX_TRIES = 3


class Speech:
    """A text being said: an asynchronous iterator over PCM16 at 24 kHz, in blocks.

    The audio is made ahead of what was taken by `SynthesisOptions.ahead` at most. Whoever stops
    listening before the end calls `cancel`.
    """

    def __init__(self, synthesis: Synthesis, key: int, request: SpeechRequest) -> None:
        self._synthesis = synthesis
        self.key = key
        self.request = request
        self.tries = 0
        self.begun = False
        self.samples = 0
        self._blocks: deque[bytes] = deque()
        self._ready = asyncio.Event()
        self._over = False
        self._failure: Exception | None = None

    @property
    def ahead(self) -> float:
        """Seconds of audio made but not taken."""
        return sum(map(len, self._blocks)) / BYTES_PER_SECOND

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        """Return the next block.

        Raises:
            Exception: what went wrong, when the text cannot be said to its end.
        """
        while not self._blocks:
            if self._failure:
                raise self._failure
            if self._over:
                raise StopAsyncIteration
            self._ready.clear()
            await self._ready.wait()
        block = self._blocks.popleft()
        self._synthesis.taken(self)
        return block

    def cancel(self) -> None:
        """Nobody listens any more."""
        self._synthesis.cancel(self)
        self._blocks.clear()
        self._over = True
        self._ready.set()

    # For `Synthesis`

    def add(self, block: bytes) -> None:
        """A block was made."""
        self._blocks.append(block)
        self.samples += len(block) // 2
        self._ready.set()

    def end(self, failure: Exception | None = None) -> None:
        """No more blocks come."""
        self._over = True
        self._failure = failure
        self._ready.set()


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
        factory: str = "liusheng.runtime.handlers.synthesis",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.options = options
        self._clock = clock
        self._pool = Pool("synthesis", factory, (models,), pool_options)
        self._schedule: SpeechSchedule[Speech] = SpeechSchedule(pool_options.workers)
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

    def speak(self, request: SpeechRequest) -> Speech:
        """Begin to say a text.

        Raises:
            BusyError: when too many are being said already.
        """
        if len(self._schedule) >= self.options.max_speeches:
            raise BusyError(f"{len(self._schedule)} texts are being said, which is the limit")
        speech = Speech(self, next(self._keys), request)
        self._schedule.add(speech, self._clock())
        self._pool.wake()
        return speech

    # For speeches

    def taken(self, speech: Speech) -> None:
        """A block was taken."""
        if speech.ahead < self.options.ahead:
            self._schedule.rest(speech, False)
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
        speech = self._schedule.take(worker, self._clock())
        if speech is None:
            return None
        method, args = (
            ("step", (speech.key,))
            if speech.begun
            else ("begin", (speech.key, speech.request, speech.samples))
        )
        speech.begun = True
        return Job(
            method,
            args,
            lambda block: self._made(speech, block),
            lambda error: self._failed(speech, error),
            lambda error: self._lost(speech, error),
        )

    def worker_lost(self, worker: int) -> None:
        """What a worker held is gone: its speeches begin again after what was made already."""
        self._dropped.pop(worker, None)
        for speech in self._schedule.held_by(worker):
            speech.begun = False

    def _made(self, speech: Speech, block: bytes) -> None:
        if speech not in self._schedule:
            return
        if not block:
            self._schedule.remove(speech)
            speech.end()
            return
        speech.tries = 0
        self._schedule.made(speech, len(block) / BYTES_PER_SECOND, self._clock())
        speech.add(block)
        if speech.ahead >= self.options.ahead:
            self._schedule.rest(speech, True)

    def _failed(self, speech: Speech, error: Exception) -> None:
        _log.warning("a synthesis failed: %s", error, exc_info=error)
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
