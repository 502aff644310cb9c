"""Waiting for something, but not for ever.

`asyncio.wait_for` loses a cancellation that arrives in the same tick as the result on Python before
3.12 (https://github.com/python/cpython/issues/86296); in a loop that never ends but by
cancellation, that is a loop that never ends.
"""

from __future__ import annotations

import asyncio


async def at_most(event: asyncio.Event, seconds: float) -> bool:
    """Wait until `event` is set, for so many seconds at most; return whether it is."""
    if not event.is_set():
        waiting = asyncio.ensure_future(event.wait())
        try:
            await asyncio.wait({waiting}, timeout=seconds)
        finally:
            waiting.cancel()
    return event.is_set()
