"""Pauses between attempts."""

from __future__ import annotations

import random
import time

_FIRST = 0.1
_MAX = 2.0


class Backoff:
    """Pauses that double from 0.1 s to 2 s, each shortened at random by up to a half, so that
    clients that were refused together do not return together.

    seconds: from now on; no pause ends later.
    """

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds
        self._next = _FIRST

    def pause(self) -> float | None:
        """Return the seconds to wait before the next attempt; None: there is none."""
        pause = self._next * random.uniform(0.5, 1.0)
        self._next = min(2 * self._next, _MAX)
        return pause if time.monotonic() + pause < self._until else None
