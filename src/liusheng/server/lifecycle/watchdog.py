"""The event-loop watchdog: ends a process whose event loop does not run, so that a supervisor
restarts it.

Two things watch, because no one of them sees every fault. A thread sees a loop that waits (for a
lock, a pipe, a disk). It cannot run while the loop computes in code that keeps Python's lock, such
as a regular expression; a timer of processor time (ITIMER_PROF) sees that, whose signal
`faulthandler` handles without that lock. Neither counts time in which the whole process was
stopped.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import NoReturn

from liusheng.server.lifecycle.exit_status import ExitStatus

_log = logging.getLogger(__name__)

_LOOKS = 10
"""How often the thread checks within the limit."""

_REPORT_SECONDS = 5.0
"""For writing the stacks: where they go may be what the loop waits for."""

_HAS_TIMER = hasattr(signal, "setitimer")


class Watchdog:
    """Watches an event loop.

    seconds: without a tick of the loop, after which the process is ended.
    ticks: returns how often the loop has ticked.
    end: ends the process.
    """

    def __init__(
        self,
        seconds: float,
        ticks: Callable[[], int],
        end: Callable[[], object] | None = None,
    ) -> None:
        self._seconds = seconds
        self._ticks = ticks
        self._end = end or (lambda: _end_process(seconds))
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        """Watch from now on."""
        if _HAS_TIMER:
            # Chained to the default action of SIGPROF, which ends the process.
            signal.signal(signal.SIGPROF, signal.SIG_DFL)
            faulthandler.register(signal.SIGPROF, file=sys.__stderr__ or 2, chain=True)
            self.rearm()
        self._thread.start()

    def rearm(self) -> None:
        """The loop runs: start the timer of processor time again. For the loop to call."""
        if _HAS_TIMER:
            signal.setitimer(signal.ITIMER_PROF, self._seconds)

    def stop(self) -> None:
        """Watch no more."""
        self._stopped.set()
        self._thread.join()
        if _HAS_TIMER:
            signal.setitimer(signal.ITIMER_PROF, 0)
            faulthandler.unregister(signal.SIGPROF)

    def _watch(self) -> None:
        # Looks are counted and not seconds: after a time in which the process was stopped, the
        # thread has looked once more, and the loop has had no turn yet.
        seen, unchanged = self._ticks(), 0
        while not self._stopped.wait(self._seconds / _LOOKS):
            ticks = self._ticks()
            unchanged = unchanged + 1 if ticks == seen else 0
            seen = ticks
            if unchanged >= _LOOKS:
                self._end()
                return


def _end_process(seconds: float) -> NoReturn:
    reporting = threading.Thread(target=_report, args=(seconds,), daemon=True)
    reporting.start()
    reporting.join(_REPORT_SECONDS)
    os._exit(ExitStatus.STUCK)


def _report(seconds: float) -> None:
    # The stacks first: the stuck thread may hold the lock of the log.
    faulthandler.dump_traceback(sys.__stderr__ or 2)
    _log.critical(
        "The event loop has not run for %g s; the stacks of all threads are above. The process, "
        "and its workers with it, ends with status %d.",
        seconds,
        ExitStatus.STUCK,
    )
