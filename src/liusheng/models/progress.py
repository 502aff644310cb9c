"""How a pull reports its progress."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum


class Stage(str, Enum):
    """What a pull is doing."""

    WAIT = "wait"
    """Another process is pulling the same model."""
    COPY = "copy"
    """Somebody else has it: a shared folder, or another machine of the cluster."""
    DOWNLOAD = "download"
    UNPACK = "unpack"
    CONVERT = "convert"
    CHECK = "check"
    DONE = "done"


@dataclass(frozen=True)
class Progress:
    """One report of a pull.

    model: its name in the catalogue.
    item: the package, address or file in work; "" where there is only one.
    done, total: bytes; total is 0 where it is not known.
    """

    model: str
    stage: Stage
    item: str = ""
    done: int = 0
    total: int = 0


ProgressCallback = Callable[[Progress], None]
"""Called often, from the thread that called `Store.pull`; must return quickly."""


def ignore_progress(_: Progress) -> None:
    """A callback that does nothing."""
