"""Whether there is room for another recognition: pure, on the caller's clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from liusheng.runtime.errors import BusyReason
from liusheng.runtime.options import RecognitionServiceOptions


class MeasuredLoad(Protocol):
    """What is measured of the recognitions under way (see `scheduler.Scheduler`)."""

    def __len__(self) -> int: ...
    def lag(self, now: float) -> float: ...
    def backlog_lag(self, now: float) -> float: ...
    def interval(self, workers: float, now: float) -> float: ...


@dataclass(frozen=True)
class Shortage:
    """Why there is no room.

    message: for people.
    least: seconds until it is worth trying again, at least.
    """

    message: str
    reason: BusyReason
    least: float = 0.0


def shortage(
    measured: MeasuredLoad,
    options: RecognitionServiceOptions,
    workers: float,
    now: float,
    *,
    upload: bool,
    stranded: bool,
    leaving: int = 0,
) -> Shortage | None:
    """Return why one recognition more would be too many; None: there is room.

    workers: how many can run at once.
    upload: it is of a whole file.
    stranded: no worker is alive, nor can one be started.
    leaving: recognitions that have given their places to others.
    """
    if stranded:
        return Shortage("no recognition worker can be started", "workers", 30.0)
    streams = len(measured)
    if streams - leaving >= options.max_streams:
        return Shortage(f"{streams} recognitions are under way, which is the limit", "sessions")
    if upload:
        lag = measured.backlog_lag(now)
        if lag > options.max_backlog_lag:
            return Shortage(f"uploads wait {lag:.0f} s for their next part", "uploads", lag)
        return None
    lag = measured.lag(now)
    if lag > options.max_lag:
        message = f"recognition lags {lag:.1f} s behind, over {options.max_lag:g} s"
        return Shortage(message, "lag", lag)
    if measured.interval(workers, now) > options.max_interval:
        message = (
            f"with one more, each of {streams + 1} recognitions would have a partial result less "
            f"often than every {options.max_interval:g} s"
        )
        return Shortage(message, "interval")
    return None
