"""What a job of a size is expected to take, learnt from those that were done."""

from __future__ import annotations

import math

from liusheng.runtime.workers.hang import call_limit

_ENOUGH = 3
_FADING = 0.99


class ExpectedCost:
    """The cost of one kind of job.

    The slowest recent job counts, not the average one: a worker must not be taken for hung because
    of a job that is rarer and harder.
    """

    def __init__(self) -> None:
        self._rate = 0.0
        self._measured = 0

    def measured(self, size: float, seconds: float) -> None:
        """A job was done. size: positive, in any unit; seconds: that it took."""
        self._rate = max(_FADING * self._rate, seconds / size)
        self._measured += 1

    def limit(self, size: float, repeats: int = 0) -> float:
        """Return the limit of a call with such a job (see `call_limit`); infinity while too little
        is known."""
        if self._measured < _ENOUGH:
            return math.inf
        return call_limit(self._rate * size, repeats)
