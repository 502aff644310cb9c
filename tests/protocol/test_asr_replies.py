"""What replies say in each mode: endpoints, their times, alternatives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from liusheng.han import has_han
from liusheng.protocol import asr
from liusheng.protocol.asr_replies import Replies


@dataclass(frozen=True)
class Alternative:
    text: str
    score: float


@dataclass(frozen=True)
class Said:
    index: int
    text: str
    words: tuple[Any, ...] = ()
    start: float = 0.0
    end: float = 1.0
    alternatives: tuple[Alternative, ...] = ()


def said(index: int, text: str, *others: tuple[str, float], score: float = -0.1) -> Said:
    alternatives = (Alternative(text, score), *(Alternative(*other) for other in others))
    return Said(index, text, (), index, index + 1.0, alternatives)


class TestCumulative:
    def test_the_text_goes_on_and_times_come_once(self) -> None:
        replies = Replies()
        replies.transcript.update([said(0, "你好。")], 1, "世", 1)
        first = replies.result()
        assert (first.result, first.stable, first.utterance) == ("你好。世", "你好。世", 1)
        assert first.times is not UNSET
        assert [(t.w, t.bg, t.ed) for t in first.times] == [
            ("你", 0.0, 0.333),
            ("好", 0.333, 0.667),
        ]
        assert replies.result().times is UNSET

    def test_utterances_between_two_replies_share_one(self) -> None:
        replies = Replies()
        replies.transcript.update([said(0, "one two"), said(1, "three")], 2, "", 0)
        times = replies.result().times
        assert times is not UNSET
        assert [t.w for t in times] == ["one", "two", "three"]
        replies.transcript.update([said(2, "four")], 3, "", 0)
        times = replies.result().times
        assert times is not UNSET
        assert [(t.w, t.bg) for t in times] == [("four", 2.0)]


class TestUtterances:
    def test_closed_ones_come_one_by_one_and_then_the_open_one(self) -> None:
        replies = Replies(asr.RecognitionConfig(partials="utterance"))
        replies.transcript.update([said(0, "one"), said(1, "two")], 2, "three four", 5)
        got = [replies.result() for _ in range(4)]
        assert [(r.result, r.utterance, r.is_final, r.stable) for r in got] == [
            ("one", 0, True, "one"),
            ("two", 1, True, "two"),
            ("three four", 2, False, "three"),
            ("three four", 2, False, "three"),
        ]
        assert [r.times is UNSET for r in got] == [False, False, True, True]
        replies.transcript.update([], 2, "", 0)
        assert replies.final("a").result == "one two"

    def test_the_text_restarts(self) -> None:
        replies = Replies(asr.RecognitionConfig(partials="utterance"))
        assert (replies.result().result, replies.has_more) == ("", False)
        replies.transcript.update([said(0, "一。")], 1, "", 0)
        assert replies.has_more
        assert replies.result().result == "一。"
        assert not replies.has_more
        assert (replies.result().result, replies.result().utterance) == ("", 1)


class TestCutShort:
    def test_the_last_utterance_is_open_to_a_client_that_goes_on(self) -> None:
        replies = Replies(resumable=True)
        replies.transcript.update([said(0, "one")], 1, "two", 3)
        replies.result()
        replies.cut_short()
        replies.transcript.update([said(1, "two th")], 2, "", 0)
        result = replies.result()
        assert (result.result, result.utterance, result.is_final, result.stable) == (
            "one two th", 1, False, "one",
        )  # fmt: skip
        assert (result.times, result.final_until) == (UNSET, 1.0)
        assert replies.final("a").result == "one two th"

    def test_utterances_that_had_ended_still_come_one_by_one(self) -> None:
        replies = Replies(asr.RecognitionConfig(partials="utterance"), resumable=True)
        replies.transcript.update([said(0, "one"), said(1, "two")], 2, "three", 0)
        replies.cut_short()
        replies.transcript.update([said(2, "three"), said(3, "four")], 4, "", 0)
        assert [(r.result, r.utterance, r.is_final, r.final_until) for r in replies.rest()] == [
            ("one", 0, True, 1.0),
            ("two", 1, True, 2.0),
            ("three four", 2, False, 2.0),
        ]
        assert replies.result().times is UNSET

    def test_it_is_the_end_for_any_other_client(self) -> None:
        replies = Replies()
        replies.cut_short()
        replies.transcript.update([said(0, "one")], 1, "", 0)
        result = replies.result()
        assert (result.result, result.is_final) == ("one", True)
        assert (result.times is UNSET, result.final_until) == (False, UNSET)


def test_word_times_are_not_computed_unless_requested() -> None:
    replies = Replies(asr.RecognitionConfig(word_times=False))
    replies.transcript.update([said(0, "one")], 1, "", 0)
    assert replies.result().times is UNSET
    assert replies.final("a").times == ()


class TestAlternatives:
    def test_they_come_only_if_wanted(self) -> None:
        replies = Replies()
        replies.transcript.update([said(0, "one", ("won", -0.2))], 1, "", 0)
        assert replies.final("a").nbest is UNSET

    def test_the_whole_texts_come_by_what_their_utterances_score(self) -> None:
        replies = Replies(asr.RecognitionConfig(nbest=4))
        replies.transcript.update([said(0, "你好。", ("你号。", -0.4))], 1, "", 0)
        replies.transcript.update([said(1, "世界", ("事界", -0.2), ("视界", -0.9))], 2, "", 0)
        final = replies.final("a")
        assert final.nbest is not UNSET
        assert [(a.result, a.score) for a in final.nbest] == [
            ("你好。世界。", -0.2),
            ("你好。事界。", -0.3),
            ("你号。世界。", -0.5),
            ("你号。事界。", -0.6),
        ]
        assert final.nbest[0].result == final.result

    def test_a_model_that_has_one_gives_one(self) -> None:
        replies = Replies(asr.RecognitionConfig(nbest=3))
        replies.transcript.update([Said(0, "one")], 1, "", 0)
        nbest = replies.final("a").nbest
        assert nbest is not UNSET
        assert [(a.result, a.score) for a in nbest] == [("one", 0.0)]

    def test_audio_without_speech(self) -> None:
        nbest = Replies(asr.RecognitionConfig(nbest=3)).final("a").nbest
        assert nbest is not UNSET
        assert [a.result for a in nbest] == [""]

    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["你好。", "世界", "one", "。"]),
                st.lists(st.tuples(st.text("你好ab。", max_size=3), st.floats(-5, 0)), max_size=4),
            ),
            max_size=5,
        ),
        st.integers(2, 6),
    )
    def test_the_text_is_first_scores_fall_and_none_comes_twice(
        self, history: list[tuple[str, list[tuple[str, float]]]], most: int
    ) -> None:
        replies = Replies(asr.RecognitionConfig(nbest=most))
        for index, (text, others) in enumerate(history):
            replies.transcript.update([said(index, text, *others, score=0.0)], index + 1, "", 0)
        final = replies.final("a")
        assert final.nbest is not UNSET
        assert 1 <= len(final.nbest) <= most
        assert final.nbest[0].result == final.result
        assert len({a.result for a in final.nbest}) == len(final.nbest)
        scores = [a.score for a in final.nbest]
        assert scores == sorted(scores, reverse=True)


texts = st.text("你好世界，。 .ab1", max_size=8)


@given(
    st.lists(
        st.tuples(st.lists(texts, max_size=3), texts, st.integers(0, 8), st.integers(0, 3)),
        max_size=8,
    ),
    st.sampled_from(["cumulative", "utterance"]),
)
def test_no_utterance_is_skipped_or_sent_twice(
    history: list[tuple[list[str], str, int, int]], partials: Any
) -> None:
    """Whatever comes between replies, and however many are asked for."""
    replies = Replies(asr.RecognitionConfig(partials=partials))
    told: list[asr.Result] = []
    index = 0
    for closed, text, stable, asked in history:
        utterances = [said(index + i, each) for i, each in enumerate(closed)]
        index += len(closed)
        replies.transcript.update(utterances, index, text, min(stable, len(text)))
        told += [replies.result() for _ in range(asked)]
    while replies.has_more:
        told.append(replies.result())
    told.append(replies.result())
    for reply in told:
        assert reply.result.startswith(reply.stable)
    transcript = replies.transcript
    whole = [t for n in range(transcript.closed) for t in transcript.times(n, n + 1)]
    assert [t for r in told if r.times is not UNSET for t in r.times][: len(whole)] or not whole
    if partials == "utterance":
        ends = [r for r in told if r.times is not UNSET]
        assert [r.result for r in ends] == [
            transcript.closed_view(n).result for n in range(transcript.closed)
        ]
        assert all(r.is_final for r in ends)
        assert [r.utterance for r in ends] == sorted(r.utterance for r in ends)
        for reply in ends:
            times = reply.times
            assert times is not UNSET
            said_again = "".join(t.w for t in times)
            if has_han(reply.result):
                assert said_again == reply.result.replace("，", "").replace("。", "")


@pytest.mark.parametrize(
    ("wishes", "rate"),
    [
        ({}, 32_000),
        ({"sample_rate": 8_000}, 16_000),
        ({"format": "pcm_mulaw", "sample_rate": 8_000}, 8_000),
        ({"format": "pcm_f32le", "sample_rate": 48_000, "channels": 2}, 384_000),
        ({"format": "flac"}, 0),
    ],
)
def test_how_fast_bytes_come(wishes: dict[str, Any], rate: int) -> None:
    assert asr.Start(name="a", **wishes).bytes_per_second == rate
