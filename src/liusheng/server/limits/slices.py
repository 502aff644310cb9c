"""Input that is parsed in small slices, so that no client keeps the event loop for itself.

A network read brings up to 256 KB. Of the smallest frames these are 40,000, which take the parser
half a second; of one large frame they take it a tenth of a millisecond.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from liusheng.server.limits.pace import SLICE_SECONDS, Pace
from liusheng.server.limits.turns import Turns, Waiting

# The smallest frames, and chunks of a body, take the parser up to 2 us for each byte, and they may
# follow on what was fast.
_MIN_PIECE, _MAX_PIECE = 512, 2 * 1024


class SlicedInput:
    """The bytes of a connection that are received and not parsed yet.

    turns: of the connection.
    feed: parses a piece.
    ready: returns whether more may be parsed now. When that changes, call `work`.
    worked: called whenever more or less is held, to account for it.
    abort: ends the connection: what it sent cannot be parsed.
    size: bytes.
    """

    def __init__(
        self,
        turns: Turns,
        feed: Callable[[bytes], None],
        ready: Callable[[], bool],
        worked: Callable[[], None],
        abort: Callable[[], None],
    ) -> None:
        self._turns = turns
        self._feed = feed
        self._ready = ready
        self._worked = worked
        self._abort = abort
        self._close: Callable[[], None] | None = None  # when nothing waits any more
        self._chunks: deque[memoryview] = deque()
        self._pace = Pace(_MIN_PIECE, _MAX_PIECE, _MAX_PIECE)
        self._waiting: Waiting | None = None
        self._working = False
        self.size = 0

    def put(self, data: bytes) -> None:
        """Add what was received, and parse a slice, now or later."""
        self.size += len(data)
        if self._chunks and len(self._chunks[-1]) + len(data) <= _MAX_PIECE:
            # An object for each of the smallest reads would take far more memory than is counted.
            data = b"".join((self._chunks.pop(), data))
        self._chunks.append(memoryview(data))
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
        self._abort, self._close = lambda: None, None
        if self._waiting:
            self._waiting.cancel()

    @property
    def waits(self) -> bool:
        """Whether there is something to parse that has not had its turn."""
        return bool(self._waiting)

    def work(self) -> None:
        """Parse a slice if there is time in this round of the loop; the rest in later ones."""
        if self._working:
            return
        if self._chunks and self._ready() and not self._waiting and self._turns.may_work():
            self._parse(self._turns.until)
        self._wait()
        self._worked()
        self._wait()  # there may be room now
        if self._close and not self._waiting:
            self._close()

    def end(self, transport: asyncio.Transport) -> bool:
        """The end of the connection was received: parse what waits for its turn, and close the
        connection then, as the loop does without this. Return whether to keep it open until then.
        """
        if not self._waiting:
            return False
        if transport.get_extra_info("ssl_object") is None:
            self._close = transport.close
            return True
        # TLS is closed in any case, and this is a turn.
        self._waiting.cancel()
        self._parse(self._turns.clock() + SLICE_SECONDS)
        self.work()
        return False

    def _wait(self) -> None:
        if self._chunks and self._ready() and not self._waiting:
            self._waiting = self._turns.wait(self._resume)

    def _resume(self) -> None:
        self._parse(self._turns.until)
        self.work()

    def _parse(self, until: float) -> None:
        """Parse until then, and one piece in any case."""
        self._working = True
        try:
            now = began = self._turns.clock()
            while self._chunks and self._ready() and (now == began or now < until):
                before = now
                self._feed(self._take())
                now = self._turns.clock()
                self._pace.took(now - before)
        except BaseException:
            self._abort()
            raise
        finally:
            self._working = False

    def _take(self) -> bytes:
        first, piece = self._chunks[0], self._pace.piece
        if len(first) <= piece:
            self._chunks.popleft()
        else:
            self._chunks[0] = first[piece:]
            first = first[:piece]
        self.size -= len(first)
        return bytes(first)
