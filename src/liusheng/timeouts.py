"""Waiting with a limit of time.

Not `asyncio.wait_for`: before Python 3.12 it loses a cancellation that comes in the moment in which
what it waits for has ended (https://github.com/python/cpython/issues/86296). What ends only by
cancellation would then never end. Ruff does not let it in. On Python 3.10 `timeout` still takes a
cancellation in the very moment in which the time is up for its own; `wait_for_event` does not.
"""

from __future__ import annotations

import asyncio
import sys

if sys.version_info >= (3, 11):
    from asyncio import timeout
else:
    from async_timeout import timeout

__all__ = ["timeout", "wait_for_event"]


async def wait_for_event(event: asyncio.Event, seconds: float | None) -> bool:
    """Wait until `event` is set, for at most `seconds`; return whether it is set.

    seconds: None: there is no limit.
    """
    if not event.is_set():
        # A cancellation that comes with the end of the time counts on Python 3.10, too.
        waiting = asyncio.ensure_future(event.wait())
        try:
            await asyncio.wait({waiting}, timeout=seconds)
        finally:
            waiting.cancel()
    return event.is_set()
