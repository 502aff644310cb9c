"""How much is done at a time, so that no client keeps the event loop for itself."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable

SLICE_SECONDS = 0.001
"""After which others have their turn."""


class Pace:
    """The size of pieces of which none takes long, found as they are worked on.

    least, most: bytes.
    piece: bytes of the next one.
    """

    def __init__(self, least: int, most: int, piece: int) -> None:
        self._least, self._most = least, most
        self.piece = piece

    def took(self, seconds: float) -> None:
        """Say how long a piece took: the next one is half as large after a slow one, or twice."""
        self.piece = (
            max(self._least, self.piece // 2)
            if seconds > SLICE_SECONDS / 2
            else min(self._most, self.piece * 2)
        )


class SharedTurns:
    """The time that many connections have together in each turn of an event loop.

    Who comes when it is over waits in a queue, and goes on in one of the next turns.

    clock: returns seconds.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._loop = loop
        self.clock = clock
        self._until: float | None = None  # of this turn, if anybody has worked in it
        self._waiting: deque[Callable[[], None]] = deque()

    def may_work(self) -> bool:
        """Return whether there is time left in this turn, and nobody waits for it."""
        if self._waiting:
            return False
        if self._until is None:
            self._begin()
            return True
        return self.clock() < self._until

    def wait(self, work: Callable[[], None]) -> None:
        """Call `work` when it is its turn."""
        self._waiting.append(work)

    def _begin(self) -> None:
        self._until = self.clock() + SLICE_SECONDS
        self._loop.call_soon(self._next)

    def _next(self) -> None:
        self._until = None
        while self._waiting:
            if self._until is None:
                self._begin()
            elif self.clock() >= self._until:
                break
            self._waiting.popleft()()
