"""Waiting with a timeout.

`asyncio.wait_for` loses a cancellation that arrives in the same tick as the result on Python before
3.12 (https://github.com/python/cpython/issues/86296). A loop that ends only by cancellation would
then never end.
"""

from __future__ import annotations

import asyncio


async def wait_for_event(event: asyncio.Event, timeout: float | None) -> bool:
    """Wait until `event` is set, for at most `timeout` seconds; return whether it is set.

    timeout: None: there is no limit.
    """
    if not event.is_set():
        waiting = asyncio.ensure_future(event.wait())
        try:
            await asyncio.wait({waiting}, timeout=timeout)
        finally:
            waiting.cancel()
    return event.is_set()
