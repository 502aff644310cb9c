"""Audio that came faster than it was spoken: what counts as that, and what time it gets.

Whole files, and what a live stream is ahead of real time, are *backlog*. Live turns go before it,
and one worker of several is left to them while somebody speaks, so that an upload does not make a
speaker wait for more than the end of a short turn. Where live turns leave nothing, backlog gets
`LEAST_SHARE` of the workers' time all the same, so that every upload ends.
"""

from __future__ import annotations

LEAST_SHARE = 0.1
"""Share of the workers' time that backlog gets, in any case, while it waits."""

MOST_CREDIT = 2.0
"""Seconds of its share that backlog may save up."""

_AHEAD = 5.0
"""Seconds that a stream's decoded audio may be ahead of real time, until the rest is backlog."""

_BANK = 30.0
"""Seconds of pauses that a client may make up for: its network stalled."""

_SHORT = 1.0
"""Seconds from a stream's beginning in which it shows no pace."""


class RealTime:
    """How far a stream's audio is ahead of real time."""

    def __init__(self, *, stalled: bool = False) -> None:
        """stalled: it is continued after its connection broke, and makes up for that first."""
        self._credit = _BANK if stalled else 0.0
        self._began: float | None = None
        self._pace = 1.0

    def received(self, seconds: float, now: float) -> None:
        """Audio came in. seconds: of the stream so far."""
        began = now - self._credit if self._began is None else self._began
        self._began = max(began, now - seconds - _BANK)
        self._pace = max(1.0, seconds / max(now - self._began, _SHORT))

    @property
    def pace(self) -> float:
        """How many times as fast as it is spoken the audio has come so far; at least 1."""
        return self._pace

    def live_from(self, position: float) -> float:
        """Return when the audio at this position (seconds) is no longer backlog."""
        return (self._began or 0.0) + position - _AHEAD


class BacklogShare:
    """The time that backlog gets where live turns leave none."""

    def __init__(self) -> None:
        self._credit = 0.0
        self._at: float | None = None

    def pass_time(self, now: float, workers: int, *, waits: bool) -> None:
        """Time went by. waits: there is backlog that no worker has."""
        passed = 0.0 if self._at is None else now - self._at
        self._at = now
        if waits:
            self._credit = min(MOST_CREDIT, self._credit + LEAST_SHARE * workers * passed)

    def spend(self, seconds: float) -> None:
        """A worker took so long for a batch of backlog, in its share or in time to spare."""
        self._credit = max(-MOST_CREDIT, self._credit - seconds)

    def allows(self, seconds: float) -> bool:
        """Return whether a batch that takes so long may go before live turns."""
        return self._credit >= min(seconds, MOST_CREDIT)
