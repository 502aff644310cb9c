"""Which speech is synthesised next, on a simulated clock."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liusheng.runtime.claim import HEADER_SECONDS, LONGEST_SECONDS
from liusheng.runtime.synthesis.scheduler import FIRST_BLOCK_DEADLINE, SpeechScheduler


def test_a_first_block_goes_before_speeches_with_enough_audio() -> None:
    s: SpeechScheduler[str] = SpeechScheduler()
    s.add("old", 0.0)
    assert s.take(0, 0.0) == "old"
    s.step_done("old", 1.0, 0.1)
    s.add("second", 0.2)
    s.add("third", 0.3)
    assert [s.take(0, 0.0) for _ in range(4)] == ["second", "third", "old", None]


def test_but_not_before_speeches_that_run_out_sooner() -> None:
    s: SpeechScheduler[str] = SpeechScheduler()
    s.add("old", 0.0)
    s.take(0, 0.0)
    s.step_done("old", 0.1, 0.1)
    s.add("new", 0.1)
    assert [s.take(0, 0.0), s.take(0, 0.0)] == ["old", "new"]


def test_then_the_speech_that_runs_out_first() -> None:
    s: SpeechScheduler[str] = SpeechScheduler()
    for key, seconds in (("rich", 9.0), ("poor", 0.5)):
        s.add(key, 0.0)
        s.take(0, 0.0)
        s.step_done(key, seconds, 0.0)
    assert s.take(0, 0.0) == "poor"


def test_a_speech_goes_to_the_first_free_worker_and_stays() -> None:
    s: SpeechScheduler[str] = SpeechScheduler()
    s.add("a", 0.0)
    s.add("b", 0.1)
    assert (s.take(1, 0.0), s.take(0, 0.0)) == ("a", "b")
    s.step_done("a", 0.1, 0.2)
    assert s.take(0, 0.0) is None
    assert s.take(1, 0.0) == "a"
    assert s.remove("a") == 1
    assert s.remove("a") is None
    s.add("c", 0.3)
    assert s.remove("c") is None


def test_any_worker_takes_over_the_speeches_of_a_lost_one() -> None:
    s: SpeechScheduler[str] = SpeechScheduler()
    for key in ("other", "running"):
        s.add(key, 0.0)
        assert s.take(0, 0.0) == key
        s.step_done(key, 9.0, 0.0)
    s.set_buffered("other", True, 0.0)
    assert s.take(0, 0.0) == "running"
    assert s.release(0) == ["other", "running"]
    s.step_lost("running")
    s.set_buffered("other", False, 0.0)
    assert [s.take(1, 0.1), s.take(2, 0.1)] == ["other", "running"]


def two_on_one_worker(made: float, resumed_from: float = 0.0) -> SpeechScheduler[str]:
    """Worker 0 has two speeches, with so many seconds of audio each, made at ten times real time.
    It works on "b" since then."""
    s: SpeechScheduler[str] = SpeechScheduler()
    for key in "ab":
        s.add(key, 0.0)
        s.take(0, 0.0)
        s.step_done(key, made, made / 10)
    assert s.take(0, made / 10) == "a"
    s.step_done("a", made, made / 5, resumed_from)
    assert s.take(0, made / 5) == "b"
    return s


def test_a_free_worker_takes_over_a_speech_that_is_late_because_its_own_hangs() -> None:
    s = two_on_one_worker(1.0)  # "a" is played until 2.1
    assert s.next_move() == pytest.approx(2.1)
    assert s.take(1, 2.0) is None
    assert s.take(1, 2.11) == "a"
    s.step_done("a", 0.0, 2.2)
    assert s.take(0, 2.3) is None, "it is the other worker's from now on"
    assert s.take(1, 2.3) == "a"


def test_a_speech_that_took_long_to_make_is_patient_for_as_long() -> None:
    s = two_on_one_worker(20.0)  # 40 s of "a" are made again in 4 s; they are played until 42
    assert s.next_move() == pytest.approx(42.0), "its listener has enough until then"
    s.step_done("b", 0.0, 41.0)
    assert s.take(0, 41.0) == "b"
    assert s.next_move() == pytest.approx(45.0), "its own worker is quicker"


def test_only_what_is_made_again_takes_patience() -> None:
    s = two_on_one_worker(20.0, resumed_from=38.0)
    s.step_done("b", 0.0, 41.0)
    assert s.take(0, 41.0) == "b"
    assert s.next_move() == pytest.approx(42.0), "0.2 s, while its listener has enough"


def test_a_worker_without_work_relieves_one_that_has_more() -> None:
    s = two_on_one_worker(5.0)  # "a" is played until 10.5, and made again in one second
    assert s.take(1, 9.0, 2) is None, "its listener could notice"
    assert s.take(1, 8.0, 2) == "a"
    assert s.take(2, 8.0, 2) is None, "one each"


def test_new_speeches_are_spread() -> None:
    s: SpeechScheduler[str] = SpeechScheduler()
    for key in "abcd":
        s.add(key, 0.0)
    assert [s.take(worker, 0.0, 2) for worker in (0, 0, 0, 1, 1)] == ["a", "b", None, "c", "d"]


def test_a_speech_that_is_far_ahead_pauses() -> None:
    s: SpeechScheduler[str] = SpeechScheduler()
    s.add("a", 0.0)
    s.set_buffered("a", True, 0.0)
    assert s.take(0, 0.0) is None
    s.set_buffered("a", False, 0.0)
    assert s.take(0, 0.0) == "a"
    s.step_lost("a")
    assert s.take(0, 0.0) == "a"


@given(st.integers(1, 12), st.integers(1, 3))
def test_playback_never_runs_out_within_the_capacity(speeches: int, workers: int) -> None:
    """A block of 0.3 s costs 0.02 s: 15 listeners a worker at most."""
    s: SpeechScheduler[int] = SpeechScheduler()
    made = dict.fromkeys(range(speeches), 0.0)
    first: dict[int, float] = {}
    for key in made:
        s.add(key, 0.0)
    now = 0.0
    while now < 5.0:
        now += 0.02
        for worker in range(workers):
            if (taken := s.take(worker, now)) is not None:
                key = taken
                s.step_done(key, 0.3, now)
                made[key] += 0.3
                first.setdefault(key, now)
        for key, start in first.items():
            s.set_buffered(key, made[key] - (now - start) > 1.5, now)
            assert made[key] >= now - start
    assert len(first) == speeches
    assert max(first.values()) <= 0.02 * (-(-speeches // workers)) + 1e-6


def test_a_speech_that_was_removed_is_ignored() -> None:
    s: SpeechScheduler[str] = SpeechScheduler()
    s.add("a", 0.0)
    s.add("b", 0.0)
    assert list(s) == ["a", "b"]
    assert s.take(0, 0.0) == "a"
    s.remove("a")
    s.step_done("a", 1.0, 0.1)
    s.set_buffered("a", True, 0.0)
    s.set_waiting("a", True, 0.0)
    s.step_lost("a")
    assert "a" not in s
    assert (len(s), s.release(0), s.take(0, 0.0)) == (1, [], "b")


def test_a_step_without_audio_leaves_the_deadline() -> None:
    s: SpeechScheduler[str] = SpeechScheduler()
    s.add("first", 0.0)
    s.add("second", 0.1)
    assert s.take(0, 0.0) == "first"
    s.step_done("first", 0.0, 0.2)
    assert s.take(0, 0.0) == "first"


def test_a_speech_waits_for_its_text() -> None:
    s: SpeechScheduler[str] = SpeechScheduler()
    s.add("a", 0.0)
    s.set_waiting("a", True, 0.0)
    assert s.take(0, 0.0) is None
    s.set_waiting("a", False, 0.0)
    assert s.take(0, 0.0) == "a"


def test_a_block_that_comes_when_its_listener_has_run_out_is_late() -> None:
    s: SpeechScheduler[str] = SpeechScheduler()
    s.add("a", 0.0)
    assert not s.step_done("a", 1.0, 0.2), "the first block"
    assert not s.step_done("a", 1.0, 1.0)
    assert s.step_done("a", 1.0, 2.5)
    s.set_waiting("a", True, 2.6)
    s.set_waiting("a", False, 9.0)
    assert not s.step_done("a", 1.0, 9.1), "the text came late"
    assert not s.step_done("a", 0.0, 30.0), "nothing was made"


def test_a_speech_that_nobody_takes_does_not_count_as_heard() -> None:
    s: SpeechScheduler[str] = SpeechScheduler()
    for key in "ab":
        s.add(key, 0.0)
    s.set_buffered("a", True, 1.0)
    assert list(s.listening(2.0)) == ["a", "b"]
    assert list(s.listening(10.0)) == ["b"]
    s.set_buffered("a", False, 11.0)
    assert list(s.listening(20.0)) == ["a", "b"]


def test_the_speech_that_was_not_taken_for_longest_gives_way() -> None:
    s: SpeechScheduler[str] = SpeechScheduler()
    for n, key in enumerate(("heard", "first", "second")):
        s.add(key, 0.0)
        s.take(0, 0.0)
        s.step_done(key, 2.0, 0.0)
        s.set_buffered(key, True, float(n))
    s.set_buffered("heard", False, 5.0)
    assert s.gives_way(10.9) is None
    assert s.gives_way(11.0) == "first"
    s.remove("first")
    assert s.gives_way(11.0) is None
    assert s.gives_way(12.0) == "second"
    s.set_buffered("second", False, 12.0)
    assert s.gives_way(100.0) is None


def test_a_speech_whose_text_does_not_go_on_gives_way_and_is_no_load() -> None:
    s: SpeechScheduler[str] = SpeechScheduler()
    for key in ("silent", "spoke", "speaks"):
        s.add(key, 0.0)
        s.take(0, 0.0)
        s.step_done(key, 0.0 if key == "silent" else 2.0, 1.0)
        s.set_waiting(key, key != "speaks", 1.0)
    assert list(s.listening(6.0)) == ["silent", "spoke", "speaks"]
    assert list(s.listening(6.5)) == ["spoke", "speaks"]
    assert list(s.listening(8.5)) == ["speaks"]
    assert s.gives_way(HEADER_SECONDS - 0.1) is None
    assert s.gives_way(HEADER_SECONDS) == "silent"
    assert s.waits("silent")
    assert not s.waits("speaks")
    s.set_waiting("silent", False, 11.0)
    assert s.gives_way(1.0 + LONGEST_SECONDS - 0.1) is None
    assert s.gives_way(1.0 + LONGEST_SECONDS) == "spoke"


def test_characters_now_and_then_keep_no_place() -> None:
    s: SpeechScheduler[str] = SpeechScheduler()
    s.add("drips", 0.0)
    for second in range(10, 100, 8):
        s.set_waiting("drips", False, float(second))
        s.take(0, float(second))
        s.step_done("drips", 0.2, float(second))
        s.set_waiting("drips", True, float(second))
        assert s.gives_way(second + 7.0) == "drips"


def test_a_new_speech_does_not_wait_for_long_for_a_worker_with_fewer() -> None:
    s: SpeechScheduler[str] = SpeechScheduler()
    for key in ("a", "b"):
        s.add(key, 0.0)
        assert s.take(0, 0.0) == key
        s.step_done(key, 9.0, 0.0)
        s.set_buffered(key, True, 0.0)
    s.add("long", 0.0)
    assert s.take(1, 0.0, 2) == "long"
    s.add("new", 1.0)
    s.add("newer", 1.0)
    assert s.take(0, 1.0, 2) == "new"
    s.step_done("new", 9.0, 1.0)
    s.set_buffered("new", True, 1.0)
    assert s.take(0, 1.0, 2) is None, "the other worker has fewer"
    at = s.next_move()
    assert at is not None
    assert at == pytest.approx(1.0 + FIRST_BLOCK_DEADLINE)
    assert s.take(0, at, 2) == "newer"
