"""Memory that goes back to the system after a flood.

The allocator keeps what was freed, in pieces, and objects that refer to each other are freed by the
garbage collector only, which a server that allocates little runs rarely. So a server that has held
two gigabytes for a minute keeps them for days.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import logging
import sys
from collections.abc import Callable
from pathlib import Path

_log = logging.getLogger(__name__)

_PERIOD = 10.0  # seconds
_WORTH = 32 << 20  # bytes that are worth an attempt
_LARGE = 256 << 10  # bytes of a block that is returned by itself
_M_MMAP_THRESHOLD = -3  # of mallopt(3)
_STATM = Path("/proc/self/statm")


class ReclaimPolicy:
    """When to give memory back. A pure object.

    Memory is given back when there is `_WORTH` more than after the last time, apart from what is
    held for clients, and it does not grow any more: during a flood it would be taken again at once.
    """

    def __init__(self, resident: int) -> None:
        self._base = resident
        self._last = resident

    def due(self, resident: int, held: int) -> bool:
        """Return whether to give memory back now.

        resident: bytes of the process in memory.
        held: bytes of them that are in use for clients.
        """
        grows = resident > self._last
        self._last = resident
        return not grows and resident - held > self._base + _WORTH

    def done(self, resident: int, held: int) -> None:
        """Memory was given back; so much is left."""
        self._last = resident
        self._base = max(0, resident - held)


def separate_large_blocks() -> None:
    """Have glibc return each large block to the system as soon as it is freed.

    By itself it takes larger and larger ones from its heap, where a growing message leaves holes.
    """
    if libc := _glibc():
        libc.mallopt(_M_MMAP_THRESHOLD, _LARGE)


async def reclaim(held: Callable[[], int]) -> None:
    """Give memory back from time to time, until cancelled.

    held: returns the bytes in use for clients.
    """
    libc = _glibc()
    if libc is None:
        return
    policy = ReclaimPolicy(resident())
    while True:
        await asyncio.sleep(_PERIOD)
        before = resident()
        if policy.due(before, held()):
            gc.collect()
            # Outside Python's lock: the event loop goes on.
            await asyncio.to_thread(libc.malloc_trim, 0)
            after = resident()
            policy.done(after, held())
            _log.info("gave back %d MB of memory", (before - after) >> 20)


def resident() -> int:
    """Return the bytes of this process that are in memory; Linux only."""
    pages = int(_STATM.read_text(encoding="ascii").split()[1])
    return pages * _page_size()


def _page_size() -> int:
    import resource

    return resource.getpagesize()


def _glibc() -> ctypes.CDLL | None:
    """Return the C library if it is glibc."""
    if sys.platform != "linux":
        return None
    try:
        libc = ctypes.CDLL(None)
        return libc if libc.gnu_get_libc_version else None
    except (AttributeError, OSError):
        return None
