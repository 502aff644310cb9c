"""Whose audio is made next, with a simulated clock."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from liusheng.runtime.speech_schedule import SpeechSchedule


def test_first_blocks_come_first_and_the_longest_waiting_of_them() -> None:
    s: SpeechSchedule[str] = SpeechSchedule(1)
    s.add("old", 0.0)
    assert s.take(0, 0.0) == "old"
    s.made("old", 0.1, 0.1)
    s.add("second", 0.2)
    s.add("third", 0.3)
    assert [s.take(0, 1.0) for _ in range(4)] == ["second", "third", "old", None]


def test_then_whoever_would_run_dry_soonest() -> None:
    s: SpeechSchedule[str] = SpeechSchedule(1)
    for key, seconds in (("rich", 9.0), ("poor", 0.5)):
        s.add(key, 0.0)
        s.take(0, 0.0)
        s.made(key, seconds, 0.0)
    assert s.take(0, 0.1) == "poor"


def test_speeches_are_spread_and_stay() -> None:
    s: SpeechSchedule[str] = SpeechSchedule(2)
    s.add("a", 0.0)
    s.add("b", 0.0)
    assert (s.take(0, 0.0), s.take(1, 0.0)) == ("a", "b")
    assert s.held_by(1) == ["b"]
    assert s.remove("b") == 1
    assert s.remove("b") is None
    s.add("c", 0.0)
    assert s.take(0, 1.0) is None
    assert s.take(1, 1.0) == "c"


def test_whoever_is_far_ahead_rests() -> None:
    s: SpeechSchedule[str] = SpeechSchedule(1)
    s.add("a", 0.0)
    s.rest("a", True)
    assert s.take(0, 0.0) is None
    s.rest("a", False)
    assert s.take(0, 0.0) == "a"
    s.again("a")
    assert s.take(0, 0.0) == "a"


@given(st.integers(1, 12), st.integers(1, 3))
def test_listeners_at_real_time_never_run_dry_when_there_is_capacity(
    speeches: int, workers: int
) -> None:
    """A block of 0.3 s costs 0.02 s: 15 listeners a worker at most."""
    s: SpeechSchedule[int] = SpeechSchedule(workers)
    made = dict.fromkeys(range(speeches), 0.0)
    first: dict[int, float] = {}
    for key in made:
        s.add(key, 0.0)
    now = 0.0
    while now < 5.0:
        now += 0.02
        for worker in range(workers):
            key = s.take(worker, now)
            if key is not None:
                s.made(key, 0.3, now)
                made[key] += 0.3
                first.setdefault(key, now)
        for key, start in first.items():
            s.rest(key, made[key] - (now - start) > 1.5)
            assert made[key] >= now - start
    assert len(first) == speeches
    assert max(first.values()) <= 0.02 * (-(-speeches // workers)) + 1e-6
