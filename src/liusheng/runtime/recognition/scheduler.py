"""Which streams a recognition worker decodes next: a pure object, on the caller's clock.

A stream is due a turn for a reason, and each reason has its tolerance: earliest deadline first. A
final that a client waits for has none; the decode in a pause, in advance of the endpoint, has
little; a partial of growing speech has most, so that under load the interval between two partials
grows evenly for all speakers, and no stream starves. Turns that need no decode do not wait for
those that do. Turns are taken together as far as they are ready and the batch stays short, so that
the next urgent turn does not wait long; no turn waits for a batch to fill.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Generic, TypeVar

from liusheng.asr.types import SAMPLE_RATE
from liusheng.runtime.recognition.cost_model import PAD, BatchKind, CostModel
from liusheng.runtime.recognition.priority import ScheduledStream, TurnPolicy, TurnReason
from liusheng.runtime.recognition.stream_audio import StreamAudio
from liusheng.runtime.workers.faults import is_at_fault

K = TypeVar("K", bound=Hashable)


_WORTH = 1.6
"""How much longer than its first turn alone a batch may take in any case: where decoding mostly
waits for memory (the weights), a slow machine gets most done in large batches."""

_BACKLOG = 5 * SAMPLE_RATE
"""Samples of queued audio above which a stream is taken for an upload faster than real time."""


@dataclass(frozen=True)
class _BatchCost:
    """What is decoded together; see `CostModel.measured`."""

    weights: list[float]
    kind: BatchKind
    live: bool
    repeats: int


class Scheduler(Generic[K]):
    """The streams of a recogniser pool.

    policy: of all streams.
    sticky: a stream's state lives in the worker that took its last turn; others cannot continue it
        cheaply, so it stays there until that worker is lost.
    """

    def __init__(self, policy: TurnPolicy, *, sticky: bool = False) -> None:
        self._policy = policy
        self._sticky = sticky
        self._streams: dict[K, ScheduledStream] = {}
        self._turns = count(1)
        self._costs = CostModel()
        self._batches: dict[int, _BatchCost] = {}  # by worker

    def __len__(self) -> int:
        return len(self._streams)

    def __iter__(self) -> Iterator[K]:
        return iter(self._streams)

    def __contains__(self, key: K) -> bool:
        return key in self._streams

    def add(self, key: K, audio: StreamAudio) -> None:
        """A stream began. Its audio is the caller's, who reports below when it has changed."""
        self._streams[key] = ScheduledStream(audio, turn=next(self._turns))

    def remove(self, key: K) -> int | None:
        """A stream is over or abandoned; return the worker that had it last, if any."""
        stream = self._streams.pop(key, None)
        return stream.worker if stream else None

    def audio_received(self, key: K, now: float) -> bool:
        """Audio came in; return whether the stream is due a turn."""
        return self._streams[key].reconsider(self._policy, now)

    def speech_detected(self, key: K, now: float) -> bool:
        """Speech was detected further; return whether the stream is due a turn."""
        stream = self._streams.get(key)
        return stream is not None and stream.reconsider(self._policy, now)

    def finish(self, key: K, now: float) -> None:
        """No more audio comes; the client waits."""
        stream = self._streams[key]
        stream.finishing = now
        stream.reconsider(self._policy, now)

    def take(self, worker: int, now: float, workers: int = 1) -> list[K]:
        """Return the streams of this worker's next turn, most urgent first; maybe none.

        workers: how many are alive, to spread streams evenly.
        """
        ready = [
            (stream.deadline, stream.turn, key, stream)
            for key, stream in self._streams.items()
            if stream.reason is not None and self._may_run(stream, worker)
        ]
        ready.sort(key=lambda each: each[:2])
        chosen = [(key, stream) for _, _, key, stream in ready]
        if self._sticky:
            chosen = self._spread(chosen, worker, workers)
        taken = self._together(chosen, workers)
        decoded = [stream for _, stream in taken if not stream.needs_no_decode]
        self._batches.pop(worker, None)
        if decoded:
            final = all(stream.reason is not TurnReason.PARTIAL for stream in decoded)
            self._batches[worker] = _BatchCost(
                [stream.weight for stream in decoded],
                BatchKind(final, decoded[0].stepwise),
                live=all(stream.audio.queued < _BACKLOG for stream in decoded),
                repeats=max(math.ceil(stream.faults) for stream in decoded),
            )
        for _, stream in taken:
            stream.worker = worker
            stream.turn = next(self._turns)
            stream.begin()
        return [key for key, _ in taken]

    def call_limit(self, worker: int, seconds: Sequence[float]) -> float:
        """Return the limit of the call with a worker's newest turn (see `hang.call_limit`).

        seconds: of audio sent, for each of its streams.
        """
        batch = self._batches.get(worker)
        kind = batch.kind if batch else BatchKind(final=True, stepwise=False)
        return self._costs.limit(kind, seconds, batch.repeats if batch else 0)

    @property
    def has_waiting(self) -> bool:
        """Whether some stream is due a turn and has none."""
        return any(s.reason is not None and s.running is None for s in self._streams.values())

    def turn(self, key: K) -> int:
        """Return which turn a stream's newest is, for `turn_done` and `turn_lost`."""
        return self._streams[key].turn

    def is_newest(self, key: K, turn: int) -> bool:
        """Return whether a turn counts: its stream is not over, and no later one overtook it."""
        stream = self._streams.get(key)
        return stream is not None and stream.turn == turn

    def batch_done(self, worker: int, seconds: float, now: float) -> None:
        """A worker has done its newest batch, in so many seconds."""
        batch = self._batches.pop(worker, None)
        if batch:
            self._costs.measured(batch.weights, seconds, now, batch.kind, live=batch.live)

    def interval(self, workers: int, now: float) -> float:
        """Return how many seconds would lie between a speaker's partials with a stream more."""
        return self._costs.interval(len(self), self._speaking, workers, now)

    def turn_done(self, key: K, turn: int, now: float, step: int | None = None) -> None:
        """A stream's turn is done, is the newest, and its audio knows what the turn took.

        step: samples of new audio after which the next one is due, where the model says so.
        """
        assert self.is_newest(key, turn)
        stream = self._streams[key]
        stream.running = None
        stream.alone = False
        stream.faults = 0.0
        stream.step = step
        stream.reason = None
        stream.reconsider(self._policy, now)

    def turn_lost(self, key: K, turn: int, now: float, *, weight: float, shared: bool) -> bool:
        """A stream's turn failed. It is due again, in a batch of its own, so that audio which makes
        a worker fail affects no other stream; return False if it is not to be tried again.

        weight: what the failure says against the stream (see `faults.fault_weight`).
        shared: the turn was one of several in its batch, of which any one may be the cause.
        """
        if not self.is_newest(key, turn):
            return True
        stream = self._streams[key]
        stream.faults += weight
        if not shared and is_at_fault(stream.faults):
            return False
        reason = stream.running
        stream.lost()
        stream.reconsider(self._policy, now)
        if stream.reason is None:
            stream.reason, stream.due = reason, now
        return True

    def worker_lost(self, worker: int) -> None:
        """What this worker held is gone: its streams may go anywhere."""
        for stream in self._streams.values():
            if stream.worker == worker:
                stream.worker = None

    def lag(self, now: float) -> float:
        """Return for how many seconds the longest waiting stream has waited for a turn."""
        waiting = (s for s in self._streams.values() if s.reason and s.running is None)
        return max((now - s.waiting_since for s in waiting), default=0.0)

    @property
    def _speaking(self) -> int:
        return sum(stream.speaking for stream in self._streams.values())

    def _together(
        self, chosen: list[tuple[K, ScheduledStream]], workers: int
    ) -> list[tuple[K, ScheduledStream]]:
        """Return which of the ready streams take a turn together, given their order of urgency."""
        if not chosen:
            return []
        first = chosen[0][1]
        if first.alone:
            return chosen[:1]
        free = [each for each in chosen if each[1].needs_no_decode and not each[1].alone]
        if free:
            return free[: self._policy.batch]
        final = first.reason is not TurnReason.PARTIAL
        most = self._policy.step_batch if first.stepwise else self._policy.batch
        if not final and not first.stepwise:
            # A stream alone in its batch would get partials more often than those that share one.
            most = min(most, self._speaking // workers)
        cost = self._costs.cost(BatchKind(final, first.stepwise))
        longest = total = limit = 0.0
        taken: list[tuple[K, ScheduledStream]] = []
        for key, stream in chosen:
            if stream.alone or stream.stepwise != first.stepwise:
                continue
            # Partials do not make what is urgent wait, except where they go step by step with it:
            # then they cost it little, and a batch without them would cost them much.
            if not first.stepwise and (stream.reason is not TurnReason.PARTIAL) != final:
                continue
            longest = max(longest, stream.weight + PAD)
            total += stream.weight + PAD
            expected = cost(longest, total)
            if not taken:
                limit = max(self._policy.max_batch_seconds, _WORTH * expected)
            elif expected > limit or len(taken) >= most:
                break
            taken.append((key, stream))
        return taken

    def _may_run(self, stream: ScheduledStream, worker: int) -> bool:
        if stream.running is not None:
            # A final does not wait for a partial under way elsewhere: its state is as it was
            # before.
            return (
                stream.reason is TurnReason.FINAL
                and stream.running is TurnReason.PARTIAL
                and stream.worker != worker
                and not self._sticky
            )
        return not self._sticky or stream.worker in (None, worker)

    def _spread(
        self, chosen: list[tuple[K, ScheduledStream]], worker: int, workers: int
    ) -> list[tuple[K, ScheduledStream]]:
        """Leave streams that no worker holds yet to one that holds fewer."""
        room = -(-len(self._streams) // workers) - sum(
            1 for stream in self._streams.values() if stream.worker == worker
        )
        kept: list[tuple[K, ScheduledStream]] = []
        for key, stream in chosen:
            if stream.worker is None:
                if room <= 0:
                    continue
                room -= 1
            kept.append((key, stream))
        return kept
