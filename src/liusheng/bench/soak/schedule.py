"""The faults of a soak, and when each is made."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum


class FaultKind(Enum):
    """A fault; the values name it in reports."""

    KILL_WORKER = "worker killed (SIGKILL)"
    STOP_WORKER = "worker stopped (SIGSTOP)"
    KILL_FORKER = "process that forks decoders killed"
    RELOAD = "settings reloaded (SIGHUP)"
    RESET_CLIENTS = "clients cut (RST)"
    SILENT_CLIENTS = "clients that say nothing"
    BROKEN_FILES = "broken files"
    HOSTILE_FILES = "hostile files"
    PING_FLOOD = "ping flood"
    UNREAD_REPLIES = "clients that do not read"
    UNFINISHED = "unfinished messages"
    HALF_OPEN = "half-open requests"


OF_PROCESSES = (
    FaultKind.KILL_WORKER,
    FaultKind.STOP_WORKER,
    FaultKind.KILL_FORKER,
    FaultKind.RELOAD,
)
"""Faults of the server's own processes, which must be on this machine."""


@dataclass(frozen=True)
class Fault:
    """A fault to make.

    at: seconds from the start of the soak.
    seed: of what is random in it.
    """

    at: float
    kind: FaultKind
    seed: int


def schedule(
    kinds: Sequence[FaultKind], seconds: float, interval: float, seed: int
) -> Iterator[Fault]:
    """Yield the faults of a soak, in order.

    They take turns in one shuffled order, so that each kind is made equally often, and two faults
    of one kind are as far apart as can be: a piece of audio on which a worker hangs twice ends its
    own session, and that must not come from the schedule.

    interval: seconds between two faults, on average.
    """
    chance = random.Random(f"faults {seed}")
    at = interval
    for kind in itertools.cycle(chance.sample(list(kinds), len(kinds))):
        if at >= seconds:
            return
        yield Fault(at, kind, chance.getrandbits(32))
        at += interval * chance.uniform(0.5, 1.5)
