"""What batches cost on this machine, and what one more speaker would do to the others."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from liusheng.runtime.load import FadingSum, Slowdown
from liusheng.runtime.workers.hang import call_limit

PAD = 2.0
"""Seconds that a decode costs as if they were in its window, however short it is."""
_FIRST = (0.012, 0.016)
"""Seconds of computing for a second of the longest window and of all windows, until measured."""
_TRUST = 20.0
"""How much the first guess counts, in squared seconds of windows."""
_FADING = 0.98
"""What a measurement counts for after the next one."""
_NEWEST = 0.1
"""Share of the newest measurement in an average."""
_WORST_FADING = 0.99
"""The same for how much longer than expected a batch took."""
_ENOUGH = 3
"""Measurements of a kind without which nothing is said of how long a batch may take at most."""
_MEMORY = 10.0
"""Seconds after which the time that finals took counts for a third."""


class BatchKind(NamedTuple):
    """What kinds of batches differ in cost.

    final: decoded with a final's care.
    stepwise: of a model that decodes its streams step by step, not windows.
    """

    final: bool
    stepwise: bool


class CostModel:
    """Averages over the batches of a pool of workers."""

    def __init__(self) -> None:
        self._costs: dict[BatchKind, _Cost] = {}
        self._partial = 0.0
        self._finals = FadingSum(_MEMORY)  # and what was prepared for nothing
        self._slowdown = Slowdown()

    def cost(self, kind: BatchKind) -> Callable[[float, float], float]:
        """Return how many seconds a worker is expected to take for a batch, given the seconds of
        audio to decode in the longest of its windows, and in all of them, each with `PAD`.
        """
        for_longest, for_each = self._costs.get(kind, _Cost()).solved()
        return lambda longest, together: for_longest * longest + for_each * together

    def limit(self, kind: BatchKind, weights: Sequence[float], repeats: int) -> float:
        """Return the limit of a call (see `hang.call_limit`) with a batch; infinity while too
        little is known.

        weights: seconds of audio to decode, for each of its streams.
        repeats: workers that were lost on it before.
        """
        cost = self._costs.get(kind)
        return cost.limit(weights, repeats) if cost else math.inf

    def measured(
        self,
        weights: Sequence[float],
        seconds: float,
        now: float,
        kind: BatchKind,
        *,
        live: bool,
        busy: float | None = None,
        pace: float = 1.0,
    ) -> None:
        """A batch was decoded.

        weights: seconds of audio to decode, for each of its streams.
        seconds: that it took.
        busy: seconds for which the worker was busy with it (see `liusheng.runtime.load`); None: all
            of them.
        live: it is no backlog (see `liusheng.runtime.recognition.backlog`), which gets the time
            that is left over.
        pace: how many times as fast as it is spoken its audio came. Clients that send as fast as
            they are answered use whatever time there is: they leave room for others.
        """
        busy = seconds if busy is None else busy
        # What other programs take must not make batches long: they take it from long ones too.
        self._costs.setdefault(kind, _Cost()).measured(weights, busy)
        self._slowdown.measured(seconds, busy, now)
        if not live:
            return
        if kind.final:
            self._finals.add(busy / pace, now)
        else:
            each = busy / len(weights)
            self._partial += (_NEWEST if self._partial else 1.0) * (each - self._partial)

    def dropped(self, busy: float, pace: float, now: float) -> None:
        """What a worker prepared was not decoded. busy, pace: see `measured`."""
        self._finals.add(busy / pace, now)

    def interval(self, streams: int, speaking: int, workers: float, now: float) -> float:
        """Return how many seconds would lie between two partials of one speaker with a stream more.

        The new stream is assumed to be like the others: finals and decodes in pauses cost what
        they did recently, and the partials of all open utterances share the rest.
        """
        if not streams:
            return 0.0
        grown = (streams + 1) / streams
        left = workers / self._slowdown.factor(now) - grown * self._finals.rate(now)
        return speaking * grown * self._partial / left if left > 0 else math.inf

    def tested(self, weights: Sequence[float], seconds: float, kind: BatchKind) -> None:
        """A batch took so long when nothing else was done."""
        self._costs.setdefault(kind, _Cost()).measured(weights, seconds)
        if not kind.final:
            each = seconds / len(weights)
            self._partial = min(self._partial, each) if self._partial else each

    def crowding(self, now: float) -> float:
        """Return how much longer batches take on the clock than their workers are busy, lately."""
        return self._slowdown.lately(now)

    @property
    def partial(self) -> float:
        """Seconds for which a worker is busy with a stream's partial; 0 while nothing is known."""
        return self._partial


class _Cost:
    """What a batch takes, by its longest window and by all of them together.

    Encoders go through each window; a decoder's steps, in which it mostly waits for its weights,
    are as many as the longest window needs, however many windows share them. Least squares over the
    newest measurements, with a first guess that counts as long as there are few.
    """

    def __init__(self) -> None:
        self._moments = [0.0] * 5
        self._count = 0
        self._worst = 1.0

    def limit(self, weights: Sequence[float], repeats: int) -> float:
        """Return the limit of a call; infinity while too little is known."""
        if self._count < _ENOUGH:
            return math.inf
        return call_limit(self._worst * self._expected(weights), repeats)

    def _expected(self, weights: Sequence[float]) -> float:
        for_longest, for_each = self.solved()
        x, z = _sizes(weights)
        return for_longest * x + for_each * z

    def measured(self, weights: Sequence[float], seconds: float) -> None:
        """A batch took so many seconds."""
        if self._count >= _ENOUGH:
            # Some audio takes longer than most of the same length does.
            self._worst = max(1.0, _WORST_FADING * self._worst, seconds / self._expected(weights))
        self._count += 1
        x, z = _sizes(weights)
        terms = (x * x, x * z, z * z, x * seconds, z * seconds)
        self._moments = [_FADING * m + t for m, t in zip(self._moments, terms, strict=True)]

    def solved(self) -> tuple[float, float]:
        """Return the seconds for a second of the longest window, and of all windows together."""
        xx, xz, zz, xy, zy = self._moments
        xx, zz = xx + _TRUST, zz + _TRUST
        xy, zy = xy + _TRUST * _FIRST[0], zy + _TRUST * _FIRST[1]
        determinant = xx * zz - xz * xz
        a, b = (xy * zz - zy * xz) / determinant, (zy * xx - xy * xz) / determinant
        if a < 0:
            return 0.0, zy / zz
        if b < 0:
            return xy / xx, 0.0
        return a, b


def _sizes(weights: Sequence[float]) -> tuple[float, float]:
    """Return the seconds of the longest window of a batch and of all of them, with what they
    cost besides."""
    return max(weights) + PAD, sum(weights) + PAD * len(weights)
