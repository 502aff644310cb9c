"""Who gets the next turn of a recogniser: a pure object, driven with a clock of the caller's.

A stream wants a turn for a reason, and each reason has its patience: earliest deadline first. A
client who waits for a final has none; text in a pause, which is made ready before its endpoint,
has little; a look at growing speech has most, so that under load the interval between two looks at
one speaker grows, evenly, for all, and nobody starves. Turns in which nothing is decoded do not
ride along with expensive ones. Turns are taken together as far as they are ready and a batch stays
short, so that whoever is urgent next does not wait long; nothing waits for a batch to fill.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Generic, TypeVar

from liusheng.asr.types import SpeechActivity
from liusheng.runtime.recognition.cost_model import PAD, CostModel
from liusheng.runtime.recognition.priority import Stream, TurnPolicy, Work

K = TypeVar("K", bound=Hashable)


_WORTH = 1.6
"""By how much company may lengthen a turn in any case: where decoding mostly waits for the weights,
a machine that is slow is best used by many at once."""

_BACKLOG = 5.0
"""Seconds of audio in a turn, above which somebody sends faster than people speak."""


@dataclass(frozen=True)
class _Batch:
    """What was decoded together; see `CostModel.decoded`."""

    weights: list[float]
    careful: bool
    steps: bool
    live: bool


class Scheduler(Generic[K]):
    """The streams of a recogniser pool.

    pace: of all streams.
    sticky: a stream's state lives in the worker that looked at it last; others cannot go on with it
        cheaply, so it stays there until that worker is lost.
    """

    def __init__(self, pace: TurnPolicy, *, sticky: bool = False) -> None:
        self._pace = pace
        self._sticky = sticky
        self._streams: dict[K, Stream] = {}
        self._turns = count(1)
        self._load = CostModel()
        self._batches: dict[int, _Batch] = {}  # by worker

    def __len__(self) -> int:
        return len(self._streams)

    def __iter__(self) -> Iterator[K]:
        return iter(self._streams)

    def __contains__(self, key: K) -> bool:
        return key in self._streams

    def add(self, key: K, step: float | None = None) -> None:
        """A stream began.

        step: of new audio that it wants a turn for, where its model goes along with it.
        """
        self._streams[key] = Stream(turn=next(self._turns), step=step)

    def remove(self, key: K) -> int | None:
        """A stream is over, or nobody waits for it; return the worker that had it last, if any."""
        stream = self._streams.pop(key, None)
        return stream.worker if stream else None

    def heard(self, key: K, seconds: float, now: float) -> bool:
        """So much audio came in; return whether the stream wants a turn."""
        stream = self._streams[key]
        stream.received += seconds
        return stream.reconsider(self._pace, now)

    def noticed(self, key: K, noticed: SpeechActivity, now: float) -> bool:
        """So much is known of where somebody speaks; return whether the stream wants a turn."""
        stream = self._streams.get(key)
        if stream is None:
            return False
        stream.noticed = noticed
        return stream.reconsider(self._pace, now)

    def finish(self, key: K, now: float) -> None:
        """No more audio comes; the client waits."""
        stream = self._streams[key]
        stream.finishing = now
        stream.reconsider(self._pace, now)

    def take(self, worker: int, now: float, workers: int = 1) -> list[K]:
        """Return the streams of this worker's next turn, most urgent first; maybe none.

        workers: how many there are, to spread streams evenly.
        """
        ready = [
            (stream.deadline, stream.turn, key, stream)
            for key, stream in self._streams.items()
            if stream.wants is not None and self._may(stream, worker)
        ]
        ready.sort(key=lambda each: each[:2])
        chosen = [(key, stream) for _, _, key, stream in ready]
        if self._sticky:
            chosen = self._even(chosen, worker, workers)
        taken = self._together(chosen, workers)
        heavy = [stream for _, stream in taken if not stream.light]
        self._batches.pop(worker, None)
        if heavy:
            self._batches[worker] = _Batch(
                [stream.weight for stream in heavy],
                careful=all(stream.wants is not Work.PARTIAL for stream in heavy),
                steps=heavy[0].stepwise,
                live=all(stream.waiting < _BACKLOG for stream in heavy),
            )
        for _, stream in taken:
            stream.running = stream.wants
            stream.worker = worker
            stream.turn = next(self._turns)
            stream.begin(self._pace)
        return [key for key, _ in taken]

    @property
    def waits(self) -> bool:
        """Whether some stream wants a turn and has none."""
        return any(s.wants is not None and s.running is None for s in self._streams.values())

    def turn(self, key: K) -> int:
        """Return which turn a stream's newest is, for `looked` and `again`."""
        return self._streams[key].turn

    def is_newest(self, key: K, turn: int) -> bool:
        """Return whether a turn counts: its stream is not over, and no later one overtook it."""
        stream = self._streams.get(key)
        return stream is not None and stream.turn == turn

    def spent(self, worker: int, seconds: float, now: float) -> None:
        """A worker has done what it was given last, in so many seconds."""
        batch = self._batches.pop(worker, None)
        if batch:
            self._load.decoded(
                batch.weights,
                seconds,
                now,
                careful=batch.careful,
                steps=batch.steps,
                live=batch.live,
            )

    def interval(self, workers: int, now: float) -> float:
        """Return how many seconds would lie between two looks at one speaker with a stream more."""
        return self._load.interval(len(self), self._speaking, workers, now)

    def looked(
        self,
        key: K,
        turn: int,
        seconds: float,
        held: float,
        now: float,
        step: float | None = None,
    ) -> bool:
        """A turn of this stream is done; return whether it counts (see `is_newest`).

        seconds: of audio that it took in.
        held: seconds of audio that the next decode goes over again.
        step: of new audio after which this stream wants the next one, where it says so itself.
        """
        if not self.is_newest(key, turn):
            return False
        stream = self._streams[key]
        stream.running = None
        stream.alone = False
        stream.taken += seconds
        stream.held = held
        stream.step = step
        stream.wants = None
        stream.reconsider(self._pace, now)
        return True

    def again(self, key: K, turn: int, now: float) -> None:
        """A turn of this stream was lost; it wants it again, by itself, so that one stream's bad
        luck is not its neighbours'."""
        if self.is_newest(key, turn):
            stream = self._streams[key]
            lost = stream.running
            stream.running = None
            stream.alone = True
            stream.looked = stream.settled = 0.0
            stream.reconsider(self._pace, now)
            if stream.wants is None:
                stream.wants, stream.due = lost, now

    def worker_lost(self, worker: int) -> None:
        """What this worker held is gone: its streams may go anywhere."""
        for stream in self._streams.values():
            if stream.worker == worker:
                stream.worker = None

    def lag(self, now: float) -> float:
        """Return for how many seconds the longest waiting stream has waited for a turn."""
        return max(
            (
                now - (s.due if s.finishing is None else s.finishing)
                for s in self._streams.values()
                if s.wants is not None and s.running is None
            ),
            default=0.0,
        )

    @property
    def _speaking(self) -> int:
        """In how many streams somebody speaks, or may, where nobody listens."""
        return sum(
            1 for s in self._streams.values() if s.noticed is None or s.noticed.begun is not None
        )

    def _together(self, chosen: list[tuple[K, Stream]], workers: int) -> list[tuple[K, Stream]]:
        """Return who of the ready streams take a turn together, given their order of urgency."""
        if not chosen:
            return []
        light = [each for each in chosen if each[1].light and not each[1].alone]
        first = chosen[0][1]
        if first.alone:
            return chosen[:1]
        if first.light or (light and light[0][1].wants is not Work.CATCH_UP):
            return light[: self._pace.batch]
        careful = first.wants is not Work.PARTIAL
        most = self._pace.steps if first.stepwise else self._pace.batch
        if not careful and not first.stepwise:
            # Whoever is alone in a batch would be looked at more often than those who share one.
            most = min(most, self._speaking // workers)
        cost = self._load.cost(careful, first.stepwise)
        longest = total = limit = 0.0
        taken: list[tuple[K, Stream]] = []
        for key, stream in chosen:
            if stream.alone or stream.light or stream.stepwise != first.stepwise:
                continue
            # Looks do not make what is urgent wait, except where they go step by step with it:
            # then they cost it little, and a batch without them would cost them much.
            if not first.stepwise and (stream.wants is not Work.PARTIAL) != careful:
                continue
            longest = max(longest, stream.weight + PAD)
            total += stream.weight + PAD
            expected = cost(longest, total)
            if not taken:
                limit = max(self._pace.longest, _WORTH * expected)
            elif expected > limit or len(taken) >= most:
                break
            taken.append((key, stream))
        return taken

    def _may(self, stream: Stream, worker: int) -> bool:
        if stream.running is not None:
            # A final does not wait for a look under way elsewhere: its state is as it was before.
            return (
                stream.wants is Work.FINAL
                and stream.running is Work.PARTIAL
                and stream.worker != worker
                and not self._sticky
            )
        return not self._sticky or stream.worker in (None, worker)

    def _even(
        self, chosen: list[tuple[K, Stream]], worker: int, workers: int
    ) -> list[tuple[K, Stream]]:
        """Leave streams that no worker holds yet to one that holds fewer."""
        room = -(-len(self._streams) // workers) - sum(
            1 for stream in self._streams.values() if stream.worker == worker
        )
        kept: list[tuple[K, Stream]] = []
        for key, stream in chosen:
            if stream.worker is None:
                if room <= 0:
                    continue
                room -= 1
            kept.append((key, stream))
        return kept
