"""The event-loop watchdog: in this process with a fake end, and in processes that it does end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from liusheng.server.lifecycle import watchdog
from liusheng.server.lifecycle.exit_status import ExitStatus
from liusheng.server.lifecycle.watchdog import Watchdog


def test_a_loop_that_stops_ticking_is_ended_and_one_that_ticks_is_not() -> None:
    ended = threading.Event()
    ticks = 0
    made = Watchdog(0.2, lambda: ticks, ended.set)
    made.start()
    for _ in range(40):
        ticks += 1
        time.sleep(0.01)
    assert not ended.is_set()
    assert ended.wait(60)
    made.stop()


def test_it_can_be_stopped() -> None:
    ended = threading.Event()
    made = Watchdog(30, lambda: 0, ended.set)
    made.start()
    made.rearm()
    made.stop()
    assert not ended.is_set()


PROGRAM = """
import asyncio, re, sys, time
from liusheng.server.lifecycle.sd_notify import SystemdNotifier
from liusheng.server.lifecycle.serving import monitored_loop

async def main():
    with monitored_loop({seconds}, SystemdNotifier({{}})):
        await asyncio.sleep(0.3)
        print("now", flush=True)
        {what}

asyncio.run(main())
"""


def start(what: str, seconds: float = 1.5) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(what=what, seconds=seconds)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
def test_a_loop_that_waits_is_ended_with_its_stacks_in_the_log() -> None:
    _, log = (process := start("time.sleep(120)")).communicate(timeout=100)
    assert process.returncode == ExitStatus.STUCK
    assert "in main" in log
    assert "has not run for 1.5 s" in log


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGPROF"), reason="no timers of processor time")
def test_a_loop_that_never_gives_up_pythons_lock_is_ended_too() -> None:
    # It takes hours, and no other thread runs.
    _, log = (process := start("re.match('(a*)*b', 'a' * 40)")).communicate(timeout=100)
    assert process.returncode == -signal.SIGPROF
    assert "in main" in log


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="no such signal")
def test_a_process_that_was_stopped_for_longer_goes_on() -> None:
    # On a busy machine, the loop may have no turn for a second or two.
    process = start("await asyncio.sleep(0.5); print('after', flush=True)", seconds=8)
    assert process.stdout is not None
    assert process.stdout.readline() == "now\n"
    os.kill(process.pid, signal.SIGSTOP)
    time.sleep(10)
    os.kill(process.pid, signal.SIGCONT)
    out, log = process.communicate(timeout=100)
    assert (process.returncode, out, log) == (0, "after\n", "")


def test_where_there_is_no_timer_its_thread_watches_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "_HAS_TIMER", False)
    handler = signal.getsignal(signal.SIGPROF)
    ended = threading.Event()
    made = Watchdog(0.02, lambda: 0, ended.set)
    made.start()
    made.rearm()
    assert ended.wait(60)
    made.stop()
    assert signal.getsignal(signal.SIGPROF) == handler
