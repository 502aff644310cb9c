"""How a pull tells what it is doing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum


class Stage(str, Enum):
    """What is being done."""

    WAIT = "wait"
    """Another process is fetching the same model."""
    DOWNLOAD = "download"
    UNPACK = "unpack"
    CONVERT = "convert"
    CHECK = "check"
    DONE = "done"


@dataclass(frozen=True)
class Progress:
    """One report of a pull.

    model: its name in the catalogue.
    item: the package, address or file that is being worked on; "" where there is just one.
    done, total: bytes; total is 0 where it is not known.
    """

    model: str
    stage: Stage
    item: str = ""
    done: int = 0
    total: int = 0


Listener = Callable[[Progress], None]
"""Called often, from the thread that called `Store.pull`; must be quick."""


def silent(_: Progress) -> None:
    """Listen to nothing."""
