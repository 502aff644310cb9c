"""Pauses between tries."""

from __future__ import annotations

import random
import time

_FIRST = 0.1
_LONGEST = 2.0


class Backoff:
    """Pauses that grow twofold from 0.1 s to 2 s, each shortened by chance by up to a half, so that
    clients that were turned away together do not come back together.

    seconds: since now, after which no pause begins or ends any more.
    """

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds
        self._next = _FIRST

    def pause(self) -> float | None:
        """Return the seconds to wait before the next try; None: give up."""
        pause = self._next * random.uniform(0.5, 1.0)
        self._next = min(2 * self._next, _LONGEST)
        return pause if time.monotonic() + pause < self._until else None
