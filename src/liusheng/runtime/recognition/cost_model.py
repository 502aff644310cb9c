"""What turns cost on this machine, and what one more speaker would do to the others."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

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
_EITHER = (True, False)
_MEMORY = 10.0
"""Seconds after which what was spent counts for a third."""


class CostModel:
    """Averages over the turns of a pool of workers."""

    def __init__(self) -> None:
        self._costs = {(careful, steps): _Cost() for careful in _EITHER for steps in _EITHER}
        self._look = 0.0
        self._spent = 0.0
        self._at = 0.0

    def cost(self, careful: bool, steps: bool) -> Callable[[float, float], float]:
        """Return how many seconds a worker is expected to take for a batch, given the seconds of
        audio to go over in the longest of its windows, and in all of them, each with `PAD`.

        careful: with a final's care.
        steps: of a model that goes along with its streams step by step, not windows.
        """
        for_longest, for_each = self._costs[careful, steps].solved()
        return lambda longest, together: for_longest * longest + for_each * together

    def decoded(
        self,
        weights: Sequence[float],
        seconds: float,
        now: float,
        *,
        careful: bool,
        steps: bool,
        live: bool,
    ) -> None:
        """A batch was decoded.

        weights: seconds of audio to go over, for each of its streams.
        seconds: that it took.
        careful, steps: see `cost`.
        live: it was not the backlog of somebody who sends faster than people speak, which takes
            what is left over.
        """
        self._costs[careful, steps].measured(weights, seconds)
        if not live:
            return
        if careful:
            self._spent = self._faded(now) + seconds
            self._at = now
        else:
            each = seconds / len(weights)
            self._look += (_NEWEST if self._look else 1.0) * (each - self._look)

    def interval(self, streams: int, speaking: int, workers: int, now: float) -> float:
        """Return how many seconds would lie between two looks at one speaker with a stream more.

        It is taken to be like the streams that there are: finals and what is made ready in pauses
        cost what they did of late, and the looks of all who speak share the rest.
        """
        if not streams:
            return 0.0
        grown = (streams + 1) / streams
        left = workers - grown * self._faded(now) / _MEMORY
        return speaking * grown * self._look / left if left > 0 else math.inf

    def _faded(self, now: float) -> float:
        return self._spent * math.exp((self._at - now) / _MEMORY)


class _Cost:
    """What a batch takes, by its longest window and by all of them together.

    Encoders go through each window; a decoder's steps, in which it mostly waits for its weights,
    are as many as the longest window needs, whoever shares them. Least squares over the newest
    measurements, which leans on a first guess as long as they tell little.
    """

    def __init__(self) -> None:
        self._moments = [0.0] * 5

    def measured(self, weights: Sequence[float], seconds: float) -> None:
        """A batch took so many seconds."""
        x, z = max(weights) + PAD, sum(weights) + PAD * len(weights)
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
