"""A queue that many clients share, in which those who want little come first: pure.

Start-time fair queueing (Goyal, Vin and Cheng, "Start-time Fair Queuing", IEEE/ACM Transactions on
Networking 5(5), 1997), with seconds of work in place of bytes. A client's next item starts when its
last one ended in virtual time, but not before now. That time goes on with each client's share of
the work, too: otherwise clients who come only once could hold up the others for ever.
What an item will take is not known: of those that start together, the one whose client's last one
took less comes first.
"""

from __future__ import annotations

import heapq
from collections import deque
from itertools import count
from typing import Generic, TypeVar

_MOST_SECONDS = 0.1
"""That an item counts for: it may have taken longer because this process did not run."""

_MANY_LINES = 64
"""Of which those that no longer matter are looked for."""

T = TypeVar("T")


class FairQueue(Generic[T]):
    """Items that wait, each of a client, which is any hashable object."""

    def __init__(self) -> None:
        self._now = 0.0  # in virtual time
        self._lines: dict[object, _Line[T]] = {}
        self._heads: list[tuple[float, int, _Line[T]]] = []  # a heap: of each line that waits
        self._order = count()
        self._taken: _Line[T] | None = None
        self._many = _MANY_LINES
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def put(self, client: object, item: T) -> None:
        """Add an item to the end of a client's line."""
        line = self._lines.get(client)
        if line is None:
            if len(self._lines) >= self._many:
                self._tidy()
            line = self._lines[client] = _Line()
        line.items.append(item)
        self._size += 1
        if len(line.items) == 1 and line is not self._taken:
            line.start = max(self._now, line.end)
            self._line_up(line)

    def take(self) -> T:
        """Return the next item. Say how long it took (`took`) before the one after it is taken.

        Raises:
            IndexError: there is none.
        """
        _, _, line = heapq.heappop(self._heads)
        self._now = max(self._now, line.start)
        self._size -= 1
        self._taken = line
        return line.items.popleft()

    def took(self, seconds: float) -> None:
        """Say how long the item that was taken last has taken."""
        line, self._taken = self._taken, None
        assert line is not None
        line.cost = min(seconds, _MOST_SECONDS)
        line.end = line.start + line.cost
        self._now += line.cost / (len(self._heads) + 1)
        if line.items:
            line.start = line.end
            self._line_up(line)

    def forget(self) -> None:
        """Forget what each client has had; nothing waits."""
        assert not self._size
        self._lines.clear()
        self._now = 0.0

    def _line_up(self, line: _Line[T]) -> None:
        heapq.heappush(self._heads, (line.start + line.cost, next(self._order), line))

    def _tidy(self) -> None:
        """Forget the clients whose next item would start now, as that of one who is not known."""
        self._lines = {
            client: line
            for client, line in self._lines.items()
            if line.items or line is self._taken or line.end > self._now
        }
        self._many = max(_MANY_LINES, 2 * len(self._lines))


class _Line(Generic[T]):
    """What waits of a client.

    start, end: of its first item, and of the last one that it had, in virtual time.
    cost: seconds that this took.
    """

    def __init__(self) -> None:
        self.items: deque[T] = deque()
        self.start = self.end = self.cost = 0.0
