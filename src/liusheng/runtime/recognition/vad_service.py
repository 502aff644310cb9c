"""A process that listens to all streams for where somebody speaks, and tells the scheduler.

It computes next to nothing (2 ms for a second of audio), so that what happens in a stream is known
within a tenth of a second even while every recognition worker is in the middle of something.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from liusheng.asr.options import VadOptions
from liusheng.asr.types import SAMPLE_RATE, SpeechActivity
from liusheng.runtime.options import PoolOptions
from liusheng.runtime.workers.pool import Job, Pool

K = TypeVar("K", bound=Hashable)

_log = logging.getLogger(__name__)

_LEAST = 2 * 512 * 2
"""Bytes of a stream worth listening to: two of the detector's frames, less than the 85 ms that
clients send at a time, so that each packet is heard at once."""
_GATHER = 0.03
"""Seconds in which the packets of many streams come together for one call to the process."""
_MOST = 5 * SAMPLE_RATE * 2
"""Bytes of a stream that are listened to at a time."""


@dataclass(frozen=True)
class VadRequest:
    """A stream's audio on the way to the ear.

    endpoint: the stream's own, in seconds, or None.
    state: pickled, from last time; None for a stream that begins.
    pcm: 16-bit, 16 kHz, since last time.
    """

    endpoint: float | None
    state: bytes | None
    pcm: bytes


@dataclass
class _Stream:
    endpoint: float | None
    state: bytes | None = None
    pending: bytearray = field(default_factory=bytearray)
    running: bool = False


class VadService(Generic[K]):
    """Streams that are listened to.

    on_noticed: called on the event loop with a stream and what is newly known of it. A stream whose
        ear is lost is told nothing more; whoever schedules it must do without.
    """

    def __init__(
        self,
        options: VadOptions,
        pool_options: PoolOptions,
        on_noticed: Callable[[K, SpeechActivity], None],
        *,
        factory: str = "liusheng.runtime.recognition.vad_handler.ear",
    ) -> None:
        one = replace(pool_options, workers=1, threads=1)
        self._pool = Pool("listening", factory, (options,), one)
        self._on_noticed = on_noticed
        self._streams: dict[K, _Stream] = {}
        self._alarm: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        """Start the process and wait until it can listen. Raises as `Pool.start`."""
        await self._pool.start(self)

    async def stop(self) -> None:
        """End it."""
        if self._alarm:
            self._alarm.cancel()
        await self._pool.stop()

    @property
    def pids(self) -> list[int]:
        """Of the process, while it is alive."""
        return self._pool.pids

    def add(self, key: K, endpoint: float | None) -> None:
        """Listen to a stream from now on. endpoint: its own, in seconds, if it has one."""
        self._streams[key] = _Stream(endpoint)

    def remove(self, key: K) -> None:
        """A stream is over, or needs no ear any more."""
        self._streams.pop(key, None)

    def feed(self, key: K, pcm: bytes) -> None:
        """Audio came in: PCM16, 16 kHz."""
        stream = self._streams.get(key)
        if stream is None:
            return
        stream.pending += pcm
        if len(stream.pending) >= _LEAST and self._alarm is None:
            self._alarm = asyncio.get_running_loop().call_later(_GATHER, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        self._pool.wake()

    # For the pool

    def take(self, worker: int) -> Job | None:
        """Return all there is to listen to as one job, when it was gathered."""
        if self._alarm:
            return None
        ready = [
            (key, stream)
            for key, stream in self._streams.items()
            if not stream.running and len(stream.pending) >= _LEAST
        ]
        if not ready:
            return None
        hearings = []
        for _, stream in ready:
            stream.running = True
            hearings.append(
                VadRequest(stream.endpoint, stream.state, bytes(stream.pending[:_MOST]))
            )
        return Job(
            "listen",
            (hearings,),
            lambda results: self._heard(ready, hearings, results),
            lambda error: self._deaf(ready, error),
            lambda error: self._deaf(ready, error),
        )

    def worker_lost(self, worker: int) -> None:
        """Nothing is kept there."""

    def stranded(self, error: Exception) -> None:
        """The process cannot be had: everyone does without."""
        self._streams.clear()

    def _heard(
        self,
        ready: Sequence[tuple[K, _Stream]],
        hearings: Sequence[VadRequest],
        results: Sequence[tuple[bytes, SpeechActivity]],
    ) -> None:
        for (key, stream), hearing, (state, noticed) in zip(ready, hearings, results, strict=True):
            stream.running = False
            stream.state = state
            del stream.pending[: len(hearing.pcm)]
            if key in self._streams:
                self._on_noticed(key, noticed)

    def _deaf(self, ready: Sequence[tuple[K, _Stream]], error: Exception) -> None:
        # Not tried again: it may be their audio, and they can do without.
        _log.error("the ear failed on %d streams: %s", len(ready), error)
        for key, _ in ready:
            self._streams.pop(key, None)
