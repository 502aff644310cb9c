"""Log lines that a flood must not multiply."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

_SECONDS = 60.0


class RareLog:
    """Logs at most one message of a kind a minute, with how many there were.

    events: what is counted, in the plural: "refusals".
    """

    def __init__(
        self,
        log: logging.Logger,
        level: int,
        events: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._log = log
        self._level = level
        self._events = events
        self._clock = clock
        self._logged_at = -_SECONDS
        self._count = 0

    def write(self, message: str, error: BaseException | None = None) -> None:
        """Log it, if none was logged within a minute.

        error: its traceback is logged, too.
        """
        self._count += 1
        now = self._clock()
        if now - self._logged_at >= _SECONDS:
            since = f" ({self._count} {self._events} since the last such line)"
            more = since if self._count > 1 else ""
            self._log.log(self._level, "%s%s", message, more, exc_info=error)
            self._logged_at, self._count = now, 0
