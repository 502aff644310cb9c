"""What a service raises."""

from __future__ import annotations

from typing import Literal

BusyReason = Literal[
    "workers", "sessions", "lag", "interval", "uploads", "playback", "queue", "decoders"
]
"""What is full: no worker is alive, the number of sessions, the wait for a turn, the interval
between partials, the wait of uploads, the audio that listeners have ahead, the queue of those that
wait for a place, the number of files that are decoded at once."""


class LoggableError(Exception):
    """An error whose message is complete and quotes nothing that a client sent: a log may have
    it (see `liusheng.runtime.failures`)."""


class BusyError(LoggableError):
    """There is no room for another session; the message says what is full.

    reason: the same for programs.
    retry_after: seconds until there is expected to be room.
    """

    def __init__(
        self, message: str, reason: BusyReason = "sessions", retry_after: float = 5.0
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.retry_after = retry_after


class GaveWayError(LoggableError):
    """A session that did not use its place lost it to another one: a recognition without audio, or
    a speech whose audio nobody reads."""

    def __init__(self) -> None:
        super().__init__("all places were taken, and this session did not use its own")


class TextStoppedError(GaveWayError):
    """A speech lost its place to another one because its text did not go on."""
