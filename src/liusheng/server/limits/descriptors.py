"""File descriptors: as many as the system allows, and a reserve for what must go on.

The system gives each new connection the lowest free descriptor, which says how many are in use
(`ConnectionTable.in_use`). Near the limit new connections are refused, while there still are
descriptors to accept them with, for workers that are started again, and for files.
"""

from __future__ import annotations

import logging
import sys

_log = logging.getLogger(__name__)

_RESERVE = 32
_PER_WORKER = 4  # a socket pair, and pipes while it is started
_PER_SESSION = 2  # its connection, and a file or a worker of its own


def raise_limit() -> int:
    """Allow this process as many descriptors as it may have; return how many that is."""
    if sys.platform == "win32":
        return 1 << 20
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    infinite = resource.RLIM_INFINITY
    wanted = min(1 << 20, hard if hard != infinite else 1 << 20)
    if soft != infinite and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError) as error:
            # macOS allows less than it says.
            _log.debug("cannot raise the limit of open files to %d: %s", wanted, error)
        else:
            return wanted
    return 1 << 20 if soft == infinite else soft


def last_for_connections(limit: int, workers: int) -> int:
    """Return the highest descriptor that a connection may have.

    limit: how many descriptors there are.
    workers: how many processes may have to be started again.
    """
    return limit - 1 - min(_RESERVE + _PER_WORKER * workers, limit // 3)


def shortage(limit: int, workers: int, sessions: int) -> str:
    """Return a warning if there are too few descriptors for so many sessions; else ""."""
    needed = _RESERVE + _PER_WORKER * workers + _PER_SESSION * sessions
    if limit >= needed:
        return ""
    return (
        f"This process may open {limit} files, too few for limits.max_sessions: {needed} are "
        "needed. Newcomers will be refused before that limit is reached. Raise the limit "
        f"(ulimit -n {needed}, or LimitNOFILE={needed} in a systemd unit), or lower "
        "limits.max_sessions."
    )
