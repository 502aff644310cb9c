"""A process that detects speech in all streams, so that the scheduler knows who is speaking.

It computes next to nothing (2 ms for a second of audio), so that what happens in a stream is known
within a tenth of a second even while every recognition worker is in the middle of a batch. What it
finds is final: turns go by it (see `liusheng.runtime.recognition.stream_audio`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Generic, TypeVar

from liusheng.asr.options import VadOptions
from liusheng.asr.types import SAMPLE_RATE
from liusheng.asr.vad.segments import FRAME
from liusheng.runtime.failures import summary, traced
from liusheng.runtime.options import PoolOptions
from liusheng.runtime.recognition.messages import Detection, VadRequest
from liusheng.runtime.recognition.stream_audio import BYTES_PER_SAMPLE, StreamAudio
from liusheng.runtime.workers.expected import ExpectedCost
from liusheng.runtime.workers.pool import Job, Pool

K = TypeVar("K", bound=Hashable)

_log = logging.getLogger(__name__)

_LEAST = 2 * FRAME
"""Samples of a stream worth a request: two of the detector's frames, less than the 85 ms that
clients send at a time, so that speech is detected in each packet at once."""
_GATHER = 0.03
"""Seconds in which the packets of many streams come together for one call to the process."""
_MOST = 5 * SAMPLE_RATE
"""Samples of a stream in a request at most."""
_MOST_PATIENT = 2
"""Streams of backlog in a call: together they delay the detection of live ones by 20 ms."""
_REQUEST_SIZE = 0.1
"""Seconds of audio that a request costs besides its audio."""


@dataclass
class _DetectedStream:
    """A stream of the service.

    endpoint: its own.
    running: a request of it is under way.
    turn: its last request among those of all streams.
    """

    audio: StreamAudio
    endpoint: float | None
    running: bool = False
    turn: int = 0


@dataclass(frozen=True)
class _DetectionBatch(Generic[K]):
    """Requests under way, and for each the stream and its ticket."""

    streams: Sequence[tuple[K, _DetectedStream]]
    tickets: Sequence[int]
    requests: Sequence[VadRequest]


class VadService(Generic[K]):
    """Streams in which speech is detected.

    on_change: called on the event loop with a stream whose `StreamAudio` has
        changed: more speech was detected, or the process failed on it and the next turn detects.
    """

    def __init__(
        self,
        options: VadOptions,
        pool_options: PoolOptions,
        on_change: Callable[[K], None],
        *,
        factory: str = "liusheng.runtime.recognition.vad_handler.load_vad_handler",
    ) -> None:
        one = replace(pool_options, workers=1, threads=1)
        self._pool = Pool("vad", factory, (options,), one)
        self._on_change = on_change
        self._streams: dict[K, _DetectedStream] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._cost = ExpectedCost()
        self._turns = count(1)

    async def start(self) -> None:
        """Start the process and wait until it is ready. Raises as `Pool.start`."""
        await self._pool.start(self)

    async def stop(self) -> None:
        """End it."""
        if self._timer:
            self._timer.cancel()
        await self._pool.stop()

    @property
    def alive(self) -> bool:
        """Whether the process works, and is not being replaced."""
        return self._pool.alive > 0

    @property
    def pids(self) -> list[int]:
        """Of the process, while it is alive."""
        return self._pool.pids

    @property
    def pool(self) -> Pool:
        """The process, as a pool of one; empty before the start."""
        return self._pool

    def add(self, key: K, audio: StreamAudio, endpoint: float | None) -> None:
        """Detect speech in a stream from now on. endpoint: its own, in seconds, if it has one."""
        self._streams[key] = _DetectedStream(audio, endpoint)

    def remove(self, key: K) -> None:
        """A stream is over, or its turns detect speech from now on."""
        self._streams.pop(key, None)

    def audio_received(self, key: K) -> None:
        """A stream's audio has grown."""
        stream = self._streams.get(key)
        if stream and stream.audio.undetected >= _LEAST and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_GATHER, self._wake)

    def _wake(self) -> None:
        self._timer = None
        self._pool.wake()

    # For the pool

    def take(self, worker: int) -> Job | None:
        """Return all that speech is to be detected in as one job, when it was gathered."""
        if self._timer:
            return None
        streams, tickets, requests = [], [], []
        patient = 0
        # The one that has waited longest comes first.
        for key, stream in sorted(self._streams.items(), key=lambda each: each[1].turn):
            if stream.running or (stream.audio.patient and patient >= _MOST_PATIENT):
                continue
            task = stream.audio.next_detection(_LEAST, _MOST)
            if task:
                patient += stream.audio.patient
                stream.turn = next(self._turns)
                stream.running = True
                streams.append((key, stream))
                tickets.append(task[0])
                requests.append(VadRequest(stream.endpoint, stream.audio.speech_state, task[1]))
        if not streams:
            return None
        batch = _DetectionBatch(streams, tickets, requests)
        size = sum(len(each.pcm) for each in requests) / BYTES_PER_SAMPLE / SAMPLE_RATE
        size += _REQUEST_SIZE * len(requests)
        return Job(
            "detect",
            (requests,),
            lambda results: self._done(batch, results),
            lambda error: self._failed(batch, error),
            lambda error: self._failed(batch, error),
            self._cost.limit(size),
            lambda seconds: self._cost.measured(size, seconds),
        )

    def worker_lost(self, worker: int) -> None:
        """Nothing is kept there, but backlog no longer waits for it."""
        for key in tuple(self._streams):
            self._on_change(key)

    def stranded(self, error: Exception) -> None:
        """The process cannot be had: turns detect speech, as it lags behind."""

    def _done(self, batch: _DetectionBatch[K], detections: Sequence[Detection]) -> None:
        for (key, stream), ticket, detection in zip(
            batch.streams, batch.tickets, detections, strict=True
        ):
            stream.running = False
            if self._streams.get(key) is stream and stream.audio.detected(ticket, detection):
                self._on_change(key)

    def _failed(self, batch: _DetectionBatch[K], error: Exception) -> None:
        # Not tried again here: it may be their audio. A recognition worker takes it.
        _log.error(
            "speech detection failed on %d streams: %s",
            len(batch.streams),
            summary(error),
            exc_info=traced(error),
        )
        for (key, stream), ticket in zip(batch.streams, batch.tickets, strict=True):
            stream.running = False
            if self._streams.get(key) is stream:
                stream.audio.detection_failed(ticket)
                self._on_change(key)
