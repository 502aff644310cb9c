"""Who gets the next turn of a recogniser: a pure object, driven with a clock of the caller's.

Finals come first, then whoever was looked at longest ago, so that under load the interval between
two looks at one speaker grows, evenly, for all. Ready streams are taken together up to the batch
size; nothing ever waits for a batch to fill.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


@dataclass
class _Stream:
    waiting: float = 0.0  # seconds of audio not looked at
    due: float | None = None  # since when it wants a turn
    order: int = 0  # of its last turn among all turns; a clock would know ties
    finishing: float | None = None  # since when its client waits for the final
    running: bool = False
    worker: int | None = None
    alone: bool = False
    step: float | None = None  # of new audio that it wants a turn for; None: the schedule's


class LiveSchedule(Generic[K]):
    """The streams of a recogniser pool.

    batch: streams in one turn at most.
    step: seconds of new audio after which a stream wants a turn.
    sticky: a stream's state lives in the worker that looked at it last; others cannot go on with it
        cheaply, so it stays there until that worker is lost.
    """

    def __init__(self, *, batch: int, step: float, sticky: bool = False) -> None:
        self._batch = batch
        self._step = step
        self._sticky = sticky
        self._streams: dict[K, _Stream] = {}
        self._turns = count()

    def __len__(self) -> int:
        return len(self._streams)

    def __iter__(self) -> Iterator[K]:
        return iter(self._streams)

    def __contains__(self, key: K) -> bool:
        return key in self._streams

    def add(self, key: K) -> None:
        """A stream began."""
        self._streams[key] = _Stream(order=next(self._turns))

    def remove(self, key: K) -> int | None:
        """A stream is over, or nobody waits for it; return the worker that had it last, if any."""
        stream = self._streams.pop(key, None)
        return stream.worker if stream else None

    def heard(self, key: K, seconds: float, now: float) -> bool:
        """So much audio came in; return whether the stream wants a turn."""
        stream = self._streams[key]
        stream.waiting += seconds
        if stream.due is None and self._wants(stream):
            stream.due = now
        return stream.due is not None and not stream.running

    def finish(self, key: K, now: float) -> None:
        """No more audio comes; the client waits."""
        stream = self._streams[key]
        stream.finishing = stream.due = now

    def take(self, worker: int, workers: int = 1) -> list[K]:
        """Return the streams of this worker's next turn, most urgent first; maybe none.

        workers: how many there are, to spread sticky streams evenly.
        """
        ready = [
            (key, stream)
            for key, stream in self._streams.items()
            if stream.due is not None and not stream.running and self._may(stream, worker)
        ]
        finals = [(stream.finishing, key) for key, stream in ready if stream.finishing is not None]
        chosen = [key for _, key in sorted(finals, key=lambda each: each[0])]
        # A final does not wait for partials in its batch, except where they go step by step with
        # it: then they cost it little, and going alone would cost all the others much.
        if not finals or self._streams[chosen[0]].step is not None:
            partials = [each for each in ready if each[1].finishing is None]
            chosen += [key for key, _ in sorted(partials, key=lambda each: each[1].order)]
        if chosen and self._streams[chosen[0]].alone:
            chosen = chosen[:1]
        else:
            chosen = [key for key in chosen if not self._streams[key].alone]
        if self._sticky:
            chosen = self._even(chosen, worker, workers)
        del chosen[self._batch :]
        for key in chosen:
            stream = self._streams[key]
            stream.running = True
            stream.worker = worker
            stream.order = next(self._turns)
        return chosen

    def looked(self, key: K, seconds: float, now: float, step: float | None = None) -> None:
        """A turn of this stream is done, and took in so much of its audio.

        step: of new audio after which this stream wants the next one, where it says so itself.
        """
        stream = self._streams.get(key)
        if stream is None:
            return
        stream.running = False
        stream.alone = False
        stream.waiting = max(0.0, stream.waiting - seconds)
        stream.step = step
        wants = stream.finishing is not None or self._wants(stream)
        stream.due = now if wants else None

    def again(self, key: K, now: float) -> None:
        """A turn of this stream was lost; it wants it again, by itself, so that one stream's bad
        luck is not its neighbours'."""
        stream = self._streams.get(key)
        if stream is not None:
            stream.running = False
            stream.alone = True
            stream.due = now

    def worker_lost(self, worker: int) -> None:
        """What this worker held is gone: its streams may go anywhere."""
        for stream in self._streams.values():
            if stream.worker == worker:
                stream.worker = None

    def lag(self, now: float) -> float:
        """Return for how many seconds the longest waiting stream has waited for a turn."""
        waiting = (s.due for s in self._streams.values() if s.due is not None and not s.running)
        return max((now - due for due in waiting), default=0.0)

    def _wants(self, stream: _Stream) -> bool:
        # Sums of seconds are a little off; what is short of a sample is enough.
        return stream.waiting > (self._step if stream.step is None else stream.step) - 1e-5

    def _may(self, stream: _Stream, worker: int) -> bool:
        return not self._sticky or stream.worker in (None, worker)

    def _even(self, chosen: list[K], worker: int, workers: int) -> list[K]:
        """Leave streams that no worker holds yet to one that holds fewer."""
        room = -(-len(self._streams) // workers) - sum(
            1 for stream in self._streams.values() if stream.worker == worker
        )
        kept: list[K] = []
        for key in chosen:
            if self._streams[key].worker is None:
                if room <= 0:
                    continue
                room -= 1
            kept.append(key)
        return kept
