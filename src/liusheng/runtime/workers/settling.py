"""A process that has loaded what it needs for long: how it gives memory back, and keeps the garbage
collector from going through all of it again and again."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import sys
from pathlib import Path

_COMM = Path("/proc/self/comm")


def settle() -> None:
    """Give back the memory that loading took, and keep what is loaded out of garbage collection.

    A model's file, parsed and converted, is several times as large as the model. The allocator
    keeps what was freed (see `process.MALLOC_VARIABLES`); here nearly all of it was needed once.
    The collector would go through the dictionaries in each of its rounds, which held up the event
    loop of a server by 0.1 s, and, in a fork, write to every page of them.
    """
    gc.collect()
    gc.freeze()
    give_back()


def give_back() -> None:
    """Give the memory back that the allocator keeps between objects in use.

    What a worker needs for a job differs from job to job, and remains of each stay between those of
    the next: over hours its heap becomes several times as large as any job needs.
    """
    if sys.platform == "linux":
        with contextlib.suppress(AttributeError):  # another C library than glibc
            ctypes.CDLL(None).malloc_trim(0)


def name_process(name: str) -> None:
    """Set the name that `ps`, `top` and `liusheng bench memory` show of this process."""
    with contextlib.suppress(OSError):  # not Linux
        _COMM.write_text(name, encoding="ascii")
