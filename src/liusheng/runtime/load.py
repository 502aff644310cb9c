"""What turns cost on this machine, and what one more speaker would do to the others."""

from __future__ import annotations

import math

_PAD = 2.0
"""Seconds that a decode costs as if they were in its window, however short it is."""
_FIRST_RATE = 0.03
"""Seconds of computing for a second in the window, until something is measured."""
_NEWEST = 0.1
"""Share of the newest measurement in an average."""
_MEMORY = 10.0
"""Seconds after which what was spent counts for a third."""


class Load:
    """Averages over the turns of a pool of workers."""

    def __init__(self) -> None:
        self._rates = {True: _FIRST_RATE, False: _FIRST_RATE}
        self._look = 0.0
        self._spent = 0.0
        self._at = 0.0

    def cost(self, weight: float, *, careful: bool) -> float:
        """Return how many seconds of a worker a stream's turn is expected to take.

        weight: seconds of audio to go over.
        careful: with a final's care.
        """
        return self._rates[careful] * (weight + _PAD)

    def decoded(
        self, weights: list[float], seconds: float, now: float, *, careful: bool, live: bool
    ) -> None:
        """A batch was decoded.

        weights: of its streams; see `cost`.
        seconds: that it took.
        live: it was not the backlog of somebody who sends faster than people speak, which takes
            what is left over.
        """
        weight = sum(weights) + _PAD * len(weights)
        self._rates[careful] += _NEWEST * (seconds / weight - self._rates[careful])
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
