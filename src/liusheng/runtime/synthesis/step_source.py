"""The steps of speeches as jobs of the synthesis workers, and what comes of them.

A speech stays with the worker that has its state. A speech whose worker was lost is taken over by
the next free one; one on whose newest step two workers were lost is given up.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable
from typing import Protocol

from liusheng.runtime.failures import summary, traced
from liusheng.runtime.load import CoreShare
from liusheng.runtime.options import SynthesisServiceOptions
from liusheng.runtime.synthesis.load import SpeechLoad
from liusheng.runtime.synthesis.messages import SpeechChunk, SpeechStart, SpeechUpdate
from liusheng.runtime.synthesis.scheduler import SpeechScheduler
from liusheng.runtime.synthesis.speech import Speech
from liusheng.runtime.synthesis.statistics import SynthesisStatistics
from liusheng.runtime.workers.expected import ExpectedCost
from liusheng.runtime.workers.faults import fault_weight, is_at_fault
from liusheng.runtime.workers.hang import call_limit
from liusheng.runtime.workers.pool import Job, Pool, ignore

_log = logging.getLogger(__name__)


class SpeechOwner(Protocol):
    """The owner of the speeches. options: of all of them, as they are now."""

    options: SynthesisServiceOptions

    def voice_name(self, name: str) -> str:
        """Return the name of the voice that a request means. name: "" for the default voice."""

    def remove(self, speech: Speech) -> None:
        """A speech is over."""

    def fail(self, speech: Speech, error: Exception) -> None:
        """A speech is lost."""

    def text_extended(self, speech: Speech) -> None:
        """Resume a speech whose text was extended or flushed."""


class StepSource:
    """The source of the jobs of a pool (see `liusheng.runtime.workers.pool.JobSource`).

    pool: whose workers take steps.
    schedule: decides which speech is next; also told what became of its step.
    load: told what steps cost, and whether their audio came in time.
    cores: told how long workers are busy.
    """

    def __init__(
        self,
        speeches: SpeechOwner,
        pool: Pool,
        schedule: SpeechScheduler[Speech],
        load: SpeechLoad,
        cores: CoreShare,
        statistics: SynthesisStatistics,
        clock: Callable[[], float],
    ) -> None:
        self._speeches = speeches
        self._pool = pool
        self._schedule = schedule
        self._load = load
        self._cores = cores
        self._statistics = statistics
        self._clock = clock
        self._dropped: dict[int, list[int]] = {}  # by worker: speeches that it need not keep
        self._processor_seconds: dict[int, float] = {}  # of its newest step, by worker
        self._costs: dict[str, ExpectedCost] = {}  # of a step, by voice

    def drop(self, speech: Speech) -> None:
        """Drop a speech in the worker that has its state."""
        if speech.holder is not None:
            self._dropped.setdefault(speech.holder, []).append(speech.key)
            speech.holder = None
            self._pool.wake()

    # For the pool

    def take(self, worker: int) -> Job | None:
        """Return this worker's next step."""
        if dropped := self._dropped.pop(worker, None):
            return Job("drop", (dropped,), ignore, ignore, ignore, call_limit(0))
        now = self._clock()
        speech = self._schedule.take(worker, now, max(1, self._pool.alive))
        if (at := self._schedule.next_move()) is not None and at > now:
            self._pool.wake_later(at - now)
        if speech is None:
            return None
        try:
            return self._step(speech, worker, now)
        except Exception as error:
            # It would wait for ever for a step that no worker has.
            _log.exception("a speech failed on its step")
            self._failed(speech, error)
            return self.take(worker)

    def _step(self, speech: Speech, worker: int, now: float) -> Job:
        message: SpeechUpdate | SpeechStart
        if speech.holder == worker:
            method, message = "step", speech.update_message()
        else:
            self.drop(speech)
            speech.progress = speech.resumed_from
            method, message = "start", speech.start_message()
        speech.holder = worker
        cost = self._costs.setdefault(speech.voice, ExpectedCost())
        return Job(
            method,
            (speech.key, message),
            lambda chunk: self._chunk_made(worker, now, speech, chunk),
            lambda error: self._failed(speech, error),
            lambda error: self._step_lost(speech, error),
            cost.limit(1.0, math.ceil(speech.faults)),
            lambda seconds: self._timed(worker, cost, seconds),
        )

    def _timed(self, worker: int, cost: ExpectedCost, seconds: float) -> None:
        cost.measured(1.0, seconds)
        self._processor_seconds[worker] = seconds

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

    def _chunk_made(self, worker: int, began: float, speech: Speech, chunk: SpeechChunk) -> None:
        try:
            self._step_done(worker, began, speech, chunk)
        except Exception as error:
            # Nor may it count as running for ever.
            _log.exception("a speech failed on its audio")
            self._failed(speech, error)

    def _step_done(self, worker: int, began: float, speech: Speech, chunk: SpeechChunk) -> None:
        now = self._clock()
        self._measure(worker, now - began, speech, chunk, now)
        if speech not in self._schedule:
            return
        if chunk.pcm:  # repeating what was delivered already is no progress
            speech.faults = 0.0
        first = not speech.samples
        added = speech.add(chunk)
        late = self._schedule.step_done(speech, added, now, speech.resumed_from)
        if added and first:
            self._statistics.began(now - speech.requested_at)
            speech.meter.span("first packet", now - speech.requested_at)
        elif added:
            self._load.delivered(late=late, now=now)
        if chunk.over:
            self._speeches.remove(speech)
            speech.end()
        elif chunk.waiting and not speech.has_update:
            self._schedule.set_waiting(speech, True, now)
            if self._speeches.options.flush_after and not speech.flushed:
                loop = asyncio.get_running_loop()
                loop.call_later(
                    self._speeches.options.flush_after, self._flush, speech, speech.length
                )
        elif speech.ahead >= self._speeches.options.ahead:
            self._schedule.set_buffered(speech, True, now)

    def _measure(
        self, worker: int, passed: float, speech: Speech, chunk: SpeechChunk, now: float
    ) -> None:
        busy = min(passed, self._processor_seconds.get(worker, passed))
        seconds = max(0.0, chunk.seconds - speech.progress)
        speech.progress = chunk.seconds
        self._load.step_done(self._speeches.voice_name(speech.voice), passed, busy, seconds, now)
        self._cores.used("synthesis", busy, now)
        self._statistics.stepped(passed, busy, seconds)
        speech.meter.span("step", passed, audio_seconds=seconds)

    def _flush(self, speech: Speech, length: int) -> None:
        """Flush a text that has not grown since it had this length."""
        if speech in self._schedule and speech.length == length and not speech.flushed:
            speech.flush()
            self._speeches.text_extended(speech)

    def _failed(self, speech: Speech, error: Exception) -> None:
        _log.warning("a speech failed: %s", summary(error), exc_info=traced(error))
        self._speeches.fail(speech, error)

    def _step_lost(self, speech: Speech, error: Exception) -> None:
        if speech not in self._schedule:
            return
        speech.faults += fault_weight(error)
        if is_at_fault(speech.faults):
            self._failed(speech, error)
        else:
            self._schedule.step_lost(speech)
