"""The exit statuses of `liusheng serve` (docs/operation.md); a second signal ends it by itself."""

from __future__ import annotations

from enum import IntEnum


class ExitStatus(IntEnum):
    """What a supervisor can tell an end by; 2 is the command's, for invalid settings.

    STOPPED: by SIGTERM or SIGINT.
    FAILED: the server could not start, or failed.
    STUCK: the event loop did not run for `watchdog.seconds`; EX_SOFTWARE of sysexits.h.
    """

    STOPPED = 0
    FAILED = 1
    STUCK = 70
