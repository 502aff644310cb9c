"""Which streams a recognition worker decodes next: a pure object, on the caller's clock.

The scheduler is told what happens to streams and workers; what a worker does next is decided in
`liusheng.runtime.recognition.turn_assignment`.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TypeVar

from liusheng.asr.capabilities import Batching
from liusheng.asr.types import SAMPLE_RATE
from liusheng.runtime.recognition.backlog import LEAST_SHARE, RealTime
from liusheng.runtime.recognition.cost_model import BatchKind
from liusheng.runtime.recognition.priority import ScheduledStream, TurnPolicy
from liusheng.runtime.recognition.stream_audio import StreamAudio
from liusheng.runtime.recognition.turn_assignment import TurnAssignment
from liusheng.runtime.workers.faults import is_at_fault

K = TypeVar("K", bound=Hashable)


class Scheduler(TurnAssignment[K]):
    """Decides which streams of a recogniser pool take turns, where and when.

    policy, sticky: see `TurnAssignment`.
    vad_alive: the VAD process works, so that backlog may wait for it.
    """

    def __init__(self, policy: TurnPolicy, *, sticky: bool = False) -> None:
        super().__init__(policy, sticky=sticky)
        self.vad_alive = True

    def add(
        self,
        key: K,
        audio: StreamAudio,
        *,
        upload: bool = False,
        batching: Batching = Batching.ALL,
    ) -> None:
        """A stream began. Its audio is the caller's, who reports below when it has changed.

        upload: a whole file: all of it is backlog (see `liusheng.runtime.recognition.backlog`).
        batching: what its model gains from batches.
        """
        real_time = RealTime(stalled=audio.missing > 0)
        self._streams[key] = ScheduledStream(
            audio,
            turn=next(self._turns),
            upload=upload,
            batching=batching,
            real_time=real_time,
        )

    def remove(self, key: K) -> int | None:
        """A stream is over or abandoned; return the worker that had it last, if any."""
        stream = self._streams.pop(key, None)
        return stream.worker if stream else None

    def audio_received(self, key: K, now: float) -> bool:
        """Audio came in; return whether the stream is due a turn."""
        stream = self._streams[key]
        audio = stream.audio
        stream.last_audio = now
        stream.real_time.received((audio.received - audio.origin) / SAMPLE_RATE, now)
        return self._reconsider(stream, now)

    def speech_detected(self, key: K, now: float) -> bool:
        """Speech was detected further; return whether the stream is due a turn."""
        stream = self._streams.get(key)
        return stream is not None and self._reconsider(stream, now)

    def finish(self, key: K, now: float) -> None:
        """No more audio comes; the client waits."""
        stream = self._streams[key]
        stream.finishing = now
        self._reconsider(stream, now)

    def turn_limit(self, key: K, now: float) -> int:
        """Return how many samples of new audio a stream's turn takes at most."""
        policy = self._policy
        return policy.backlog_turn if self._streams[key].is_backlog(now) else policy.max_turn

    def call_limit(self, worker: int, seconds: Sequence[float]) -> float:
        """Return the limit of the call with a worker's newest turn (see `hang.call_limit`).

        seconds: of audio sent, for each of its streams.
        """
        batch = self._batches.get(worker)
        kind = batch.kind if batch else BatchKind(final=True, stepwise=False)
        return self._costs.limit(kind, seconds, batch.repeats if batch else 0)

    def batch_done(
        self, worker: int, seconds: float, now: float, busy: float | None = None
    ) -> None:
        """A worker has done its newest batch, in so many seconds.

        busy: for which it was busy (see `liusheng.runtime.load`); None: all of them.
        """
        batch = self._batches.pop(worker, None)
        if batch:
            before = batch.spent
            self._costs.measured(
                batch.weights,
                seconds + before[0],
                now,
                batch.kind,
                live=batch.live,
                busy=(seconds if busy is None else busy) + before[1],
                pace=batch.pace,
            )
            if not batch.live:
                self._share.spend(seconds)
                # Where other programs use the cores, it slowed down the live turns beside it.
                self._backlog_rests = now + (self._costs.crowding(now) - 1.0) * seconds

    def turn_prepared(self, worker: int, seconds: float, now: float, busy: float) -> None:
        """A worker has prepared a stream's turn; seconds, busy: see `batch_done`."""
        turn = self._gathering.prepared(worker, seconds, busy)
        stream = self._streams.get(turn.key) if turn else None
        if turn is None or stream is None:
            return
        if stream.turn != turn.turn:
            self.turn_dropped(turn.key, turn.turn)
            return
        stream.prepared = True
        self._reconsider(stream, now)

    def batch_tested(
        self, weights: Sequence[float], seconds: float, *, final: bool, stepwise: bool
    ) -> None:
        """A batch with so many seconds of audio for each stream took so long, in a test."""
        self._costs.tested(weights, seconds, BatchKind(final, stepwise))

    @property
    def partial_cost(self) -> float:
        """Seconds for which a worker is busy with one stream's partial; 0: not known."""
        return self._costs.partial

    def interval(self, workers: float, now: float) -> float:
        """Return how many seconds would lie between a speaker's partials with a stream more.

        workers: how many can run at once.
        """
        live = sum(not stream.is_backlog(now) for stream in self._streams.values())
        share = 1.0 if live == len(self) else 1.0 - LEAST_SHARE
        return self._costs.interval(live, self._speaking(now), share * workers, now)

    def turn_done(self, key: K, turn: int, now: float, step: int | None = None) -> None:
        """A stream's turn is done, is the newest, and its audio knows what the turn took.

        step: samples of new audio after which the next one is due, where the model says so.
        """
        assert self.is_newest(key, turn)
        stream = self._streams[key]
        stream.done(step)
        self._reconsider(stream, now)

    def turn_dropped(self, key: K, turn: int) -> None:
        """A turn that does not count any more is done."""
        stream = self._streams.get(key)
        if stream is not None and stream.overtaken == turn:
            stream.overtaken = None

    def turn_lost(self, key: K, turn: int, now: float, *, weight: float, shared: bool) -> bool:
        """A stream's turn failed. It is due again, in a batch of its own, so that audio which makes
        a worker fail affects no other stream; return False if it is not to be tried again.

        weight: what the failure says against the stream (see `faults.fault_weight`).
        shared: the turn was one of several in its batch, of which any one may be the cause.
        """
        stream = self._streams.get(key)
        if stream is None or turn not in (stream.turn, stream.overtaken):
            return True
        stream.faults += weight
        stream.suspect |= not shared
        if stream.suspect and is_at_fault(stream.faults):
            return False
        if turn == stream.overtaken:
            stream.overtaken = None
            return True
        reason = stream.running
        stream.lost()
        self._reconsider(stream, now)
        if stream.reason is None:
            stream.reason, stream.due = reason, now
        return True

    def worker_lost(self, worker: int, now: float) -> None:
        """What this worker held is gone: its streams may go anywhere."""
        self._batches.pop(worker, None)
        for turn in self._gathering.lost(worker):
            if self.is_held(turn.key, turn.turn):
                self._streams[turn.key].withdraw()
                self._reconsider(self._streams[turn.key], now)
        for stream in self._streams.values():
            if stream.worker == worker:
                stream.worker = None

    def _reconsider(self, stream: ScheduledStream, now: float) -> bool:
        return stream.reconsider(self._policy, now, vad_alive=self.vad_alive)
