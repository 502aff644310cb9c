"""Who gets the next turn, with a simulated clock, detector and engine."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liusheng.asr.vad.segments import SpeechActivity
from tests.support.examples import examples
from tests.support.schedule import (
    POLICY,
    SECOND,
    AudioWithoutVad,
    Schedule,
    endpoint,
    samples,
    schedule,
    silence,
    speech,
)


def test_a_stream_without_vad_is_due_a_turn_with_a_step_of_audio() -> None:
    s = schedule("a")
    assert not s.receive("a", 0.4, 1.0)
    assert s.take(0, 1.0) == []
    assert s.receive("a", 0.1, 1.1)
    assert s.take(0, 1.1) == ["a"]
    assert s.take(1, 1.1) == [], "a stream has one turn at a time"
    s.done("a", 1.2)
    assert s.take(0, 1.2) == []


def test_a_stream_with_vad_is_due_a_turn_with_new_speech() -> None:
    s = schedule("a", vad=True)
    s.receive("a", 0.5, 0.5)
    assert not s.detect("a", silence(0.5), 0.5)
    s.receive("a", 0.5, 1.0)
    assert not s.detect("a", speech(1.0, start=0.8), 1.0)
    s.receive("a", 0.2, 1.2)
    assert s.detect("a", speech(1.2, start=0.8), 1.2)
    assert s.take(0, 1.2) == ["a"]
    s.done("a", 1.4)
    s.receive("a", 0.2, 1.4)
    assert not s.detect("a", speech(1.4, start=0.8), 1.4)
    s.receive("a", 0.1, 1.5)
    assert s.detect("a", speech(1.5, start=0.8), 1.5)


def test_the_interval_between_partials_does_not_grow_with_the_lag_of_the_vad() -> None:
    s = schedule("a", vad=True)
    s.receive("a", 1.0, 1.0)
    assert s.detect("a", speech(0.6), 1.0)
    assert s.take(0, 1.0) == ["a"], "decodes 0.6 s"
    s.done("a", 1.1)
    assert not s.detect("a", speech(0.8), 1.1)
    assert s.detect("a", speech(0.9), 1.2)


def test_a_pause_is_decoded_once() -> None:
    s = schedule("a", vad=True)
    s.receive("a", 1.0, 1.0)
    s.detect("a", speech(1.0), 1.0)
    s.take(0, 1.0)
    s.done("a", 1.1)
    s.receive("a", 0.3, 1.3)
    assert s.detect("a", speech(1.0, 1.3), 1.3)
    assert s.take(0, 1.3) == ["a"]
    s.done("a", 1.4)
    s.receive("a", 0.2, 1.5)
    assert not s.detect("a", speech(1.0, 1.5), 1.5)


def test_an_endpoint_is_a_turn() -> None:
    s = schedule("a", vad=True)
    s.receive("a", 2.0, 2.0)
    assert s.detect("a", endpoint(1.0, 2.0), 2.0)
    assert s.take(0, 2.0) == ["a"]
    s.done("a", 2.1)
    assert s.take(0, 2.1) == []
    s.receive("a", 0.1, 2.2)
    assert not s.detect("a", silence(2.1), 2.2)


def test_an_endpoint_is_a_turn_though_the_vad_has_failed_since() -> None:
    s = schedule("a", vad=True)
    s.receive("a", 0.3, 0.3)
    assert s.detect("a", endpoint(0.1, 0.3), 0.3)
    s.receive("a", 0.1, 0.4)
    ticket, _ = s.audio["a"].next_detection(0, SECOND) or (0, b"")
    s.audio["a"].detection_failed(ticket)
    assert s.speech_detected("a", 0.4)
    assert s.take(0, 0.4) == ["a"]


def test_silence_takes_no_turns() -> None:
    s = schedule("a", vad=True)
    for tick in range(100):
        now = tick / 10
        s.receive("a", 0.1, now)
        s.detect("a", silence(now + 0.1), now)
        assert s.take(0, now) == []
    assert s.audio["a"].kept == 0


def test_a_stream_whose_vad_lags_is_due_a_turn_all_the_same() -> None:
    s = schedule("a", vad=True)
    s.receive("a", 0.4, 0.4)
    s.detect("a", silence(0.4), 0.4)
    assert not s.receive("a", 0.9, 1.3)
    assert s.receive("a", 0.2, 1.5)
    assert s.take(0, 1.5) == ["a"]


def test_a_model_may_set_when_its_stream_is_due() -> None:
    s = schedule("a")
    s.receive("a", 0.5, 1.0)
    s.take(0, 1.0)
    s.done("a", 1.1, step=0.2)
    assert not s.receive("a", 0.1, 1.2)
    assert s.receive("a", 0.1, 1.3)
    s.take(0, 1.3)
    s.done("a", 1.4)
    assert not s.receive("a", 0.4, 1.5), "from then on the policy's step counts again"


def test_finals_come_first_and_by_themselves() -> None:
    s = schedule("a", "b", "c", "d")
    for key in "abcd":
        s.receive(key, 1.0, 1.0)
    s.finish("d", 1.2)
    s.finish("c", 1.1)
    assert s.take(0, 1.2) == ["c", "d"]
    assert s.take(1, 1.2) == ["a", "b"]


def test_a_final_does_not_wait_for_a_partial_under_way_elsewhere() -> None:
    s = schedule("a")
    s.receive("a", 1.0, 1.0)
    assert s.take(0, 1.0) == ["a"]
    partial = s.turn("a")
    s.finish("a", 1.1)
    assert s.take(0, 1.1) == [], "its own worker is busy with it"
    assert s.take(1, 1.1) == ["a"]
    assert not s.is_newest("a", partial), "it has been overtaken"
    assert s.take(0, 1.2) == []
    s.done("a", 1.3)


def test_a_final_waits_for_the_text_that_is_being_made_ready() -> None:
    s = schedule("a", vad=True)
    s.receive("a", 1.0, 1.0)
    s.detect("a", speech(0.7, 1.0), 1.0)
    assert s.take(0, 1.0) == ["a"]
    s.finish("a", 1.1)
    assert s.take(1, 1.1) == []
    s.done("a", 1.2)
    assert s.take(1, 1.2) == ["a"]


def test_turns_without_a_decode_do_not_wait_for_decodes() -> None:
    s = schedule("a", "b", "c", vad=True)
    s.receive("c", 1.0, 1.0)
    s.detect("c", speech(0.7, 1.0), 1.0)
    assert s.take(0, 1.0) == ["c"]
    s.done("c", 1.1, final_until=0.7)
    for key in "ab":
        s.receive(key, 1.0, 1.0)
        s.detect(key, speech(1.0), 1.0)
        s.finish(key, 1.2)
    s.finish("c", 1.3)
    assert s.take(0, 1.3) == ["c"], "its text is ready"
    assert s.take(0, 1.3) == ["a", "b"]


def test_batches_are_as_long_as_they_may_be() -> None:
    # Looks at some seconds take 0.1 s for each and, whoever shares it, 0.1 s for the longest.
    s = schedule(*"abcdef", policy=replace(POLICY, batch=8, max_batch_seconds=1.35))
    for n in range(60):
        for key in "abc"[: 1 + n % 3]:
            s.receive(key, 1.0 + n % 2, 1.0)
        taken = s.take(0, 1.0)
        s.batch_done(0, (3 + n % 2) * (0.1 + 0.1 * len(taken)), 1.0)
        for key in taken:
            s.done(key, 1.0)
    for key in "abcdef":
        s.receive(key, 1.0, 1.0)
    assert len(s.take(0, 1.0)) == 3, "a second and what pads it, three times, and once more"


def test_workers_share_what_there_is() -> None:
    s = schedule(*"abcd", policy=replace(POLICY, batch=8))
    for key in "abcd":
        s.receive(key, 1.0, 1.0)
    assert s.take(0, 1.0, 2) == ["a", "b"]
    assert s.take(1, 1.0, 2) == ["c", "d"]


def test_more_streams_take_a_cheap_step_together_than_windows_are_decoded_together() -> None:
    s = schedule(policy=replace(POLICY, batch=2, step_batch=3, step=4800))
    s.begin(*"abcd", windowed=False)
    for key in "abcd":
        s.receive(key, 0.3, 1.0)
    assert s.take(0, 1.0) == ["a", "b", "c"]
    assert s.take(1, 1.0) == ["d"]


def test_steps_that_take_long_are_not_taken_together() -> None:
    s = schedule(policy=replace(POLICY, max_batch_seconds=1.0, step=4800))
    s.begin(*"abcd", windowed=False)
    s.receive("a", 0.3, 1.0)
    for at in range(50):
        s.take(0, 1.0 + at)
        s.batch_done(0, 0.5, 1.0 + at)
        s.done("a", 1.0 + at, step=0.3)
        s.receive("a", 0.3, 1.0 + at)
    for key in "bcd":
        s.receive(key, 0.3, 60.0)
    assert s.take(0, 60.0) == ["a", "b", "c"], "three of 0.3 s and more each, at most a second"


def test_windows_and_steps_take_no_turn_together() -> None:
    s = schedule("a", "b")
    s.begin(*"cd", windowed=False)
    for key in "cadb":
        s.receive(key, 0.5, 1.0)
    assert s.take(0, 1.0) == ["c", "d"], "they have less patience"
    assert s.take(0, 1.0) == ["a", "b"]
    for key in "abcd":
        s.done(key, 1.1, step=0.3 if key in "cd" else None)
        s.receive(key, 0.5, 1.1)
        s.finish(key, 1.2)
    assert s.take(0, 1.3) == ["c", "d"], "of those who wait for a final, whoever waited longest"
    assert s.take(0, 1.3) == ["a", "b"]


def test_what_windows_cost_is_not_learnt_from_steps() -> None:
    s = schedule("a", "b", "c", policy=replace(POLICY, max_batch_seconds=0.3, step=4800))
    s.begin("d", windowed=False)
    for at in range(50):
        s.receive("d", 0.3, 1.0 + at)
        s.take(0, 1.0 + at)
        s.batch_done(0, 0.001, 1.0 + at)
        s.done("d", 1.0 + at, step=0.3)
    for key in "abc":
        s.receive(key, 12.0, 60.0)
    assert s.take(0, 60.0) == ["a", "b"], "three such windows are taken to last too long"


def test_finals_take_along_partials_that_go_step_by_step() -> None:
    s = schedule(policy=replace(POLICY, step_batch=2))
    s.begin("a", "b", "c", windowed=False)
    for key in "abc":
        s.receive(key, 0.5, 1.0)
        s.take(0, 1.0)
    for key in "abc":
        s.done(key, 1.1, step=0.3)
        s.receive(key, 0.4, 1.2)
    s.finish("c", 1.3)
    assert s.take(0, 1.3) == ["c", "a"]
    assert s.take(1, 1.3) == ["b"]


def test_the_stalest_comes_first() -> None:
    s = schedule("a", "b", "c", policy=replace(POLICY, batch=1))
    for now in (1.0, 2.0, 3.0):
        for key in "abc":
            s.receive(key, 1.0, now)
        (key,) = s.take(0, now)
        s.done(key, now + 0.5)
        assert key == "abc"[int(now) - 1]


def test_a_partial_that_has_waited_for_long_comes_before_a_newer_final() -> None:
    s = schedule("a", "b", policy=replace(POLICY, batch=1))
    s.receive("a", 1.0, 1.0)
    s.receive("b", 1.0, 9.0)
    s.finish("b", 9.0)
    assert s.take(0, 9.0) == ["a"]


def test_a_backlog_goes_on_at_once() -> None:
    s = schedule("a")
    s.receive("a", 10.0, 1.0)
    s.take(0, 1.0, limit=4.0)
    s.done("a", 2.0)
    assert s.take(0, 2.0) == ["a"]


def test_audio_that_comes_during_a_turn_is_not_forgotten() -> None:
    s = schedule("a")
    s.receive("a", 0.5, 1.0)
    s.take(0, 1.0)
    assert not s.receive("a", 0.6, 1.1), "nobody needs to be woken for it now"
    s.done("a", 1.2)
    assert s.take(0, 1.2) == ["a"]


def test_a_vanished_client_gets_no_turn() -> None:
    s = schedule("a", "b")
    s.receive("a", 1.0, 1.0)
    turn = s.turn("a")
    assert s.remove("a") is None
    assert s.take(0, 1.0) == []
    assert not s.is_newest("a", turn)
    assert not s.speech_detected("a", 2.0)
    assert s.turn_lost("a", turn, 2.0, weight=1.0, shared=False)
    assert "a" not in s
    assert len(s) == 1


def test_a_lost_turn_is_taken_again_alone() -> None:
    s = schedule("a", "b", "c")
    for key in "abc":
        s.receive(key, 1.0, 1.0)
    assert len(s.take(0, 1.0)) == 3
    for key in "abc":
        assert s.turn_lost(key, s.turn(key), 2.0, weight=1.0, shared=True)
    assert [s.take(0, 2.0) for _ in range(3)] == [["a"], ["b"], ["c"]]


def test_a_stream_is_given_up_when_a_turn_of_its_own_is_the_second_lost() -> None:
    s = schedule("a", "b")
    for key in "ab":
        s.receive(key, 1.0, 1.0)
    assert s.take(0, 1.0) == ["a", "b"]
    for key in "ab":
        assert s.turn_lost(key, s.turn(key), 2.0, weight=1.0, shared=True)
    assert s.take(0, 2.0) == ["a"]
    assert not s.turn_lost("a", s.turn("a"), 3.0, weight=1.0, shared=False)
    s.remove("a")
    assert s.take(0, 3.0) == ["b"]
    s.done("b", 3.1)
    s.receive("b", 1.0, 4.0)
    assert s.take(0, 4.0) == ["b"]
    assert s.turn_lost("b", s.turn("b"), 5.0, weight=1.0, shared=False), "it was done in between"


def overtaken(s: Schedule, *beside: str) -> int:
    """Have the final of "a" overtake its partial, whose number is returned, on worker 1.

    beside: whose partials are in the same batch.
    """
    for key in ("a", *beside):
        s.receive(key, 1.0, 1.0)
    assert s.take(0, 1.0) == ["a", *beside]
    partial = s.turn("a")
    s.finish("a", 1.1)
    return partial


@pytest.mark.parametrize("final_first", [False, True])
def test_a_final_that_overtakes_a_partial_and_the_partial_are_two_losses(
    final_first: bool,
) -> None:
    s = schedule("a")
    partial = overtaken(s)
    assert s.take(1, 1.1) == ["a"]
    turns = [s.turn("a"), partial] if final_first else [partial, s.turn("a")]
    assert s.turn_lost("a", turns[0], 2.0, weight=1.0, shared=False)
    assert s.take(2, 2.0) == [], "a third worker is not lost on it"
    assert not s.turn_lost("a", turns[1], 3.0, weight=1.0, shared=False)


def test_a_final_overtakes_no_partial_of_a_stream_that_has_cost_a_worker() -> None:
    s = schedule("a")
    s.receive("a", 1.0, 1.0)
    assert s.take(0, 1.0) == ["a"]
    assert s.turn_lost("a", s.turn("a"), 2.0, weight=1.0, shared=False)
    assert s.take(1, 2.0) == ["a"]
    s.finish("a", 2.1)
    assert s.take(2, 2.1) == [], "both could be lost"
    s.done("a", 2.2)
    assert s.take(2, 2.2) == ["a"]


def test_a_lost_final_is_taken_again_when_the_partial_that_it_overtook_is_done() -> None:
    s = schedule("a")
    partial = overtaken(s)
    assert s.take(1, 1.1) == ["a"]
    assert s.turn_lost("a", s.turn("a"), 2.0, weight=1.0, shared=False)
    s.turn_dropped("a", partial)
    assert s.take(0, 2.0) == ["a"]


def test_a_partial_that_is_lost_after_the_final_that_overtook_it_was_done_is_no_fault() -> None:
    s = schedule("a")
    partial = overtaken(s)
    assert s.take(1, 1.1) == ["a"]
    s.done("a", 1.2)
    for _ in range(2):
        assert s.turn_lost("a", partial, 1.3, weight=1.0, shared=False)


def test_a_final_that_overtakes_a_partial_in_a_batch_of_several_is_alone() -> None:
    """Both may be lost, and then only its own turn tells that it is the cause."""
    s = schedule("a", "b", "c")
    partial = overtaken(s, "b")
    s.receive("c", 1.0, 1.1)
    s.finish("c", 1.2)
    assert s.take(1, 1.2) == ["a"]
    assert s.take(2, 1.2) == ["c"]
    final = s.turn("a")
    assert s.turn_lost("a", final, 2.0, weight=1.0, shared=False)
    assert s.turn_lost("b", s.turn("b"), 2.0, weight=1.0, shared=True)
    assert not s.turn_lost("a", partial, 2.0, weight=1.0, shared=True)
    s.remove("a")
    assert s.take(1, 2.0) == ["b"], "the others of its batch go on"


def test_workers_that_are_killed_from_outside_say_less_of_a_stream() -> None:
    s = schedule("a")
    s.receive("a", 1.0, 1.0)
    for _ in range(3):
        assert s.take(0, 1.0) == ["a"]
        assert s.turn_lost("a", s.turn("a"), 1.0, weight=0.5, shared=False)
    assert s.take(0, 1.0) == ["a"]
    assert not s.turn_lost("a", s.turn("a"), 1.0, weight=0.5, shared=False)


def test_the_limit_of_a_call_follows_from_what_such_batches_took() -> None:
    s = schedule("a")
    limits = []
    for at in range(6):
        s.receive("a", 8.0, at)
        assert s.take(0, at) == ["a"]
        limits.append(s.call_limit(0, [8.0]))
        s.batch_done(0, 2.0, at)
        s.done("a", at)
    assert limits[:3] == [math.inf] * 3
    assert limits[5] == pytest.approx(10.0, rel=0.2), "five times what it takes"
    assert s.call_limit(0, [0.0]) == math.inf, "nothing was decoded as a final yet"
    s.receive("a", 8.0, 7.0)
    s.take(0, 7.0)
    s.turn_lost("a", s.turn("a"), 7.0, weight=1.0, shared=False)
    s.take(0, 7.0)
    assert s.call_limit(0, [8.0]) == pytest.approx(2 * limits[5], rel=0.2), "it is tried for longer"


def test_the_streams_of_a_lost_worker_go_to_those_that_are_alive() -> None:
    s = schedule("a", "b", "c", "d", sticky=True)
    for key in "abcd":
        s.receive(key, 1.0, 1.0)
    first, second = s.take(0, 1.0, 2), s.take(1, 1.0, 2)
    for key in first:
        s.turn_lost(key, s.turn(key), 2.0, weight=1.0, shared=True)
    s.worker_lost(0, 2.0)
    for key in second:
        s.done(key, 2.0)
    assert [s.take(1, 2.0, 1) for _ in range(2)] == [[key] for key in first]


def test_text_that_was_being_made_ready_when_its_worker_died_is_made_again() -> None:
    s = schedule("a", vad=True)
    s.receive("a", 1.0, 1.0)
    s.detect("a", speech(0.7, 1.0), 1.0)
    assert s.take(0, 1.0) == ["a"]
    assert s.turn_lost("a", s.turn("a"), 1.1, weight=1.0, shared=False)
    assert s.take(0, 1.1) == ["a"]


def test_sticky_streams_stay_with_their_worker_and_are_spread() -> None:
    s = schedule("a", "b", "c", "d", sticky=True)
    for key in "abcd":
        s.receive(key, 1.0, 1.0)
    first, second = s.take(0, 1.0, 2), s.take(1, 1.0, 2)
    assert sorted(first + second) == ["a", "b", "c", "d"]
    assert len(first) == len(second) == 2
    for key in "abcd":
        s.done(key, 2.0)
        s.receive(key, 1.0, 2.0)
    assert s.take(1, 2.0, 2) == second
    s.worker_lost(0, 2.0)
    assert s.take(1, 2.0, 2) == [], "its share is full"
    assert s.take(0, 2.0, 2) == first


def test_sticky_streams_move_to_a_worker_with_fewer_where_that_is_cheap() -> None:
    s = schedule(sticky=True)
    s.begin(*"abcd", windowed=False)
    for now in (1.0, 2.0):
        for key in "abcd":
            s.receive(key, 0.5, now)
        assert s.take(0, now) == list("abcd")
        for key in "abcd":
            s.done(key, now)
    s.audio["a"].needs = 0  # since its last endpoint it has a second
    for key in "abcd":
        s.receive(key, 0.5, 3.0)
    s.audio["b"].needs = 0
    s.audio["b"].taken += samples(0.1)
    assert s.take(1, 3.0, 2) == ["a", "c"], "one worker has four, the other none"


def test_lag_is_the_longest_wait() -> None:
    s = schedule("a", "b")
    assert s.lag(9.0) == 0.0
    s.receive("a", 1.0, 1.0)
    s.receive("b", 1.0, 4.0)
    assert s.lag(9.0) == pytest.approx(8.0)


@dataclass
class Speaker:
    """Speaks all the time, or never."""

    speaks: bool = True
    turns: list[float] = field(default_factory=list)

    def activity(self, now: float) -> SpeechActivity:
        return speech(now) if self.speaks else silence(now)


def simulate(s: Schedule, speakers: list[Speaker], workers: int, cost: float, end: float) -> float:
    """Run an engine for which a stream's turn costs `cost` seconds; return its busy seconds."""
    who = {str(n): speaker for n, speaker in enumerate(speakers)}
    s.begin(*who, vad=True)
    busy: list[tuple[float, list[tuple[str, int]], float] | None] = [None] * workers
    now, tick, spent = 0.0, 0.1, 0.0
    while now < end:
        now = round(now + tick, 6)
        for key, speaker in who.items():
            s.receive(key, tick, now)
            s.detect(key, speaker.activity(now), now)
        for worker, job in enumerate(busy):
            if job and job[0] <= now:
                s.batch_done(worker, job[2], now)
                for key, turn in job[1]:
                    assert s.is_newest(key, turn)
                    s.done(key, now)
                busy[worker] = None
            if busy[worker] is None and (keys := s.take(worker, now, workers)):
                for key in keys:
                    assert who[key].speaks, "silence takes no turns"
                    who[key].turns.append(now)
                seconds = cost * len(keys)
                spent += seconds
                busy[worker] = (now + seconds, [(key, s.turn(key)) for key in keys], seconds)
    return spent


@given(
    streams=st.integers(1, 24),
    batch=st.integers(1, 16),
    workers=st.integers(1, 4),
    cost=st.floats(0.01, 0.3),
    sticky=st.booleans(),
)
@settings(deadline=None, max_examples=examples(40))
@pytest.mark.slow
def test_under_any_load_speakers_have_turns_evenly(
    streams: int, batch: int, workers: int, cost: float, sticky: bool
) -> None:
    s = Schedule(replace(POLICY, batch=batch, max_batch_seconds=0.5), sticky=sticky)
    speakers = [Speaker() for _ in range(streams)]
    simulate(s, speakers, workers, cost, 30.0)
    counts = [len(speaker.turns) for speaker in speakers]
    # Sticky streams share their worker's time, and workers differ by one stream.
    slack = 2 + (max(counts) // 2 if sticky else max(counts) // 10)
    assert max(counts) - min(counts) <= slack
    assert min(counts) >= 1 or streams * cost / workers > 30, "nobody starves"


def test_silent_streams_cost_nothing() -> None:
    def spent(speakers: list[Speaker]) -> float:
        return simulate(Schedule(POLICY), speakers, 1, 0.02, 15.0)

    talking = spent([Speaker() for _ in range(5)])
    with_listeners = spent([Speaker() for _ in range(5)] + [Speaker(False) for _ in range(20)])
    assert with_listeners == pytest.approx(talking, rel=0.01)


def test_one_speaker_more_is_foreseen() -> None:
    s = Schedule(replace(POLICY, max_batch_seconds=0.3))
    speakers = [Speaker() for _ in range(20)]
    simulate(s, speakers, 2, 0.1, 30.0)
    gaps = [(turns[-1] - turns[-11]) / 10 for turns in (speaker.turns for speaker in speakers)]
    foreseen = s.interval(2, 30.0)
    assert foreseen == pytest.approx(sum(gaps) / len(gaps) * 21 / 20, rel=0.25)
    assert Schedule(POLICY).interval(2, 60.0) == 0.0


def test_finals_take_from_what_is_left_for_partials() -> None:
    s = schedule("a", "b")
    now = 0.0
    for _ in range(40):  # a final a second that takes half of it, and a partial that takes 0.1 s
        now += 1.0
        s.receive("a", 1.0, now)
        s.finish("a", now)
        s.take(0, now)
        s.batch_done(0, 0.5, now)
        s.remove("a")
        s.begin("a")
        s.receive("b", 1.0, now)
        s.take(0, now)
        s.batch_done(0, 0.1, now)
        s.done("b", now)
    # Of two streams a third is to be foreseen: three of four quarters of a worker for finals.
    assert s.interval(1, now) == pytest.approx(3 * 0.1 / (1 - 0.5 * 3 / 2), rel=0.3)
    assert s.interval(1, now + 60) < s.interval(1, now)


def test_clients_that_send_as_fast_as_they_are_answered_leave_room_for_others() -> None:
    s = schedule()
    now = 0.0
    for _ in range(60):  # 4 s of audio in 0.2 s, and a final that takes all the rest of a second
        s.begin("a")
        for _ in range(8):
            now += 0.025
            s.receive("a", 0.5, now)
        s.finish("a", now)
        assert s.take(0, now) == ["a"]
        now += 0.8
        s.batch_done(0, 0.8, now)
        s.remove("a")
    s.begin("b")
    s.receive("b", 1.0, now)
    s.take(0, now)
    s.batch_done(0, 0.1, now)
    assert s.interval(1, now) < 0.5


def test_steps_are_not_put_off_for_the_finals_of_others() -> None:
    s = schedule("a", policy=replace(POLICY, batch=1))
    s.begin("b", windowed=False)
    s.receive("b", 0.5, 1.0)
    s.receive("a", 0.5, 1.0)
    s.finish("a", 1.5)
    assert s.take(0, 1.5) == ["b"], "it was due 0.5 s before, and is patient for 0.3 s"
    assert s.take(0, 1.5) == ["a"]


def test_whether_streams_wait_besides_those_in_the_batch() -> None:
    s = schedule("a", "b", policy=replace(POLICY, batch=1))
    assert not s.has_waiting
    s.receive("a", 1.0, 1.0)
    assert s.has_waiting
    assert s.take(0, 1.0) == ["a"]
    assert not s.has_waiting
    s.receive("b", 1.0, 1.0)
    assert s.has_waiting


def test_there_is_time_to_spare_where_nobody_waits() -> None:
    s = schedule("a", "b", policy=replace(POLICY, batch=1))
    s.receive("a", 1.0, 1.0)
    assert s.take(0, 1.0) == ["a"]
    assert s.has_spare_time("a", 1.0)
    s.receive("b", 1.0, 1.0)
    assert not s.has_spare_time("a", 1.0)


def test_an_upload_spares_time_for_live_streams_only() -> None:
    s = schedule("live")
    for key in ("one", "two"):
        s.audio[key] = AudioWithoutVad(windowed=True)
        s.add(key, s.audio[key], upload=True)
        s.receive(key, 9.0, 1.0)
    assert s.is_backlog("one", 1.0)
    assert not s.is_backlog("live", 1.0)
    assert s.has_spare_time("one", 1.0)
    assert not s.has_spare_time("live", 1.0), "uploads wait, and may be late for their share"
    s.receive("live", 1.0, 1.0)
    assert not s.has_spare_time("one", 1.0)


def test_a_new_stream_does_not_wait_for_long_for_a_worker_with_fewer() -> None:
    s = schedule("a", "b", sticky=True)
    for key in ("a", "b"):
        s.receive(key, 1.0, 1.0)
    assert s.take(0, 1.0) == ["a", "b"]
    for key in ("a", "b"):
        s.done(key, 1.1)
    s.begin("c")
    s.receive("c", 1.0, 2.0)
    assert s.take(0, 2.0, 2) == [], "the other worker holds fewer"
    assert s.take(0, 3.1, 2) == ["c"], "and does not come for it"
