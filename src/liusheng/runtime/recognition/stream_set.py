"""The streams of a recogniser pool, and what there is to ask about them: a pure object."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

from liusheng.runtime.recognition.priority import ScheduledStream, TurnReason

K = TypeVar("K", bound=Hashable)

_PRESENT = 3.0
"""Seconds since its last audio for which a live stream counts as one that somebody speaks in."""


class ScheduledStreams(Generic[K]):
    """Streams by the keys that their owner knows them by."""

    def __init__(self) -> None:
        self._streams: dict[K, ScheduledStream] = {}

    def __len__(self) -> int:
        return len(self._streams)

    def __iter__(self) -> Iterator[K]:
        return iter(self._streams)

    def __contains__(self, key: K) -> bool:
        return key in self._streams

    @property
    def has_waiting(self) -> bool:
        """Whether some stream is due a turn that a worker may take."""
        return any(s.reason is not None and s.running is None for s in self._streams.values())

    def is_backlog(self, key: K, now: float) -> bool:
        """Whether what a stream's turn takes came faster than it was spoken."""
        return self._streams[key].is_backlog(now)

    def has_spare_time(self, key: K, now: float) -> bool:
        """Whether a stream's turn may take longer: no other stream waits, or, while this one
        decodes backlog, no live one."""
        backlog = self.is_backlog(key, now)
        return not any(
            stream.waits and not (backlog and stream.is_backlog(now))
            for other, stream in self._streams.items()
            if other != key
        )

    def decodes_pause(self, key: K) -> bool:
        """Whether a stream's turn under way is that of a pause: nobody waits for its text yet."""
        stream = self._streams[key]
        awaited = stream.reason in (TurnReason.ENDPOINT, TurnReason.FINAL)
        return stream.running is TurnReason.PAUSE and not awaited

    def is_held(self, key: K, turn: int) -> bool:
        """Whether a turn is prepared, and wanted."""
        stream = self._streams.get(key)
        return stream is not None and stream.prepared and stream.turn == turn

    def turn(self, key: K) -> int:
        """Return which turn a stream's newest is, for `turn_done` and `turn_lost`."""
        return self._streams[key].turn

    def is_newest(self, key: K, turn: int) -> bool:
        """Return whether a turn counts: its stream is not over, and no later one overtook it."""
        stream = self._streams.get(key)
        return stream is not None and stream.turn == turn

    @property
    def waiting(self) -> int:
        """How many streams are due a turn that no worker decodes."""
        return sum(stream.waits for stream in self._streams.values())

    def lag(self, now: float) -> float:
        """Return for how many seconds the longest waiting live stream has waited for a turn."""
        return self._longest_wait(now, backlog=False)

    def waiting_since(self, key: K) -> float:
        """Return since when a stream waits, or waited, for its newest turn."""
        return self._streams[key].waiting_since

    def backlog_lag(self, now: float) -> float:
        """Return for how many seconds the longest waiting backlog has waited for a turn."""
        return self._longest_wait(now, backlog=True)

    def _longest_wait(self, now: float, *, backlog: bool) -> float:
        waiting = (
            stream
            for stream in self._streams.values()
            if stream.waits and stream.is_backlog(now) is backlog
        )
        return max((now - stream.waiting_since for stream in waiting), default=0.0)

    def _speaking(self, now: float) -> int:
        return sum(
            stream.speaking and not stream.is_backlog(now) for stream in self._streams.values()
        )

    def _somebody_speaks(self, now: float) -> bool:
        """Whether audio comes in that is no backlog."""
        return any(
            stream.last_audio is not None
            and now - stream.last_audio < _PRESENT
            and not stream.is_backlog(now)
            for stream in self._streams.values()
        )
