"""Whether a call to a worker process hangs: by the time in which the process could have worked.

A call has a limit from the expected cost of its job (`call_limit`). It is held against the worker's
own time, not against the clock: where other programs have the cores, the machine is suspended or
the server itself does not run, nothing is said about the worker. A worker that wants to run is
charged the processor time that it got; one in which every thread sleeps, or which was stopped, is
charged the time that passed. One that is *still* for long, without a moment in which it used a core
or wanted one, cannot end: a third of the limit is enough for it (`still_limit`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psutil

LOOK_SECONDS = 0.25
"""Seconds between two samples of a worker that works on a call."""

_LEAST_LIMIT = 2.0
_LIMIT_FACTOR = 5.0
_FIRST_CALLS = 3
_FIRST_LIMIT = 10.0
_STILL_SHARE = 1 / 3

_PROC = Path("/proc")


def call_limit(expected: float, repeats: int = 0) -> float:
    """Return how many seconds of a worker's own time a call may take.

    expected: seconds that its job is expected to take.
    repeats: how often a worker was lost on this job before; each doubles the limit, in case the
        expectation is wrong.
    """
    return float(max(_LEAST_LIMIT, _LIMIT_FACTOR * expected) * 2.0**repeats)


def limit_of_call(limit: float, calls: int) -> float:
    """Return the limit for a process that has answered so many calls: in its first ones it still
    loads what it needs."""
    return limit if calls >= _FIRST_CALLS else max(limit, _FIRST_LIMIT)


def still_limit(limit: float) -> float:
    """Return how many seconds a process may be still in a call with this limit; in its first calls,
    too: what it loads takes a core or a disk."""
    return _STILL_SHARE * limit


@dataclass(frozen=True)
class Activity:
    """What a process does.

    processor_seconds: that it has used since it began.
    wants_to_run: a thread of it is running, waits for a core or waits for a disk.
    """

    processor_seconds: float
    wants_to_run: bool


class Observed(Protocol):
    """A process that can be looked at."""

    def activity(self) -> Activity | None:
        """Return what it does; None where that cannot be known."""


class ObservedProcess:
    """A process of this machine."""

    def __init__(self, pid: int) -> None:
        self._pid = pid

    def activity(self) -> Activity | None:
        """Return what it does; None when it has ended."""
        try:
            process = psutil.Process(self._pid)
            times = process.cpu_times()
            return Activity(times.user + times.system, self._wants_to_run(process))
        except psutil.Error:
            return None

    def _wants_to_run(self, process: psutil.Process) -> bool:
        states = _thread_states(self._pid)
        if states:
            return bool(states & {"R", "D"})
        return process.status() in (psutil.STATUS_RUNNING, psutil.STATUS_DISK_SLEEP)


def _thread_states(pid: int) -> set[str]:
    """Return the states of a process's threads (proc(5)); nothing where there is no /proc, or the
    process has ended."""
    try:
        threads = list((_PROC / str(pid) / "task").iterdir())
    except OSError:
        return set()
    states = set()
    for thread in threads:
        try:
            # The name, in parentheses, may have any character in it.
            states.add((thread / "stat").read_text().rpartition(")")[2].split()[0])
        except OSError:  # the thread has ended
            continue
    return states


class CallTime:
    """The time that a worker had for a call so far.

    charged: seconds of its own time.
    still: seconds for which it has neither used a core nor wanted one, until the newest look.
    """

    def __init__(self, process: Observed, now: float) -> None:
        self._process = process
        self._looked = now
        activity = process.activity()
        self._used = activity.processor_seconds if activity else 0.0
        self.charged = 0.0
        self.still = 0.0

    def look(self, now: float) -> None:
        """Charge the time since the last look. now: seconds, monotonic."""
        # What is longer than planned is time in which this process did not run: nor, perhaps, did
        # the worker.
        passed = min(now - self._looked, 2 * LOOK_SECONDS)
        self._looked = now
        activity = self._process.activity()
        if activity is None:
            return
        used, self._used = activity.processor_seconds - self._used, activity.processor_seconds
        self.charged += min(passed, max(used, 0.0)) if activity.wants_to_run else passed
        # A late look finds still what has ended, and whose response was not read yet.
        moved = activity.wants_to_run or used > 0.0
        self.still = 0.0 if moved else self.still + min(passed, LOOK_SECONDS)
