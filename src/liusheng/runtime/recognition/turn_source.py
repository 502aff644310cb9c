"""The turns of streams as jobs of the recognition workers, and what comes of them.

A turn that was lost with its worker is repeated, in a batch of its own. A stream on which two
workers were lost is given up; the others of its batches go on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Protocol

from liusheng.runtime.failures import summary, traced
from liusheng.runtime.load import CoreShare
from liusheng.runtime.recognition.checkpoint import StreamCheckpoint
from liusheng.runtime.recognition.gathering import TurnWork
from liusheng.runtime.recognition.messages import TurnRequest, TurnResult
from liusheng.runtime.recognition.scheduler import Scheduler
from liusheng.runtime.recognition.statistics import RecognitionStatistics
from liusheng.runtime.recognition.stream import RecognitionStream
from liusheng.runtime.recognition.turns import TurnBatch, TurnUnderWay
from liusheng.runtime.recognition.vad_service import VadService
from liusheng.runtime.workers.faults import fault_weight
from liusheng.runtime.workers.hang import call_limit
from liusheng.runtime.workers.pool import Job, Pool, ignore

_log = logging.getLogger(__name__)

_FREQUENT = 1.1
"""Seconds between the partials of a speaker up to which the text of a pause is decoded with care:
on two cores, for about eight speakers."""

_ASK_AGAIN = 0.1
"""Seconds after which a worker without a turn looks again, while streams wait for one."""


class TurnOwner(Protocol):
    """Whose streams take the turns."""

    def remove(self, stream: RecognitionStream) -> None:
        """The stream is over: its last turn is done."""

    def fail(self, stream: RecognitionStream, error: Exception) -> None:
        """The stream is lost."""


class TurnSource:
    """The source of the jobs of a pool (see `liusheng.runtime.workers.pool.JobSource`).

    pool: whose workers take turns.
    scheduler: decides which streams are next; also told what became of their turns.
    vad: told when a stream may have audio for it again.
    cores: told how long workers are busy.
    """

    def __init__(
        self,
        streams: TurnOwner,
        pool: Pool,
        scheduler: Scheduler[RecognitionStream],
        vad: VadService[RecognitionStream],
        cores: CoreShare,
        statistics: RecognitionStatistics,
        clock: Callable[[], float],
    ) -> None:
        self._streams = streams
        self._pool = pool
        self._scheduler = scheduler
        self._vad = vad
        self._cores = cores
        self._statistics = statistics
        self._clock = clock
        # By worker: states that it may drop, sent with its next job.
        self._to_forget: dict[int, list[bytes]] = {}
        self._processor_seconds: dict[int, float] = {}  # of its newest batch, by worker
        # By worker, and by its number: each turn that it has prepared and not dropped.
        self._prepared: dict[int, dict[int, TurnUnderWay]] = {}

    def forget(self, worker: int, state: bytes) -> None:
        """A worker need not keep what belongs to this state of a stream."""
        if self._scheduler.sticky:
            self._to_forget.setdefault(worker, []).append(state)
            self._pool.wake()

    # For the pool

    def take(self, worker: int) -> Job | None:
        """Return what this worker does next."""
        if states := self._to_forget.pop(worker, None):
            return Job("forget", (states,), ignore, ignore, ignore, call_limit(0))
        began = self._clock()
        assigned = self._scheduler.take(worker, began, max(1, self._pool.alive))
        streams = assigned.keys
        if not streams:
            if self._outdated(worker):
                return Job("keep", (self._kept(worker),), ignore, ignore, ignore, call_limit(0))
            if self._scheduler.has_waiting:
                # Backlog may go in a moment, and nothing else may happen until then.
                self._pool.wake_later(_ASK_AGAIN)
            return None
        if assigned.work is TurnWork.COMPLETE:
            held = self._prepared[worker]
            taken = [held.pop(self._scheduler.turn(stream)) for stream in streams]
            spare = {turn.number: self._may_take_care(turn.stream, began) for turn in taken}
            batch = TurnBatch(worker, taken, began)
            return self._job(batch, "complete", spare, self._kept(worker))
        turns = []
        for stream in streams:
            try:
                turns.append(self._begin_turn(stream, worker, began))
            except Exception as error:
                # A session's fault must not cost the other sessions of the batch, nor leave its own
                # waiting for a turn that no worker has.
                _log.exception("a session failed on its turn")
                self._streams.fail(stream, error)
        if not turns:
            return self.take(worker)
        batch = TurnBatch(worker, turns, began)
        requests = [self._request(turn, began) for turn in turns]
        for turn in turns:
            turn.stream.holder = None
        if assigned.work is TurnWork.PREPARE:
            return self._job(batch, "prepare", turns[0].number, requests[0], self._kept(worker))
        return self._job(batch, "advance", requests)

    def _job(self, batch: TurnBatch, method: str, *args: object) -> Job:
        done = self._prepare_done if method == "prepare" else self._done
        return Job(
            method,
            args,
            lambda results: done(batch, results),
            lambda error: self._retry(batch, error),
            lambda error: self._retry(batch, error),
            self._scheduler.call_limit(batch.worker, [turn.seconds for turn in batch.turns]),
            lambda seconds: self._timed(batch.worker, seconds),
        )

    def _request(self, turn: TurnUnderWay, now: float) -> TurnRequest:
        return turn.request(
            spare=self._may_take_care(turn.stream, now),
            backlog=self._scheduler.is_backlog(turn.stream, now),
        )

    def _may_take_care(self, stream: RecognitionStream, now: float) -> bool:
        """Whether a stream's turn may take longer for a better text: nobody waits, or not yet, in a
        pause, and there is time enough for frequent partials of all streams."""
        scheduler = self._scheduler
        if scheduler.has_spare_time(stream, now):
            return True
        if not scheduler.decodes_pause(stream) or scheduler.is_backlog(stream, now):
            return False
        workers = self._cores.left("recognition", self._pool.size, now)
        return 0.0 < scheduler.interval(workers, now) < _FREQUENT

    def _outdated(self, worker: int) -> bool:
        """Whether a worker has prepared what nobody wants any more."""
        prepared = self._prepared.get(worker, {})
        return not all(self._scheduler.is_held(t.stream, n) for n, t in prepared.items())

    def _kept(self, worker: int) -> list[int]:
        """Return which of the turns that a worker has prepared it is to keep; drop the others."""
        kept = {
            number: turn
            for number, turn in self._prepared.pop(worker, {}).items()
            if self._scheduler.is_held(turn.stream, number)
        }
        if kept:
            self._prepared[worker] = kept
        return list(kept)

    def _begin_turn(self, stream: RecognitionStream, worker: int, now: float) -> TurnUnderWay:
        audio = stream.audio.next_turn(
            self._scheduler.turn_limit(stream, now),
            finishing=stream.finishing and not stream.audio.awaits_vad,
            resident=stream.holder == worker,
        )
        if stream.holder not in (None, worker) and stream.state is not None:
            self.forget(stream.holder, stream.state)
        self._taken(stream, now)
        return TurnUnderWay(stream, self._scheduler.turn(stream), audio, now)

    def _taken(self, stream: RecognitionStream, now: float) -> None:
        """Measure how long a stream waited for the turn that begins now."""
        # A client may be ahead of real time, and wait for nothing yet.
        waited = max(0.0, now - self._scheduler.waiting_since(stream))
        stream.meter.span("queue", waited)
        if not stream.upload:
            self._statistics.waits.observe(waited)

    def _timed(self, worker: int, seconds: float) -> None:
        self._processor_seconds[worker] = seconds

    def worker_lost(self, worker: int) -> None:
        """A worker died."""
        self._to_forget.pop(worker, None)
        self._prepared.pop(worker, None)
        self._scheduler.worker_lost(worker, self._clock())
        for stream in self._scheduler:
            if stream.holder == worker:
                stream.holder = None

    def stranded(self, error: Exception) -> None:
        """No worker can be had."""
        for stream in list(self._scheduler):
            self._streams.fail(stream, error)

    def _passed(self, batch: TurnBatch, now: float) -> tuple[float, float]:
        """Return how long a call took, and for how long its worker was busy."""
        passed = now - batch.began
        busy = min(passed, self._processor_seconds.pop(batch.worker, passed))
        self._cores.used("recognition", busy, now)
        return passed, busy

    def _prepare_done(self, batch: TurnBatch, _: None) -> None:
        now = self._clock()
        passed, busy = self._passed(batch, now)
        self._statistics.prepared(busy)
        (turn,) = batch.turns
        self._prepared.setdefault(batch.worker, {})[turn.number] = turn
        self._scheduler.turn_prepared(batch.worker, passed, now, busy)

    def _done(self, batch: TurnBatch, results: Sequence[TurnResult]) -> None:
        now = self._clock()
        passed, busy = self._passed(batch, now)
        self._scheduler.batch_done(batch.worker, passed, now, busy)
        self._statistics.decoded(len(batch.turns), passed, busy)
        for turn, result in zip(batch.turns, results, strict=True):
            try:
                self._turn_done(batch, turn, result, now)
            except Exception as error:
                # A session's fault must not cost the other sessions of the batch.
                _log.exception("a session failed on its result")
                self._streams.fail(turn.stream, error)

    def _turn_done(
        self, batch: TurnBatch, turn: TurnUnderWay, result: TurnResult, now: float
    ) -> None:
        stream, worker = turn.stream, batch.worker
        if not self._scheduler.is_newest(stream, turn.number):
            self._scheduler.turn_dropped(stream, turn.number)
            self.forget(worker, result.state)
            return
        stream.audio.turn_done(turn.audio, result.needs, result.final_until, result.detection)
        self._scheduler.turn_done(stream, turn.number, now, result.step)
        stream.state, stream.state_saved = result.state, False
        if result.saved is not None and not turn.audio.last:
            stream.checkpoint = StreamCheckpoint(
                result.saved, result.partial.index, stream.audio.checkpoint()
            )
        stream.holder = worker
        stream.covered = max(stream.covered, result.covered)
        stream.update_room()
        self._measure(turn, batch, now)
        if result.detection:
            stream.tell_speech()
        stream.on_update(result.closed, result.partial)
        if turn.audio.last:
            on_finish = stream.on_finish
            self._streams.remove(stream)
            waited = now - (now if stream.finished is None else stream.finished)
            stream.meter.span("final", waited)
            self._statistics.finished(waited, upload=stream.upload)
            on_finish()
        else:
            # What came in while the turn detected speech is the VAD process's again.
            self._vad.audio_received(stream)

    def _measure(self, turn: TurnUnderWay, batch: TurnBatch, now: float) -> None:
        """Note how late a stream's turn is that is done now."""
        stream = turn.stream
        stream.meter.span("decode", now - turn.began, streams=len(batch.turns))
        if stream.finished is None and not stream.upload:
            self._statistics.lags.observe(
                max(0.0, stream.received_seconds - stream.covered_seconds)
            )

    def _retry(self, batch: TurnBatch, error: Exception) -> None:
        _log.warning(
            "a turn of %d streams failed: %s",
            len(batch.turns),
            summary(error),
            exc_info=traced(error),
        )
        now = self._clock()
        for turn in batch.turns:
            stream = turn.stream
            stream.audio.turn_lost(turn.audio)
            shared = len(batch.turns) > 1
            if not self._scheduler.turn_lost(
                stream, turn.number, now, weight=fault_weight(error), shared=shared
            ):
                self._streams.fail(stream, error)
