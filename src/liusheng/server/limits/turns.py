"""Long work on the event loop that takes turns, whichever connections it is for.

What one connection does in a millisecond, a hundred do in a tenth of a second, and nobody else is
served meanwhile. Work that takes turns takes the loop for about a millisecond in each of its
rounds, however many connections wait for theirs.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_SECONDS = 0.001
_LONG = _SECONDS / 5  # after which others have the rest of the round


class Turns:
    """The turns of one server's event loop, first come, first served."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[float]:
        """Wait for a turn, as a context; yield when it should end, on `time.perf_counter`."""
        async with self._lock:
            began = time.perf_counter()
            yield began + _SECONDS
            if time.perf_counter() - began > _LONG:
                await asyncio.sleep(0)
