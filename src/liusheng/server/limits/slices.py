"""Input that is parsed in small slices, so that no client keeps the event loop for itself.

A network read brings up to 256 KB. Of the smallest frames these are 40,000, which take the parser
half a second; of one large frame they take it a tenth of a millisecond.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from liusheng.server.limits.pace import SLICE_SECONDS, Pace

_MIN_PIECE, _MAX_PIECE = 512, 64 * 1024


class SlicedInput:
    """The bytes of a connection that are received and not parsed yet.

    feed: parses a piece.
    ready: returns whether more may be parsed now. When that changes, call `work`.
    worked: called after each slice, to account for what is held now.
    size: bytes.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        feed: Callable[[bytes], None],
        ready: Callable[[], bool],
        worked: Callable[[], None],
    ) -> None:
        self._loop = loop
        self._feed = feed
        self._ready = ready
        self._worked = worked
        self._chunks: deque[memoryview] = deque()
        self._pace = Pace(_MIN_PIECE, _MAX_PIECE, _MIN_PIECE * 8)
        self._next: asyncio.Handle | None = None
        self._working = False
        self.size = 0

    def put(self, data: bytes) -> None:
        """Add what was received, and parse a slice."""
        self._chunks.append(memoryview(data))
        self.size += len(data)
        if self._next is None:
            self.work()

    def take_all(self) -> bytes:
        """Return what was not parsed, and forget it."""
        rest = b"".join(self._chunks)
        self.drop()
        return rest

    def drop(self) -> None:
        """Forget what was not parsed."""
        self._chunks.clear()
        self.size = 0

    def close(self) -> None:
        """Forget what was not parsed, and who would have parsed it: nothing more comes."""
        self.drop()
        self._feed, self._ready, self._worked = lambda _: None, lambda: False, lambda: None

    def work(self) -> None:
        """Parse for about a millisecond; the rest after others had their turn."""
        if self._working:
            return
        if self._next is not None:
            self._next.cancel()
            self._next = None
        self._working = True
        try:
            now = self._loop.time()
            until = now + SLICE_SECONDS
            while self._chunks and self._ready() and now < until:
                before = now
                self._feed(self._take())
                now = self._loop.time()
                self._pace.took(now - before)
        finally:
            self._working = False
        self._worked()
        if self._chunks and self._next is None and self._ready():
            self._next = self._loop.call_soon(self._resume)

    def _resume(self) -> None:
        self._next = None
        self.work()

    def _take(self) -> bytes:
        first, piece = self._chunks[0], self._pace.piece
        if len(first) <= piece:
            self._chunks.popleft()
        else:
            self._chunks[0] = first[piece:]
            first = first[:piece]
        self.size -= len(first)
        return bytes(first)
