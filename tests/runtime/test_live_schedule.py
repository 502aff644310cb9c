"""Who gets the next turn, with a simulated clock and engine."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liusheng.runtime.live_schedule import LiveSchedule


def schedule(*keys: str, sticky: bool = False, batch: int = 4) -> LiveSchedule[str]:
    made: LiveSchedule[str] = LiveSchedule(batch=batch, step=0.5, sticky=sticky)
    for key in keys:
        made.add(key)
    return made


def test_a_stream_wants_a_turn_when_a_step_of_audio_is_there() -> None:
    s = schedule("a")
    assert not s.heard("a", 0.4, 1.0)
    assert s.take(0) == []
    assert s.heard("a", 0.1, 1.1)
    assert s.take(0) == ["a"]
    assert s.take(1) == [], "a stream has one turn at a time"
    s.looked("a", 0.5, 1.2)
    assert s.take(0) == []


def test_a_stream_may_say_itself_when_it_wants_the_next() -> None:
    s = schedule("a")
    s.heard("a", 0.5, 1.0)
    s.take(0)
    s.looked("a", 0.5, 1.1, step=0.2)
    assert not s.heard("a", 0.1, 1.2)
    assert s.heard("a", 0.1, 1.3)
    s.take(0)
    s.looked("a", 0.2, 1.4)
    assert not s.heard("a", 0.4, 1.5), "from then on the schedule's step counts again"


def test_finals_come_first_and_by_themselves() -> None:
    s = schedule("a", "b", "c", "d")
    for key in "abcd":
        s.heard(key, 1.0, 1.0)
    s.finish("d", 1.2)
    s.finish("c", 1.1)
    assert s.take(0) == ["c", "d"]
    assert s.take(1) == ["a", "b"]


def test_finals_take_along_partials_that_go_step_by_step() -> None:
    s = schedule("a", "b", "c", batch=2)
    for key in "abc":
        s.heard(key, 0.5, 1.0)
        s.take(0)
    for key in "abc":
        s.looked(key, 0.5, 1.1, step=0.3)
        s.heard(key, 0.4, 1.2)
    s.finish("c", 1.3)
    assert s.take(0) == ["c", "a"]
    assert s.take(1) == ["b"]


def test_the_stalest_comes_first() -> None:
    s = schedule("a", "b", "c", batch=1)
    for now in (1.0, 2.0, 3.0):
        for key in "abc":
            s.heard(key, 1.0, now)
        (key,) = s.take(0)
        s.looked(key, 1.0, now + 0.5)
        assert key == "abc"[int(now) - 1]


def test_a_backlog_goes_on_at_once() -> None:
    s = schedule("a")
    s.heard("a", 10.0, 1.0)
    s.take(0)
    s.looked("a", 4.0, 2.0)
    assert s.take(0) == ["a"]


def test_audio_that_comes_during_a_turn_is_not_forgotten() -> None:
    s = schedule("a")
    s.heard("a", 0.5, 1.0)
    s.take(0)
    assert not s.heard("a", 0.6, 1.1), "nobody needs to be woken for it now"
    s.looked("a", 0.5, 1.2)
    assert s.take(0) == ["a"]


def test_a_vanished_client_gets_no_turn() -> None:
    s = schedule("a", "b")
    s.heard("a", 1.0, 1.0)
    assert s.remove("a") is None
    assert s.take(0) == []
    s.looked("a", 1.0, 2.0)
    s.again("a", 2.0)
    assert "a" not in s
    assert len(s) == 1


def test_a_lost_turn_is_taken_again_alone() -> None:
    s = schedule("a", "b", "c")
    for key in "abc":
        s.heard(key, 1.0, 1.0)
    assert len(s.take(0)) == 3
    for key in "abc":
        s.again(key, 2.0)
    assert [s.take(0) for _ in range(3)] == [["a"], ["b"], ["c"]]


def test_sticky_streams_stay_with_their_worker_and_are_spread() -> None:
    s = schedule("a", "b", "c", "d", sticky=True)
    for key in "abcd":
        s.heard(key, 1.0, 1.0)
    first, second = s.take(0, 2), s.take(1, 2)
    assert sorted(first + second) == ["a", "b", "c", "d"]
    assert len(first) == len(second) == 2
    for key in "abcd":
        s.looked(key, 1.0, 2.0)
        s.heard(key, 1.0, 2.0)
    assert s.take(1, 2) == second
    s.worker_lost(0)
    assert s.take(1, 2) == [], "its share is full"
    assert s.take(0, 2) == first


def test_lag_is_the_longest_wait() -> None:
    s = schedule("a", "b")
    assert s.lag(9.0) == 0.0
    s.heard("a", 1.0, 1.0)
    s.heard("b", 1.0, 4.0)
    assert s.lag(9.0) == pytest.approx(8.0)


@given(
    streams=st.integers(1, 40),
    batch=st.integers(1, 16),
    workers=st.integers(1, 4),
    cost=st.floats(0.01, 1.0),
    sticky=st.booleans(),
)
def test_under_any_load_speakers_are_looked_at_evenly(
    streams: int, batch: int, workers: int, cost: float, sticky: bool
) -> None:
    """Speakers who all talk all the time, and an engine for which a turn costs `cost` seconds."""
    s: LiveSchedule[int] = LiveSchedule(batch=batch, step=0.5, sticky=sticky)
    heard = dict.fromkeys(range(streams), 0.0)
    looks: dict[int, list[float]] = {key: [] for key in heard}
    for key in heard:
        s.add(key)
    busy: list[tuple[float, list[int]] | None] = [None] * workers
    now, tick, end = 0.0, 0.1, 30.0
    while now < end:
        now += tick
        for key in heard:
            s.heard(key, tick, now)
        for worker, job in enumerate(busy):
            if job and job[0] <= now:
                for key in job[1]:
                    s.looked(key, 1e9, now)
                busy[worker] = None
            if busy[worker] is None:
                keys = s.take(worker, workers)
                assert len(keys) <= batch
                for key in keys:
                    looks[key].append(now)
                if keys:
                    busy[worker] = (now + cost, keys)
    counts = [len(times) for times in looks.values()]
    # Sticky streams share their worker's time, and workers differ by one stream.
    slack = 2 + (max(counts) // 2 if sticky else max(counts) // 10)
    assert max(counts) - min(counts) <= slack
    assert min(counts) >= 1 or streams * cost / workers > end, "nobody starves"
