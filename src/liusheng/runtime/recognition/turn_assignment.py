"""What a recognition worker does next, given what streams are due.

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

from liusheng.runtime.recognition.backlog import BacklogShare
from liusheng.runtime.recognition.batching import Batch, Filling, gathered, together
from liusheng.runtime.recognition.cost_model import PAD, BatchKind, CostModel
from liusheng.runtime.recognition.gathering import Assignment, Gathering, PreparedTurn, TurnWork
from liusheng.runtime.recognition.placement import may_run, spread
from liusheng.runtime.recognition.priority import ScheduledStream, TurnPolicy, TurnReason
from liusheng.runtime.recognition.stream_set import ScheduledStreams

K = TypeVar("K", bound=Hashable)

_CROWDED = 0.5
"""Batches by which those that run at once may exceed the cores that other programs leave."""


class TurnAssignment(ScheduledStreams[K]):
    """The streams of a recogniser pool, and which of them take turns on which worker.

    policy: of all streams.
    sticky: a stream's state lives in the worker that took its last turn; others cannot continue it
        cheaply, so it stays there until that worker is lost.
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

    def _expected(self, stream: ScheduledStream) -> float:
        """Return how many seconds a stream's turn is expected to take alone."""
        kind = BatchKind(stream.reason is not TurnReason.PARTIAL, stream.stepwise)
        size = stream.weight(self._policy) + PAD
        return self._costs.cost(kind)(size, size)


def _is_prepared_first(taken: Sequence[tuple[K, ScheduledStream]]) -> bool:
    """Whether turns that are taken together are prepared one by one: a partial alone gains nothing
    by it, but what is urgent goes between the two halves of a final."""
    can = bool(taken) and all(stream.can_be_prepared for _, stream in taken)
    return can and (len(taken) > 1 or taken[0][1].decodes_final)
