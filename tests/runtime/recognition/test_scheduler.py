"""Who gets the next turn, with a simulated clock, ear and engine."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liusheng.asr.types import SpeechActivity
from liusheng.runtime.recognition.priority import TurnPolicy
from liusheng.runtime.recognition.scheduler import Scheduler

PACE = TurnPolicy(batch=4, longest=1e9, step=0.5, interval=0.3, settle=0.2, keep_up=2.0)


class Schedule(Scheduler[str]):
    """With turns that are known by their stream."""

    def done(self, key: str, now: float, seconds: float = 1.0, held: float = 0.0) -> bool:
        return self.looked(key, self.turn(key), seconds, held, now)


def schedule(*keys: str, sticky: bool = False, pace: TurnPolicy = PACE) -> Schedule:
    made = Schedule(pace, sticky=sticky)
    for key in keys:
        made.add(key)
    return made


def speech(end: float, heard: float | None = None) -> SpeechActivity:
    """Somebody speaks since the beginning, until `end`."""
    return SpeechActivity(end if heard is None else heard, 0.0, end)


def silence(heard: float, closed: float = 0.0) -> SpeechActivity:
    return SpeechActivity(heard, None, 0.0, closed)


def test_a_stream_that_nobody_listens_to_wants_a_turn_with_a_step_of_audio() -> None:
    s = schedule("a")
    assert not s.heard("a", 0.4, 1.0)
    assert s.take(0, 1.0) == []
    assert s.heard("a", 0.1, 1.1)
    assert s.take(0, 1.1) == ["a"]
    assert s.take(1, 1.1) == [], "a stream has one turn at a time"
    s.done("a", 1.2, 0.5)
    assert s.take(0, 1.2) == []


def test_a_stream_that_is_listened_to_wants_a_turn_with_new_speech() -> None:
    s = schedule("a")
    s.heard("a", 0.5, 0.5)
    assert not s.noticed("a", silence(0.5), 0.5)
    s.heard("a", 0.5, 1.0)
    assert not s.noticed("a", SpeechActivity(1.0, 0.8, 1.0), 1.0)
    s.heard("a", 0.2, 1.2)
    assert s.noticed("a", SpeechActivity(1.2, 0.8, 1.2), 1.2)
    assert s.take(0, 1.2) == ["a"]
    s.heard("a", 0.2, 1.4)
    s.done("a", 1.4, 1.2)
    assert not s.noticed("a", SpeechActivity(1.4, 0.8, 1.4), 1.4)
    s.heard("a", 0.1, 1.5)
    assert s.noticed("a", SpeechActivity(1.5, 0.8, 1.5), 1.5)


def test_a_pause_is_looked_at_once() -> None:
    s = schedule("a")
    s.heard("a", 1.0, 1.0)
    s.noticed("a", speech(1.0), 1.0)
    s.take(0, 1.0)
    s.done("a", 1.1)
    s.heard("a", 0.3, 1.3)
    assert s.noticed("a", speech(1.0, 1.3), 1.3)
    assert s.take(0, 1.3) == ["a"]
    s.done("a", 1.4, 0.3)
    s.heard("a", 0.2, 1.5)
    assert not s.noticed("a", speech(1.0, 1.5), 1.5)


def test_an_endpoint_is_a_turn() -> None:
    s = schedule("a")
    s.heard("a", 2.0, 2.0)
    assert s.noticed("a", SpeechActivity(2.0, None, 1.0, 1.9), 2.0)
    assert s.take(0, 2.0) == ["a"]
    s.done("a", 2.1, 2.0)
    assert not s.noticed("a", SpeechActivity(2.0, None, 1.0, 1.9), 2.2)


def test_silence_wants_few_turns() -> None:
    s = schedule("a")
    turns = 0
    for tick in range(100):
        now = tick / 10
        s.heard("a", 0.1, now)
        s.noticed("a", silence(now + 0.1), now)
        turns += len(s.take(0, now))
        if "a" in s and turns:
            s.done("a", now, 2.0)
    assert turns <= 5


def test_a_stream_whose_ear_is_behind_is_looked_at_all_the_same() -> None:
    s = schedule("a")
    s.heard("a", 0.4, 0.4)
    s.noticed("a", silence(0.4), 0.4)
    assert not s.heard("a", 0.9, 1.3)
    assert s.heard("a", 0.2, 1.5)
    assert s.take(0, 1.5) == ["a"]


def test_a_stream_may_say_itself_when_it_wants_the_next() -> None:
    s = schedule("a")
    s.heard("a", 0.5, 1.0)
    s.take(0, 1.0)
    s.looked("a", s.turn("a"), 0.5, 0.0, 1.1, step=0.2)
    assert not s.heard("a", 0.1, 1.2)
    assert s.heard("a", 0.1, 1.3)
    s.take(0, 1.3)
    s.done("a", 1.4, 0.2)
    assert not s.heard("a", 0.4, 1.5), "from then on the schedule's step counts again"


def test_finals_come_first_and_by_themselves() -> None:
    s = schedule("a", "b", "c", "d")
    for key in "abcd":
        s.heard(key, 1.0, 1.0)
    s.finish("d", 1.2)
    s.finish("c", 1.1)
    assert s.take(0, 1.2) == ["c", "d"]
    assert s.take(1, 1.2) == ["a", "b"]


def test_a_final_does_not_wait_for_a_look_under_way_elsewhere() -> None:
    s = schedule("a")
    s.heard("a", 1.0, 1.0)
    assert s.take(0, 1.0) == ["a"]
    look = s.turn("a")
    s.finish("a", 1.1)
    assert s.take(0, 1.1) == [], "its own worker is busy with it"
    assert s.take(1, 1.1) == ["a"]
    assert not s.looked("a", look, 1.0, 0.0, 1.2), "the look has been overtaken"
    assert s.take(0, 1.2) == []
    assert s.done("a", 1.3)


def test_a_final_waits_for_the_text_that_is_being_made_ready() -> None:
    s = schedule("a")
    s.heard("a", 1.0, 1.0)
    s.noticed("a", speech(0.7, 1.0), 1.0)
    assert s.take(0, 1.0) == ["a"]
    s.finish("a", 1.1)
    assert s.take(1, 1.1) == []
    s.done("a", 1.2)
    assert s.take(1, 1.2) == ["a"]


def test_what_costs_nothing_does_not_wait_for_what_does() -> None:
    s = schedule("a", "b", "c")
    s.heard("c", 1.0, 1.0)
    s.noticed("c", speech(0.7, 1.0), 1.0)
    assert s.take(0, 1.0) == ["c"]
    s.done("c", 1.1)
    for key in "ab":
        s.heard(key, 1.0, 1.0)
        s.noticed(key, speech(1.0), 1.0)
        s.finish(key, 1.2)
    s.finish("c", 1.3)
    assert s.take(0, 1.3) == ["c"], "its text is ready"
    assert s.take(0, 1.3) == ["a", "b"]


def test_batches_are_as_long_as_they_may_be() -> None:
    # Looks at some seconds take 0.1 s for each and, whoever shares it, 0.1 s for the longest.
    s = schedule(*"abcdef", pace=replace(PACE, batch=8, longest=1.35))
    for n in range(60):
        for key in "abc"[: 1 + n % 3]:
            s.heard(key, 1.0 + n % 2, 1.0)
        taken = s.take(0, 1.0)
        s.spent(0, (3 + n % 2) * (0.1 + 0.1 * len(taken)), 1.0)
        for key in taken:
            s.done(key, 1.0, 1.0 + n % 2)
    for key in "abcdef":
        s.heard(key, 1.0, 1.0)
    assert len(s.take(0, 1.0)) == 3, "a second and what pads it, three times, and once more"


def test_workers_share_what_there_is() -> None:
    s = schedule(*"abcd", pace=replace(PACE, batch=8))
    for key in "abcd":
        s.heard(key, 1.0, 1.0)
    assert s.take(0, 1.0, 2) == ["a", "b"]
    assert s.take(1, 1.0, 2) == ["c", "d"]


def test_more_streams_take_a_cheap_step_together_than_windows_are_decoded_together() -> None:
    s = schedule(pace=replace(PACE, batch=2, steps=3))
    for key in "abcd":
        s.add(key, step=0.3)
        s.heard(key, 0.3, 1.0)
    assert s.take(0, 1.0) == ["a", "b", "c"]
    assert s.take(1, 1.0) == ["d"]


def test_steps_that_take_long_are_not_taken_together() -> None:
    s = schedule(pace=replace(PACE, longest=1.0, steps=32))
    for key in "abcd":
        s.add(key, step=0.3)
    s.heard("a", 0.3, 1.0)
    for at in range(50):
        s.take(0, 1.0 + at)
        s.spent(0, 0.5, 1.0 + at)
        s.looked("a", s.turn("a"), 0.3, 0.0, 1.0 + at, step=0.3)
        s.heard("a", 0.3, 1.0 + at)
    for key in "bcd":
        s.heard(key, 0.3, 60.0)
    assert s.take(0, 60.0) == ["a", "b", "c"], "three of 0.3 s and more each, at most a second"


def test_windows_and_steps_take_no_turn_together() -> None:
    s = schedule("a", "b", pace=replace(PACE, steps=32))
    for key in "cd":
        s.add(key, step=0.3)
    for key in "cadb":
        s.heard(key, 0.5, 1.0)
    assert s.take(0, 1.0) == ["c", "d"], "they have less patience"
    assert s.take(0, 1.0) == ["a", "b"]
    for key in "abcd":
        s.looked(key, s.turn(key), 0.5, 0.0, 1.1, step=0.3 if key in "cd" else None)
        s.heard(key, 0.5, 1.1)
        s.finish(key, 1.2)
    assert s.take(0, 1.3) == ["c", "d"], "of those who wait for a final, whoever waited longest"
    assert s.take(0, 1.3) == ["a", "b"]


def test_what_windows_cost_is_not_learnt_from_steps() -> None:
    s = schedule("a", "b", "c", pace=replace(PACE, longest=0.3, steps=32))
    s.add("d", step=0.3)
    for at in range(50):
        s.heard("d", 0.3, 1.0 + at)
        s.take(0, 1.0 + at)
        s.spent(0, 0.001, 1.0 + at)
        s.looked("d", s.turn("d"), 0.3, 0.0, 1.0 + at, step=0.3)
    for key in "abc":
        s.heard(key, 12.0, 60.0)
    assert s.take(0, 60.0) == ["a", "b"], "three such windows are taken to last too long"


def test_finals_take_along_partials_that_go_step_by_step() -> None:
    s = schedule("a", "b", "c", pace=replace(PACE, steps=2))
    for key in "abc":
        s.heard(key, 0.5, 1.0)
        s.take(0, 1.0)
    for key in "abc":
        s.looked(key, s.turn(key), 0.5, 0.0, 1.1, step=0.3)
        s.heard(key, 0.4, 1.2)
    s.finish("c", 1.3)
    assert s.take(0, 1.3) == ["c", "a"]
    assert s.take(1, 1.3) == ["b"]


def test_the_stalest_comes_first() -> None:
    s = schedule("a", "b", "c", pace=replace(PACE, batch=1))
    for now in (1.0, 2.0, 3.0):
        for key in "abc":
            s.heard(key, 1.0, now)
        (key,) = s.take(0, now)
        s.done(key, now + 0.5)
        assert key == "abc"[int(now) - 1]


def test_a_look_that_has_waited_for_long_comes_before_a_newer_final() -> None:
    s = schedule("a", "b", pace=replace(PACE, batch=1))
    s.heard("a", 1.0, 1.0)
    s.heard("b", 1.0, 9.0)
    s.finish("b", 9.0)
    assert s.take(0, 9.0) == ["a"]


def test_a_backlog_goes_on_at_once() -> None:
    s = schedule("a")
    s.heard("a", 10.0, 1.0)
    s.take(0, 1.0)
    s.done("a", 2.0, 4.0)
    assert s.take(0, 2.0) == ["a"]


def test_audio_that_comes_during_a_turn_is_not_forgotten() -> None:
    s = schedule("a")
    s.heard("a", 0.5, 1.0)
    s.take(0, 1.0)
    assert not s.heard("a", 0.6, 1.1), "nobody needs to be woken for it now"
    s.done("a", 1.2, 0.5)
    assert s.take(0, 1.2) == ["a"]


def test_a_vanished_client_gets_no_turn() -> None:
    s = schedule("a", "b")
    s.heard("a", 1.0, 1.0)
    turn = s.turn("a")
    assert s.remove("a") is None
    assert s.take(0, 1.0) == []
    assert not s.looked("a", turn, 1.0, 0.0, 2.0)
    assert not s.noticed("a", speech(2.0), 2.0)
    s.again("a", turn, 2.0)
    assert "a" not in s
    assert len(s) == 1


def test_a_lost_turn_is_taken_again_alone() -> None:
    s = schedule("a", "b", "c")
    for key in "abc":
        s.heard(key, 1.0, 1.0)
    assert len(s.take(0, 1.0)) == 3
    for key in "abc":
        s.again(key, s.turn(key), 2.0)
    assert [s.take(0, 2.0) for _ in range(3)] == [["a"], ["b"], ["c"]]


def test_text_that_was_being_made_ready_when_its_worker_died_is_made_again() -> None:
    s = schedule("a")
    s.heard("a", 1.0, 1.0)
    s.noticed("a", speech(0.7, 1.0), 1.0)
    assert s.take(0, 1.0) == ["a"]
    s.again("a", s.turn("a"), 1.1)
    assert s.take(0, 1.1) == ["a"]


def test_sticky_streams_stay_with_their_worker_and_are_spread() -> None:
    s = schedule("a", "b", "c", "d", sticky=True)
    for key in "abcd":
        s.heard(key, 1.0, 1.0)
    first, second = s.take(0, 1.0, 2), s.take(1, 1.0, 2)
    assert sorted(first + second) == ["a", "b", "c", "d"]
    assert len(first) == len(second) == 2
    for key in "abcd":
        s.done(key, 2.0)
        s.heard(key, 1.0, 2.0)
    assert s.take(1, 2.0, 2) == second
    s.worker_lost(0)
    assert s.take(1, 2.0, 2) == [], "its share is full"
    assert s.take(0, 2.0, 2) == first


def test_lag_is_the_longest_wait() -> None:
    s = schedule("a", "b")
    assert s.lag(9.0) == 0.0
    s.heard("a", 1.0, 1.0)
    s.heard("b", 1.0, 4.0)
    assert s.lag(9.0) == pytest.approx(8.0)


@dataclass
class Speaker:
    """Who talks all the time, or in turns of `talks` and `rests` seconds, and never ends."""

    talks: float = 1e9
    rests: float = 0.0
    looks: list[float] = field(default_factory=list)

    def noticed(self, now: float) -> SpeechActivity:
        round_, at = divmod(now, self.talks + self.rests)
        begun = round_ * (self.talks + self.rests)
        if at < self.talks:
            return SpeechActivity(now, begun, now)
        return SpeechActivity(now, None, begun + self.talks, begun + self.talks)


def simulate(
    s: Scheduler[int], speakers: list[Speaker], workers: int, cost: float, end: float
) -> float:
    """Run an engine for which a stream's turn costs `cost` seconds; return its busy seconds.

    Turns in which nothing is decoded cost nothing.
    """
    for key in range(len(speakers)):
        s.add(key)
    busy: list[tuple[float, list[tuple[int, int, float]], float] | None] = [None] * workers
    received = dict.fromkeys(range(len(speakers)), 0.0)
    now, tick, spent = 0.0, 0.1, 0.0
    while now < end:
        now += tick
        for key, speaker in enumerate(speakers):
            s.heard(key, tick, now)
            received[key] += tick
            s.noticed(key, speaker.noticed(now), now)
        for worker, job in enumerate(busy):
            if job and job[0] <= now:
                s.spent(worker, job[2], now)
                for key, turn, seconds in job[1]:
                    s.looked(key, turn, seconds, 0.0, now)
                busy[worker] = None
            if busy[worker] is None and (keys := s.take(worker, now, workers)):
                speaking = [k for k in keys if speakers[k].noticed(now).begun is not None]
                turns = []
                for key in keys:
                    speakers[key].looks.append(now)
                    turns.append((key, s.turn(key), received[key]))
                    received[key] = 0.0
                seconds = max(cost * len(speaking), 0.001)
                spent += seconds
                busy[worker] = (now + seconds, turns, seconds)
    return spent


@given(
    streams=st.integers(1, 40),
    batch=st.integers(1, 16),
    workers=st.integers(1, 4),
    cost=st.floats(0.01, 0.3),
    sticky=st.booleans(),
)
def test_under_any_load_speakers_are_looked_at_evenly(
    streams: int, batch: int, workers: int, cost: float, sticky: bool
) -> None:
    s: Scheduler[int] = Scheduler(replace(PACE, batch=batch, longest=0.5), sticky=sticky)
    speakers = [Speaker() for _ in range(streams)]
    simulate(s, speakers, workers, cost, 30.0)
    counts = [len(speaker.looks) for speaker in speakers]
    # Sticky streams share their worker's time, and workers differ by one stream.
    slack = 2 + (max(counts) // 2 if sticky else max(counts) // 10)
    assert max(counts) - min(counts) <= slack
    assert min(counts) >= 1 or streams * cost / workers > 30, "nobody starves"


def test_who_is_silent_costs_next_to_nothing() -> None:
    def spent(speakers: list[Speaker]) -> float:
        return simulate(Scheduler(PACE), speakers, 1, 0.02, 30.0)

    talking = spent([Speaker() for _ in range(5)])
    with_listeners = spent([Speaker() for _ in range(5)] + [Speaker(0.0, 1e9) for _ in range(20)])
    assert with_listeners < 1.15 * talking


def test_one_speaker_more_is_foreseen() -> None:
    s: Scheduler[int] = Scheduler(replace(PACE, longest=0.3))
    speakers = [Speaker() for _ in range(20)]
    simulate(s, speakers, 2, 0.1, 60.0)
    gaps = [(looks[-1] - looks[-11]) / 10 for looks in (speaker.looks for speaker in speakers)]
    foreseen = s.interval(2, 60.0)
    assert foreseen == pytest.approx(sum(gaps) / len(gaps) * 21 / 20, rel=0.25)
    assert Scheduler[int](PACE).interval(2, 60.0) == 0.0


def test_finals_take_from_what_is_left_for_looks() -> None:
    s = schedule("a", "b")
    now = 0.0
    for _ in range(40):  # a final a second that takes half of it, and a look that takes 0.1 s
        now += 1.0
        s.heard("a", 1.0, now)
        s.finish("a", now)
        s.take(0, now)
        s.spent(0, 0.5, now)
        s.remove("a")
        s.add("a")
        s.heard("b", 1.0, now)
        s.take(0, now)
        s.spent(0, 0.1, now)
        s.done("b", now)
    # Of two streams a third is to be foreseen: three of four quarters of a worker for finals.
    assert s.interval(1, now) == pytest.approx(3 * 0.1 / (1 - 0.5 * 3 / 2), rel=0.3)
    assert s.interval(1, now + 60) < s.interval(1, now)


def test_steps_are_not_put_off_for_the_finals_of_others() -> None:
    s = schedule("a", pace=replace(PACE, batch=1))
    s.add("b", step=0.5)
    s.heard("b", 0.5, 1.0)
    s.heard("a", 0.5, 1.0)
    s.finish("a", 1.5)
    assert s.take(0, 1.5) == ["b"], "it was due 0.5 s before, and is patient for 0.3 s"
    assert s.take(0, 1.5) == ["a"]


def test_whether_anybody_waits_besides_those_whose_turn_it_is() -> None:
    s = schedule("a", "b", pace=replace(PACE, batch=1))
    assert not s.waits
    s.heard("a", 1.0, 1.0)
    assert s.waits
    assert s.take(0, 1.0) == ["a"]
    assert not s.waits
    s.heard("b", 1.0, 1.0)
    assert s.waits
