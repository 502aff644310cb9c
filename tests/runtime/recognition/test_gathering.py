"""Turns that are prepared one after the other and decoded together, on a simulated clock."""

from __future__ import annotations

from dataclasses import replace

import pytest

from liusheng.asr.capabilities import Batching
from liusheng.runtime.recognition.gathering import TurnWork
from tests.support.schedule import POLICY, AudioWithoutVad, Schedule, endpoint, speech


def speakers(*keys: str, said: float = 1.0, now: float = 1.0) -> Schedule:
    """Streams of a model that prepares turns, in which somebody has spoken."""
    s = Schedule(POLICY)
    s.begin(*keys, vad=True, batching=Batching.DECODER)
    for key in keys:
        say(s, key, said, now)
    return s


def say(s: Schedule, key: str, until: float, now: float, detected: float | None = None) -> None:
    """Somebody has spoken until then, and was detected further. Times are seconds."""
    last = until if detected is None else detected
    s.receive(key, last - s.audio[key].received / 16_000, now)
    s.detect(key, speech(until, last), now)


def prepared(s: Schedule, key: str, now: float, worker: int = 0, workers: int = 1) -> None:
    """The worker prepares a stream's turn next, for a tenth of a second."""
    assert (s.take(worker, now, workers), s.work) == ([key], TurnWork.PREPARE)
    s.turn_prepared(worker, 0.1, now + 0.1, 0.1)


def test_partials_are_prepared_one_after_the_other_and_decoded_together() -> None:
    s = speakers("a", "b", "c")
    prepared(s, "a", 1.0)
    prepared(s, "b", 1.1)
    say(s, "c", 1.2, 1.2)
    prepared(s, "c", 1.2)
    assert s.turns["c"].end == 19_200, "it has the newest audio"
    assert (s.take(0, 1.3), s.work) == (["a", "b", "c"], TurnWork.COMPLETE)
    s.batch_done(0, 0.2, 1.5)
    for key in "abc":
        s.done(key, 1.5)
    assert s.take(0, 1.5) == []
    assert s.partial_cost == pytest.approx(0.5 / 3), "of all that was computed"


def test_a_batch_does_not_wait_for_others_to_speak() -> None:
    s = speakers("a", "b")
    prepared(s, "a", 1.0)
    prepared(s, "b", 1.1)
    assert (s.take(0, 1.2), s.work) == (["a", "b"], TurnWork.COMPLETE)


def test_a_batch_has_as_many_as_the_policy_says() -> None:
    s = speakers(*"abcdef")
    for at, key in enumerate("abcd"):
        prepared(s, key, 1.0 + at / 10)
    assert (s.take(0, 1.4), s.work) == (["a", "b", "c", "d"], TurnWork.COMPLETE)


def test_one_speaker_is_decoded_in_one_go() -> None:
    s = speakers("a")
    assert (s.take(0, 1.0), s.work) == (["a"], TurnWork.ADVANCE)


def test_a_final_waits_for_one_window_only() -> None:
    s = speakers("a", "b", "c", "d")
    prepared(s, "a", 1.0)
    assert (s.take(0, 1.1), s.work) == (["b"], TurnWork.PREPARE)
    s.finish("d", 1.15)
    s.turn_prepared(0, 0.1, 1.2, 0.1)
    assert (s.take(0, 1.2), s.work) == (["d"], TurnWork.ADVANCE)
    s.batch_done(0, 0.3, 1.5)
    prepared(s, "c", 1.5)
    assert (s.take(0, 1.6), s.work) == (["a", "b", "c"], TurnWork.COMPLETE)


def test_a_partial_that_is_overdue_does_not_wait_for_finals() -> None:
    s = speakers("a", "b", "c")
    prepared(s, "a", 1.0)
    s.finish("c", 5.0)
    prepared(s, "b", 5.0)
    assert (s.take(0, 5.1), s.work) == (["a", "b"], TurnWork.COMPLETE)
    assert (s.take(0, 5.2), s.work) == (["c"], TurnWork.ADVANCE)


def test_a_prepared_partial_gives_way_to_its_own_final() -> None:
    s = speakers("a", "b", "c")
    prepared(s, "a", 1.0)
    prepared(s, "b", 1.1)
    s.finish("a", 1.2)
    assert (s.take(0, 1.2), s.work) == (["a"], TurnWork.ADVANCE)
    prepared(s, "c", 1.5)
    assert (s.take(0, 1.6), s.work) == (["b", "c"], TurnWork.COMPLETE)


def test_a_final_that_comes_while_its_partial_is_prepared_comes_next() -> None:
    s = speakers("a", "b")
    assert s.take(0, 1.0) == ["a"]
    s.finish("a", 1.05)
    s.turn_prepared(0, 0.1, 1.1, 0.1)
    assert (s.take(0, 1.1), s.work) == (["a"], TurnWork.ADVANCE)
    s.remove("a")
    assert (s.take(0, 1.3), s.work) == (["b"], TurnWork.ADVANCE)


def test_a_final_overtakes_its_partial_that_another_worker_prepares() -> None:
    s = speakers(*"abcd")
    assert (s.take(0, 1.0, 2), s.work) == (["a"], TurnWork.PREPARE)
    s.finish("a", 1.05)
    assert (s.take(1, 1.05, 2), s.work) == (["a"], TurnWork.ADVANCE)
    s.turn_prepared(0, 0.1, 1.1, 0.1)
    prepared(s, "b", 1.1, workers=2)
    prepared(s, "c", 1.2, workers=2)
    assert (s.take(0, 1.3, 2), s.work) == (["b", "c"], TurnWork.COMPLETE)


def test_the_text_of_a_pause_is_prepared_where_more_speak_than_there_are_workers() -> None:
    s = speakers("a", "b")
    say(s, "a", 1.0, 1.3, detected=1.3)
    assert (s.take(1, 1.3, workers=2), s.work) == (["a"], TurnWork.ADVANCE)
    s = speakers("a", "b")
    say(s, "a", 1.0, 1.3, detected=1.3)
    prepared(s, "a", 1.3)
    assert (s.take(0, 1.4), s.work) == (["a"], TurnWork.COMPLETE), "partials are another batch"


def test_what_was_prepared_in_a_pause_is_the_final() -> None:
    s = speakers("a", "b", "c", said=1.0)
    say(s, "a", 1.0, 1.3, detected=1.3)
    prepared(s, "a", 1.3)
    s.audio["b"].final_until = 16_000
    s.finish("a", 1.35)
    s.finish("c", 1.36)
    assert (s.take(0, 1.4), s.work) == (["a"], TurnWork.COMPLETE), (
        "before the final that came later"
    )
    assert (s.take(0, 1.5), s.work) == (["c"], TurnWork.ADVANCE)


def test_an_endpoint_does_not_prepare_a_pause_again() -> None:
    s = speakers("a", "b")
    say(s, "a", 1.0, 1.3, detected=1.3)
    prepared(s, "a", 1.3)
    s.receive("a", 0.7, 2.0)
    s.detect("a", endpoint(1.0, 2.0), 2.0)
    assert (s.take(0, 2.0), s.work) == (["a"], TurnWork.COMPLETE)


def test_what_was_said_after_a_pause_takes_its_place() -> None:
    s = speakers("a", "b")
    say(s, "a", 1.0, 1.3, detected=1.3)
    prepared(s, "a", 1.3)
    say(s, "a", 1.6, 1.9, detected=1.9)
    prepared(s, "a", 1.9)
    assert (s.take(0, 2.0), s.work) == (["a"], TurnWork.COMPLETE)
    assert s.turns["a"].end == 30_400


def test_a_stream_that_is_over_is_not_decoded() -> None:
    s = speakers("a", "b", "c")
    prepared(s, "a", 1.0)
    prepared(s, "b", 1.1)
    s.remove("a")
    prepared(s, "c", 1.2)
    s.remove("b")
    s.remove("c")
    assert s.take(0, 1.3) == []


def test_what_a_lost_worker_had_prepared_is_due_again_and_not_to_blame() -> None:
    s = speakers("a", "b", "c")
    for attempt, order in enumerate(["abc", "cab", "bca"]):
        now = 1.0 + attempt
        for at, key in enumerate(order[:2]):
            prepared(s, key, now + at / 10)
        s.worker_lost(0, now + 0.3)
    for at, key in enumerate("abc"):
        prepared(s, key, 4.0 + at / 10)
    assert (s.take(0, 4.4), s.work) == (["a", "b", "c"], TurnWork.COMPLETE)


def test_a_turn_whose_preparation_failed_is_tried_once_more() -> None:
    s = speakers("a", "b", "c")
    prepared(s, "a", 1.0)
    assert s.take(0, 1.1) == ["b"]
    assert s.turn_lost("b", s.turn("b"), 1.2, weight=1.0, shared=False)
    prepared(s, "c", 1.2)
    assert s.take(0, 1.3) == ["a", "c"]
    assert (s.take(0, 1.4), s.work) == (["b"], TurnWork.ADVANCE)
    assert not s.turn_lost("b", s.turn("b"), 1.5, weight=1.0, shared=False)


def test_a_model_that_gains_nothing_from_batches_has_none() -> None:
    s = Schedule(replace(POLICY, batch=8))
    s.begin("a", "b", vad=True, batching=Batching.NONE)
    s.begin("c", "d", vad=True)
    for at, key in enumerate("abcd"):
        say(s, key, 1.0, 1.0 + at / 100)
    assert (s.take(0, 1.1), s.work) == (["a"], TurnWork.ADVANCE)
    assert (s.take(0, 1.1), s.work) == (["b"], TurnWork.ADVANCE)
    assert (s.take(0, 1.1), s.work) == (["c", "d"], TurnWork.ADVANCE)


def test_what_cannot_join_a_batch_goes_before_what_is_less_urgent() -> None:
    s = speakers("a", "z")
    for key in "bcd":
        s.begin(key, vad=True, batching=Batching.DECODER)
        say(s, key, 1.0, 3.5)
    prepared(s, "a", 3.4)
    s.finish("z", 3.6)  # later than when a's partial is overdue
    assert (s.take(0, 3.6), s.work) == (["a"], TurnWork.COMPLETE)
    assert (s.take(0, 3.7), s.work) == (["z"], TurnWork.ADVANCE)
    prepared(s, "b", 3.8)


def test_the_text_of_a_pause_whose_client_has_ended_waits_for_no_other_pause() -> None:
    s = speakers("a", "b")
    say(s, "a", 1.0, 1.3, detected=1.3)
    prepared(s, "a", 1.3)
    say(s, "b", 1.0, 1.4, detected=1.3)
    s.finish("a", 1.4)
    assert (s.take(0, 1.4), s.work) == (["a"], TurnWork.COMPLETE)


def test_pauses_are_decoded_one_by_one_so_that_no_text_depends_on_another() -> None:
    s = speakers("a", "b")
    say(s, "a", 1.0, 1.3, detected=1.3)
    prepared(s, "a", 1.3)
    say(s, "b", 1.0, 1.4, detected=1.3)
    assert (s.take(0, 1.4), s.work) == (["a"], TurnWork.COMPLETE)
    s.batch_done(0, 0.1, 1.5)
    s.done("a", 1.5)
    assert s.take(0, 1.5) == ["b"]


def test_what_needs_no_decode_does_not_wait() -> None:
    s = speakers("a", "b", "z")
    prepared(s, "a", 3.0)
    s.audio["z"].final_until = 16_000
    s.receive("z", 0.7, 3.6)
    s.detect("z", endpoint(1.0, 1.7), 3.6)
    assert (s.take(0, 3.6), s.work) == (["z"], TurnWork.ADVANCE), "though a is overdue"


def test_a_file_does_not_go_before_what_is_prepared() -> None:
    s = speakers("a", "b", "c")
    s.audio["file"] = AudioWithoutVad(windowed=True)
    s.add("file", s.audio["file"], upload=True, batching=Batching.DECODER)
    s.receive("file", 30.0, 1.0)
    prepared(s, "a", 1.0)
    assert (s.take(0, 300.0), s.work) == (["b"], TurnWork.PREPARE), "its share of the time waits"
    s.turn_prepared(0, 0.1, 300.1, 0.1)
    prepared(s, "c", 300.1)
    assert (s.take(0, 300.2), s.work) == (["a", "b", "c"], TurnWork.COMPLETE)
    assert (s.take(0, 300.3), s.work) == (["file"], TurnWork.ADVANCE)


def test_a_final_that_is_prepared_does_not_wait_for_its_worker() -> None:
    s = speakers("a", "b", "d")
    say(s, "a", 1.0, 1.3, detected=1.3)
    assert (s.take(0, 1.3, 2), s.work) == (["a"], TurnWork.PREPARE)
    s.finish("d", 1.2)
    s.turn_prepared(0, 0.1, 1.4, 0.1)
    assert (s.take(0, 1.4, 2), s.work) == (["d"], TurnWork.ADVANCE)
    s.finish("a", 1.45)
    assert (s.take(1, 1.45, 2), s.work) == (["b"], TurnWork.ADVANCE), "it has something to do"
    assert (s.take(2, 1.46, 3), s.work) == (["a"], TurnWork.ADVANCE)
    s.remove("a")
    assert s.take(0, 1.7, 3) == []


def test_of_two_finals_that_other_workers_have_prepared_the_first_goes_first() -> None:
    s = speakers("a", "b", "d", "e")
    for worker, key in ((0, "a"), (2, "b")):
        say(s, key, 1.0, 1.1, detected=1.2)
        assert (s.take(worker, 1.2, 3), s.work) == ([key], TurnWork.PREPARE)
        s.turn_prepared(worker, 0.1, 1.25, 0.1)
    s.finish("d", 1.2)
    assert s.take(0, 1.4, 3) == ["d"]
    s.finish("e", 1.2)
    assert s.take(2, 1.4, 3) == ["e"]
    s.finish("b", 1.52)
    s.finish("a", 1.6)
    assert s.take(1, 1.6, 3) == ["b"]


def test_a_final_is_left_to_the_worker_that_will_be_ready_in_a_moment() -> None:
    s = speakers("b")
    s.begin("a", vad=True, batching=Batching.DECODER)
    say(s, "a", 1.0, 1.3, detected=1.3)
    prepared(s, "a", 1.3)
    say(s, "b", 1.0, 1.4, detected=1.3)
    assert (s.take(0, 1.4, 1), s.work) == (["b"], TurnWork.PREPARE), "it has waited longer"
    s.finish("a", 1.45)
    assert s.take(1, 1.46, 2) == []
    s.turn_prepared(0, 0.1, 1.5, 0.1)
    assert (s.take(0, 1.5, 2), s.work) == (["b"], TurnWork.COMPLETE)
    assert (s.take(1, 1.5, 2), s.work) == (["a"], TurnWork.ADVANCE)


def test_finals_are_decoded_one_by_one() -> None:
    s = speakers("a", "b", "c")
    s.finish("b", 1.1)
    s.finish("a", 1.2)
    assert (s.take(0, 1.3), s.work) == (["b"], TurnWork.ADVANCE)
    s.remove("b")
    assert (s.take(0, 1.4), s.work) == (["a"], TurnWork.ADVANCE)


def test_a_final_goes_between_the_halves_of_a_pause() -> None:
    s = speakers("b", "c")
    s.begin("a", vad=True, batching=Batching.DECODER)
    say(s, "a", 1.0, 1.3, detected=1.3)
    assert (s.take(0, 1.3), s.work) == (["a"], TurnWork.PREPARE)
    s.finish("b", 1.35)
    s.turn_prepared(0, 0.1, 1.4, 0.1)
    assert (s.take(0, 1.4), s.work) == (["b"], TurnWork.ADVANCE)
    s.remove("b")
    assert (s.take(0, 1.6), s.work) == (["a"], TurnWork.COMPLETE)


def test_the_text_of_a_pause_is_awaited_once_its_utterance_has_ended() -> None:
    s = speakers("a", "b")
    say(s, "a", 1.0, 1.3, detected=1.3)
    prepared(s, "a", 1.3)
    assert s.decodes_pause("a")
    s.receive("a", 0.7, 2.0)
    s.detect("a", endpoint(1.0, 2.0), 2.0)
    assert not s.decodes_pause("a")


def test_who_is_prepared_waits() -> None:
    s = speakers("a", "b", "d")
    prepared(s, "a", 1.0)
    prepared(s, "b", 1.1)
    s.finish("d", 1.15)
    assert s.take(0, 1.2) == ["d"]
    assert not s.has_spare_time("d", 1.2)
    assert not s.has_spare_time("a", 1.2)
    assert s.waiting == 2
    assert s.lag(3.0) == 2.0


def test_what_was_prepared_for_nothing_counts() -> None:
    intervals = []
    for finishes in (False, True):
        s = speakers("a", "b", "c")
        s.batch_tested([1.0], 0.2, final=False, stepwise=False)
        prepared(s, "a", 1.0)
        if finishes:
            s.finish("a", 1.1)
            assert (s.take(0, 1.1), s.work) == (["a"], TurnWork.ADVANCE)
        intervals.append(s.interval(1, 1.2))
    assert intervals[0] < intervals[1]


def test_streams_that_stay_with_a_worker_are_spread() -> None:
    s = Schedule(POLICY, sticky=True)
    s.begin(*"abcd", vad=True, batching=Batching.DECODER)
    for key in "abcd":
        say(s, key, 1.0, 1.0)
    prepared(s, "a", 1.0, workers=2)
    prepared(s, "b", 1.1, workers=2)
    assert (s.take(0, 1.2, 2), s.work) == (["a", "b"], TurnWork.COMPLETE)


def test_a_step_of_another_model_goes_before_a_batch_is_full() -> None:
    s = speakers(*"abcd")
    s.begin("step", windowed=False)
    prepared(s, "a", 1.0)
    s.receive("step", 1.0, 1.05)
    assert (s.take(0, 1.1), s.work) == (["step"], TurnWork.ADVANCE)
    prepared(s, "b", 1.2)
