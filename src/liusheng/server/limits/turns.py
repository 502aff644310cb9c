"""Long work on the event loop that takes turns, whichever connections it is for.

What one connection does in a millisecond, a hundred do in a tenth of a second, and nobody else is
served meanwhile. Work that takes turns takes about a millisecond of a round of the loop, however
many connections wait for theirs, and goes round by client: one with many connections holds up those
of others no more than one with a single connection.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_SECONDS = 0.001


class Turns:
    """The turns of one server's event loop."""

    def __init__(self) -> None:
        self._waiting: dict[object, deque[asyncio.Future[None]]] = {}  # by client, the next first
        self._taken = False
        self._used = 0.0  # seconds of this round, possibly with some of rounds before

    @asynccontextmanager
    async def turn(self, client: object) -> AsyncIterator[float]:
        """Wait for a turn, as a context; yield when it should end, on `time.perf_counter`.

        client: whose work it is.
        """
        if self._taken:
            await self._wait(client)
        self._taken = True
        began = time.perf_counter()
        try:
            yield began + _SECONDS - self._used
        finally:
            self._used += time.perf_counter() - began
            if self._used >= _SECONDS and not self._waiting:
                try:
                    await asyncio.sleep(0)
                finally:
                    self._used = 0.0
                    self._pass_on()
            else:
                self._pass_on()

    async def _wait(self, client: object) -> None:
        given = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(client, deque()).append(given)
        try:
            await given
        except asyncio.CancelledError:
            if not given.cancelled():
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        """Give the turn to the next client, in the next round of the loop."""
        while self._waiting:
            client = next(iter(self._waiting))
            queue = self._waiting.pop(client)
            given = queue.popleft()
            if queue:
                self._waiting[client] = queue
            if not given.done():
                given.set_result(None)
                self._used = 0.0
                return
        self._taken = False
