"""Which worker may take a stream's turn: streams stay where their state is, and spread evenly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from typing import TypeVar

from liusheng.asr.types import SAMPLE_RATE
from liusheng.runtime.recognition.priority import ScheduledStream, TurnReason

K = TypeVar("K", bound=Hashable)

_CHEAP = SAMPLE_RATE
"""Samples of audio that are decoded again where a stream moves to a worker with fewer of them."""

_PATIENCE = 1.0
"""Seconds for which a stream waits for a worker that holds fewer, while another one is free."""


def may_run(
    stream: ScheduledStream, worker: int, held: Counter[int | None], *, sticky: bool
) -> bool:
    """Return whether a worker may take the turn that a stream is due.

    held: how many streams each worker has.
    sticky: the state of a stream lives in its worker (see `scheduler.Scheduler`).
    """
    if stream.running is None and stream.overtaken is not None:
        return False  # its final was lost, and the partial beside it may be the second loss
    if stream.running is not None:
        # A final does not wait for a partial under way elsewhere: its state is as it was
        # before. But of a stream that has cost a worker, no two turns cost two more.
        return (
            stream.reason is TurnReason.FINAL
            and stream.running is TurnReason.PARTIAL
            and not stream.faults
            and stream.worker != worker
            and not sticky
        )
    return (
        not sticky
        or stream.worker in (None, worker)
        # One was lost, and those that took its streams over have more than its successor.
        or (stream.rebuilt_samples <= _CHEAP and held[stream.worker] > held[worker] + 1)
    )


def spread(
    ready: Sequence[tuple[K, ScheduledStream]], worker: int, room: int, now: float
) -> list[tuple[K, ScheduledStream]]:
    """Leave streams that this worker does not hold to one that holds fewer, while it is not too
    busy to take them.

    room: how many more streams than it holds are its even share.
    """
    kept: list[tuple[K, ScheduledStream]] = []
    for key, stream in ready:
        if stream.worker != worker:
            if room <= 0 and now - stream.waiting_since < _PATIENCE:
                continue
            room -= 1
        kept.append((key, stream))
    return kept
