"""The audio of a recognition, kept as long as it may have to be sent again."""

from __future__ import annotations

from collections import deque


class KeptAudio:
    """Packets in the order in which they were recorded. Positions are bytes from the start.

    limit: bytes that are kept; those that the server has are dropped to stay below it.
    start, end: what is kept.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._begins: deque[int] = deque()
        self._packets: dict[int, bytes] = {}  # by their begins
        self._acknowledged = 0
        self.end = 0

    @property
    def start(self) -> int:
        """Position of the first byte that is kept."""
        return self._begins[0] if self._begins else self.end

    @property
    def has_room(self) -> bool:
        """Whether another packet may be kept."""
        return self.end - self.start < self._limit

    def append(self, packet: bytes) -> None:
        """Keep a packet."""
        self._begins.append(self.end)
        self._packets[self.end] = packet
        self.end += len(packet)
        self._drop()

    def packet(self, position: int) -> bytes | None:
        """Return the packet that begins at a position; None if there is none yet."""
        return self._packets.get(position)

    def seek(self, position: int) -> bool:
        """Make sure that a packet begins at a position; return whether it is kept."""
        if not self.start <= position <= self.end:
            return False
        if position == self.end or position in self._packets:
            return True
        place = (
            next(i for i, begin in enumerate(self._begins) if begin > position) - 1
            if (self._begins[-1] > position)
            else len(self._begins) - 1
        )
        begin = self._begins[place]
        whole = self._packets[begin]
        self._packets[begin], self._packets[position] = (
            whole[: position - begin],
            whole[position - begin :],
        )
        self._begins.insert(place + 1, position)
        return True

    def acknowledge(self, position: int) -> None:
        """The server has the audio before a position."""
        self._acknowledged = position
        self._drop()

    def release(self, position: int) -> None:
        """The audio before a position is not needed any more; whole packets are dropped."""
        while self._begins and self._end_of_first <= position:
            del self._packets[self._begins.popleft()]

    @property
    def _end_of_first(self) -> int:
        return self._begins[1] if len(self._begins) > 1 else self.end

    def _drop(self) -> None:
        while (
            self._begins
            and self.end - self.start > self._limit
            and self._end_of_first <= self._acknowledged
        ):
            del self._packets[self._begins.popleft()]
