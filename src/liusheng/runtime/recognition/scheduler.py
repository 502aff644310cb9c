"""Which streams a recognition worker decodes next: a pure object, on the caller's clock.

A stream is due a turn for a reason, and each reason has its tolerance: earliest deadline first. A
final that a client waits for has none; the decode in a pause, in advance of the endpoint, has
little; a partial of growing speech has most, so that under load the interval between two partials
grows evenly for all speakers, and no stream starves. Turns that need no decode do not wait for
those that do. Turns are taken together as far as they are ready and the batch stays short, so that
the next urgent turn does not wait long; no turn waits for a batch to fill. Where a model can
prepare turns, a batch is gathered turn by turn (`liusheng.runtime.recognition.gathering`).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Sequence
from itertools import count
from typing import TypeVar

from liusheng.asr.capabilities import Batching
from liusheng.asr.types import SAMPLE_RATE
from liusheng.runtime.recognition.backlog import LEAST_SHARE, BacklogShare, RealTime
from liusheng.runtime.recognition.batching import Batch, Filling, gathered, together
from liusheng.runtime.recognition.cost_model import PAD, BatchKind, CostModel
from liusheng.runtime.recognition.gathering import Assignment, Gathering, PreparedTurn, TurnWork
from liusheng.runtime.recognition.placement import may_run, spread
from liusheng.runtime.recognition.priority import ScheduledStream, TurnPolicy, TurnReason
from liusheng.runtime.recognition.stream_audio import StreamAudio
from liusheng.runtime.recognition.stream_set import ScheduledStreams
from liusheng.runtime.workers.faults import is_at_fault

K = TypeVar("K", bound=Hashable)

_CROWDED = 0.5
"""Batches by which those that run at once may exceed the cores that other programs leave."""


class Scheduler(ScheduledStreams[K]):
    """Decides which streams of a recogniser pool take turns, where and when.

    policy: of all streams.
    sticky: a stream's state lives in the worker that took its last turn; others cannot continue it
        cheaply, so it stays there until that worker is lost.
    vad_alive: the VAD process works, so that backlog may wait for it.
    """

    def __init__(self, policy: TurnPolicy, *, sticky: bool = False) -> None:
        super().__init__()
        self._policy = policy
        self.sticky = sticky
        self._turns = count(1)
        self._costs = CostModel()
        self._batches: dict[int, Batch] = {}  # by worker
        self._gathering: Gathering[K] = Gathering()
        self._share = BacklogShare()
        self._backlog_rests = -math.inf  # until then
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

    def take(self, worker: int, now: float, workers: int = 1) -> Assignment[K]:
        """Return what this worker does next.

        workers: how many are alive, to spread streams evenly.
        """
        streams = Counter(each.worker for each in self._streams.values() if self.sticky)
        ready = [
            (key, stream)
            for key, stream in self._streams.items()
            if stream.reason is not None and may_run(stream, worker, streams, sticky=self.sticky)
        ]
        live = [each for each in ready if not each[1].is_backlog(now)]
        live.sort(key=lambda each: (each[1].deadline, each[1].turn))
        backlog = [each for each in ready if each[1].is_backlog(now)]
        backlog.sort(key=lambda each: each[1].turn)  # the one that has waited longest
        live, backlog = (self._spread(each, worker, now, workers) for each in (live, backlog))
        self._batches.pop(worker, None)
        self._gathering.other(worker)
        self._share.pass_time(now, workers, waits=bool(backlog))
        assigned = Assignment[K](TurnWork.ADVANCE, [])
        held = self._held(worker, now)
        if backlog and not held and self._share.allows(self._expected(backlog[0][1])):
            assigned = self._begin(backlog, worker, now, workers)
        if not assigned.keys:
            assigned = (
                self._gather(live, held, worker, now, workers)
                if held
                else self._begin(live, worker, now, workers)
            )
        if not assigned.keys:
            # Another worker has prepared the final and is busy with something else.
            assigned = self._begin(self._late(worker), worker, now, workers)
        if not assigned.keys and self._has_spare(now, workers):
            assigned = self._begin(backlog, worker, now, workers)
        return assigned

    def _spread(
        self, ready: list[tuple[K, ScheduledStream]], worker: int, now: float, workers: int
    ) -> list[tuple[K, ScheduledStream]]:
        """Leave streams to other workers that have fewer of them, where they stay with one."""
        if not self.sticky:
            return ready
        share = -(-len(self._streams) // workers)
        room = share - sum(each.worker == worker for each in self._streams.values())
        return spread(ready, worker, room, now)

    def _late(self, worker: int) -> list[tuple[K, ScheduledStream]]:
        """Return streams whose finals other workers have prepared, and that decode something else
        now. (One that prepares a turn is done with it in a moment.)"""
        late = [
            each
            for each in self._streams.items()
            if each[1].prepared
            and each[1].reason is TurnReason.FINAL
            and each[1].worker not in (None, worker)
            and not self._gathering.is_preparing(each[1].worker)
        ]
        late.sort(key=lambda each: (each[1].deadline, each[1].turn))
        return [] if self.sticky else late

    def _gather(
        self,
        live: list[tuple[K, ScheduledStream]],
        held: list[PreparedTurn[K]],
        worker: int,
        now: float,
        workers: int,
    ) -> Assignment[K]:
        """Go on with what a worker has prepared, or take what is more urgent."""
        free = [each for each in live if each[1].needs_no_decode and not each[1].alone]
        if free:
            return self._begin(free, worker, now, workers)
        first = min(held, key=self._held_until)
        # Finals are decoded one by one, so that no text depends on the others.
        group = [first] if first.final else [turn for turn in held if not turn.final]
        joining: list[tuple[K, ScheduledStream]] = []
        others: list[tuple[K, ScheduledStream]] = []
        for each in live:
            joins = each[1].can_be_prepared and not (first.final or each[1].decodes_final)
            (joining if joins else others).append(each)
        if others and others[0][1].deadline < self._held_until(first):
            return self._begin(others, worker, now, workers)
        ended = any(self._streams[turn.key].finishing is not None for turn in group)
        others_wait = bool(others and joining and others[0][1].deadline < joining[0][1].deadline)
        if joining and not ended and not others_wait:
            filling = Filling(
                self._costs.cost(BatchKind(final=False, stepwise=False)),
                most=self._most_partials(now, workers),
                seconds=self._policy.max_batch_seconds,
                live=True,
            )
            weights = [turn.weight for turn in group]
            if all(map(filling.add, [*weights, joining[0][1].weight(self._policy)])):
                return self._prepare(*joining[0], worker)
        return self._complete(worker, group)

    def _held(self, worker: int, now: float) -> list[PreparedTurn[K]]:
        """Return what a worker has prepared, but for what nobody wants any more."""
        dropped = [
            turn for turn in self._gathering.held(worker) if not self.is_held(turn.key, turn.turn)
        ]
        for turn in dropped:
            self._costs.dropped(turn.busy, turn.pace, now)
        self._gathering.release(worker, dropped)
        return self._gathering.held(worker)

    def _held_until(self, turn: PreparedTurn[K]) -> float:
        """Return when a turn that is held is overdue: at once, where its client has ended."""
        finishing = self._streams[turn.key].finishing
        return turn.deadline if finishing is None else min(turn.deadline, finishing)

    def _prepare(self, key: K, stream: ScheduledStream, worker: int) -> Assignment[K]:
        """Have a worker prepare a stream's turn."""
        turn = PreparedTurn(
            key,
            next(self._turns),
            stream.decodes_final,
            stream.weight(self._policy),
            stream.deadline,
            stream.real_time.pace,
        )
        self._batches[worker] = gathered([turn])
        self._gathering.begin(worker, turn)
        stream.begin(turn.turn, worker, shared=True)
        return Assignment(TurnWork.PREPARE, [key])

    def _complete(self, worker: int, group: Sequence[PreparedTurn[K]]) -> Assignment[K]:
        """Have a worker decode turns that it holds."""
        self._batches[worker] = gathered(group)
        self._gathering.release(worker, group)
        for turn in group:
            self._streams[turn.key].prepared = False
        return Assignment(TurnWork.COMPLETE, [turn.key for turn in group])

    def _most_partials(self, now: float, workers: int) -> int:
        """Return how many partials one worker decodes at most, so that all workers have some."""
        return min(self._policy.batch, self._speaking(now) // workers)

    def _begin(
        self, ready: list[tuple[K, ScheduledStream]], worker: int, now: float, workers: int
    ) -> Assignment[K]:
        """Begin a turn of those that are to take it together."""
        live = not (ready and ready[0][1].is_backlog(now))
        partials = self._most_partials(now, workers)
        taken = together(ready, self._policy, self._costs, partials, live=live)
        if live and self._speaking(now) > workers and _is_prepared_first(taken):
            return self._prepare(*taken[0], worker)
        decoded = [stream for _, stream in taken if not stream.needs_no_decode]
        if decoded:
            final = all(stream.reason is not TurnReason.PARTIAL for stream in decoded)
            self._batches[worker] = Batch(
                [stream.weight(self._policy) for stream in decoded],
                BatchKind(final, decoded[0].stepwise),
                live=live,
                repeats=max(math.ceil(stream.faults) for stream in decoded),
                pace=sum(stream.real_time.pace for stream in decoded) / len(decoded),
            )
        for _, stream in taken:
            stream.begin(next(self._turns), worker, shared=len(taken) > 1)
        return Assignment(TurnWork.ADVANCE, [key for key, _ in taken])

    def _has_spare(self, now: float, workers: int) -> bool:
        """Return whether a worker that no live stream needs now may take backlog."""
        if not self._somebody_speaks(now):
            return True
        if now < self._backlog_rests:
            return False
        if 1 + len(self._batches) > workers / self._costs.crowding(now) + _CROWDED:
            return False  # the batch would take a core from one that is running
        backlog = sum(not batch.live for batch in self._batches.values())
        return workers < 2 or backlog < workers - 1

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

    def _expected(self, stream: ScheduledStream) -> float:
        """Return how many seconds a stream's turn is expected to take alone."""
        kind = BatchKind(stream.reason is not TurnReason.PARTIAL, stream.stepwise)
        size = stream.weight(self._policy) + PAD
        return self._costs.cost(kind)(size, size)

    def _reconsider(self, stream: ScheduledStream, now: float) -> bool:
        return stream.reconsider(self._policy, now, vad_alive=self.vad_alive)


def _is_prepared_first(taken: Sequence[tuple[K, ScheduledStream]]) -> bool:
    """Whether turns that are taken together are prepared one by one: a partial alone gains nothing
    by it, but what is urgent goes between the two halves of a final."""
    can = bool(taken) and all(stream.can_be_prepared for _, stream in taken)
    return can and (len(taken) > 1 or taken[0][1].decodes_final)
