"""When a worker counts as hung, on simulated processes and on a real one."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liusheng.runtime.workers import hang
from liusheng.runtime.workers.hang import (
    LOOK_SECONDS,
    Activity,
    CallTime,
    ObservedProcess,
    call_limit,
    limit_of_call,
    still_limit,
)


@dataclass
class Simulated:
    """A process that gets a share of a core while it wants to run; None: it has ended."""

    share: float | None = 1.0
    wants_to_run: bool = True
    used: float = 5.0

    def activity(self) -> Activity | None:
        return None if self.share is None else Activity(self.used, self.wants_to_run)

    def run(self, seconds: float) -> None:
        if self.wants_to_run and self.share:
            self.used += self.share * seconds


def observed(process: Simulated, seconds: float, look: float = LOOK_SECONDS) -> CallTime:
    spent, now = CallTime(process, 100.0), 100.0
    while now < 100.0 + seconds - 1e-9:
        now += look
        process.run(look)
        spent.look(now)
    return spent


def charged(process: Simulated, seconds: float, look: float = LOOK_SECONDS) -> float:
    return observed(process, seconds, look).charged


def still(process: Simulated, seconds: float, look: float = LOOK_SECONDS) -> float:
    return observed(process, seconds, look).still


def test_a_worker_is_charged_for_the_time_that_it_had() -> None:
    assert charged(Simulated(1.0), 8.0) == pytest.approx(8.0)
    assert charged(Simulated(0.1), 8.0) == pytest.approx(0.8), "others have the cores"
    assert charged(Simulated(0.0), 8.0) == 0.0
    assert charged(Simulated(4.0), 8.0) == pytest.approx(8.0), "four threads"


def test_one_in_which_every_thread_sleeps_is_charged_for_all_of_it() -> None:
    assert charged(Simulated(wants_to_run=False), 8.0) == pytest.approx(8.0)


def test_one_that_does_nothing_is_still() -> None:
    assert still(Simulated(wants_to_run=False), 8.0) == pytest.approx(8.0)
    assert still(Simulated(1.0), 8.0) == 0.0
    assert still(Simulated(0.0), 8.0) == 0.0, "it waits for a core"


def test_what_computes_between_two_looks_is_not_still() -> None:
    process = Simulated(wants_to_run=False)
    spent = CallTime(process, 0.0)
    for at in range(1, 20):
        process.used += 0.01
        spent.look(at * LOOK_SECONDS)
    assert spent.still == 0.0
    spent.look(20 * LOOK_SECONDS)
    assert spent.still == pytest.approx(LOOK_SECONDS)


def test_a_late_look_counts_once() -> None:
    """The server did not run: the worker may have ended its call long ago."""
    assert still(Simulated(wants_to_run=False), 120.0, look=60.0) == 2 * LOOK_SECONDS


def test_what_has_ended_is_charged_nothing() -> None:
    assert charged(Simulated(None), 8.0) == 0.0


def test_a_gap_between_looks_says_nothing_of_the_worker() -> None:
    """The machine was suspended, or the server did not run."""
    assert charged(Simulated(wants_to_run=False), 600.0, look=60.0) == 10 * 2 * LOOK_SECONDS


@given(
    st.lists(
        st.tuples(st.floats(0.01, 5.0), st.floats(0.0, 2.0), st.booleans()), min_size=1, max_size=20
    )
)
def test_no_more_is_charged_than_has_passed(looks: list[tuple[float, float, bool]]) -> None:
    process = Simulated()
    spent, now = CallTime(process, 0.0), 0.0
    for seconds, share, process.wants_to_run in looks:
        process.share = share
        process.run(seconds)
        before = spent.charged
        spent.look(now := now + seconds)
        assert 0.0 <= spent.charged - before <= min(seconds, 2 * LOOK_SECONDS) + 1e-9
        if process.wants_to_run:
            assert spent.charged - before <= share * seconds + 1e-9


def test_limits_follow_from_what_is_expected() -> None:
    assert call_limit(0.01) == 2.0
    assert call_limit(3.0) == 15.0
    assert call_limit(3.0, repeats=1) == 30.0
    assert limit_of_call(2.0, 0) == 10.0, "a new process loads what it needs in its first calls"
    assert limit_of_call(2.0, 10) == 2.0
    assert limit_of_call(50.0, 0) == 50.0
    assert still_limit(call_limit(0.01)) == pytest.approx(2.0 / 3)
    assert still_limit(call_limit(3.0)) == pytest.approx(5.0)


def test_a_real_process() -> None:
    activity = ObservedProcess(os.getpid()).activity()
    assert activity
    assert activity.wants_to_run, "it runs this test"
    assert activity.processor_seconds > 0
    assert ObservedProcess(2**22 + 1).activity() is None


def test_without_proc_the_state_of_the_process_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hang, "_thread_states", lambda pid: set())
    activity = ObservedProcess(os.getpid()).activity()
    assert activity
    assert activity.wants_to_run


@pytest.mark.parametrize(
    ("owner", "name"),
    [(psutil.Process, "cpu_times"), (Path, "iterdir"), (Path, "read_text")],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.parametrize("ends_before", [True, False])
def test_a_process_may_end_while_it_is_looked_at(
    monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, ends_before: bool
) -> None:
    with subprocess.Popen(["sleep", "60"]) as child:
        original: Callable[..., Any] = getattr(owner, name)

        def look(*args: Any, **options: Any) -> Any:
            if ends_before:
                child.kill()
                child.wait()
            found = original(*args, **options)
            child.kill()
            child.wait()
            return found

        monkeypatch.setattr(owner, name, look)
        activity = ObservedProcess(child.pid).activity()
        monkeypatch.undo()
        assert child.returncode is not None, "it was looked at in this way"
        assert not (ends_before and activity and activity.wants_to_run)
