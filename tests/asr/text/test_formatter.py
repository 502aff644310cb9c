"""Marks and numbers as a stream wants them, over a recogniser that says what it is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liusheng.asr.capabilities import Capabilities, NotSupportedError
from liusheng.asr.recognizer import Outcome, Turn
from liusheng.asr.text.formatter import TextFormatter, format_utterance, without_marks
from liusheng.asr.text.pieces import split_pieces, spread
from liusheng.asr.types import Alternative, Partial, StreamParams, Utterance, Word
from tests.support.unprepared import PlainRecognizer


def utterance(text: str, lang: str = "zh", *others: str) -> Utterance:
    pieces = spread(split_pieces(text), 1.0, 1.0 + len(text) / 4)
    words = tuple(Word(p.text.strip(), p.start, p.end) for p in pieces)
    alternatives = tuple(Alternative(t, -float(i)) for i, t in enumerate((text, *others)))
    return Utterance(0, text, words, lang, 1.0, 1.0 + len(text) / 4, alternatives)


class Sayer(PlainRecognizer):
    languages = ("zh", "en")
    sticky = False

    def __init__(self, *outcomes: Outcome) -> None:
        self._outcomes = list(outcomes)
        self.forgotten: list[Any] = []

    def capabilities(self, lang: str) -> Capabilities:
        return Capabilities("sayer", punctuation=False)

    def open(self, params: StreamParams) -> Any:
        self.capabilities(params.lang).check(params)
        return 0

    def advance(self, turns: Sequence[Turn]) -> list[Outcome]:
        return [self._outcomes[turn.state] for turn in turns]

    def forget(self, states: Sequence[Any]) -> None:
        self.forgotten += states


class Preparer(Sayer):
    """Says what was prepared: an outcome's number."""

    def prepare(self, turn: Turn) -> Turn:
        return replace(turn, prepared=1)

    def advance(self, turns: Sequence[Turn]) -> list[Outcome]:
        return [self._outcomes[turn.prepared or 0] for turn in turns]


def say(params: StreamParams, *outcomes: Outcome) -> list[Outcome]:
    writer = TextFormatter(Sayer(*outcomes))
    state = writer.open(params)
    heard = []
    for _ in outcomes:
        outcome = writer.advance([Turn(state, b"")])[0]
        state = outcome.state
        heard.append(outcome)
    return heard


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("你好，世界。", "你好世界"),
        ("你好，OK。", "你好 OK"),
        ("版本 3.5，好吗？", "版本 3.5 好吗"),
        ("Well, I don't know: U.S. or “them”?", "Well I don't know U.S or them"),
        ("60%，9月1日", "60% 9月1日"),
        ("……", ""),
        # signs of numbers
        ("气温-5度。", "气温-5度"),
        ("-3.5", "-3.5"),
        ("it is -5 degrees.", "it is -5 degrees"),
        ("3-5=-2", "3-5=-2"),
        ("(-5)", "-5"),
        ("It's .5 percent.", "It's .5 percent"),
        ("3–5天——好", "3–5天好"),
        ("你好.5点见", "你好 5点见"),
        ("c - d, well -- 5", "c d well 5"),
        ("9·11", "9·11"),
    ],
)
def test_without_marks(text: str, bare: str) -> None:
    assert without_marks(text) == bare


@given(st.text("你好a1 ，。.,'?-–=", max_size=12), st.integers(0, 12))
def test_what_a_text_begins_with_stays_when_it_grows(text: str, at: int) -> None:
    whole = without_marks(text)
    assert whole.startswith(without_marks(text[:at]))


def test_a_stream_without_options_gets_the_text_unchanged() -> None:
    said = Outcome(1, (utterance("你好，三百。"),), Partial(1, "一", 1))
    (heard,) = say(StreamParams("zh"), said)
    assert (heard.closed, heard.partial) == (said.closed, said.partial)


def test_without_punctuation() -> None:
    said = Outcome(1, (utterance("你好，世界。", "zh", "你好世界。", "你号世界。"),),
                   Partial(1, "好，的", 3))  # fmt: skip
    (heard,) = say(StreamParams("zh", punctuation=False), said)
    (closed,) = heard.closed
    assert closed.text == "你好世界"
    assert [w.text for w in closed.words] == list("你好世界")
    assert [a.text for a in closed.alternatives] == ["你好世界", "你号世界"]
    assert heard.partial == Partial(1, "好的", 2)


def test_a_sign_without_a_space_is_in_the_words_too() -> None:
    before = utterance("气温-5度，好- 5")
    after = format_utterance(before, StreamParams("zh", punctuation=False))
    assert after.text == "气温-5度好 5"
    assert [w.text for w in after.words] == ["气", "温-", "5", "度", "好", "5"]


def test_punctuation_is_refused_for_a_model_that_writes_none() -> None:
    with pytest.raises(NotSupportedError, match="sayer writes no punctuation"):
        TextFormatter(Sayer()).open(StreamParams("zh", punctuation=True))
    with pytest.raises(NotSupportedError, match="zh and en only"):
        TextFormatter(Sayer()).open(StreamParams("ja", itn=True))


def test_numbers_in_figures_have_the_places_of_their_words() -> None:
    before = utterance("我有三百五十块，对吧。")
    after = format_utterance(before, StreamParams("zh", itn=True))
    assert after.text == "我有350块，对吧。"
    places = {w.text: (w.start, w.end) for w in after.words}
    old = [(w.start, w.end) for w in before.words]
    assert places["我"] == pytest.approx(old[0])
    assert places["350"] == pytest.approx((old[2][0], old[5][1]), abs=0.01)
    assert places["吧。"] == pytest.approx(old[-1], abs=0.15)


def test_nothing_of_an_open_utterance_is_stable_while_numbers_are_rewritten() -> None:
    said = [Outcome(1, (), Partial(0, "二十", 2)), Outcome(0, (), Partial(0, "", 0))]
    heard = say(StreamParams("auto", itn=True), *said)
    assert heard[0].partial == Partial(0, "20", 0)


def test_numbers_in_words() -> None:
    heard = say(StreamParams("en", itn=False), Outcome(0, (utterance("$250 it is", "en"),),
                Partial(1)))  # fmt: skip
    assert heard[0].closed[0].text == "two hundred and fifty dollars it is"


@given(
    st.text("一二三百十点零万你好，。 a1%-.", min_size=1, max_size=14).map(str.strip).filter(bool),
    st.booleans(),
    st.sampled_from([None, False]),
)
def test_words_make_the_text_and_are_monotone_and_inside(
    text: str, itn: bool, punctuation: bool | None
) -> None:
    before = utterance(text)
    after = format_utterance(before, StreamParams("zh", itn=itn, punctuation=punctuation))
    assert "".join(w.text for w in after.words).replace(" ", "") == after.text.replace(" ", "")
    clock = 1.0
    for word in after.words:
        assert word.start >= clock - 1e-9
        assert word.end >= word.start
        clock = word.start
    assert all(w.end <= before.end + 1e-9 for w in after.words)


def test_streams_that_ended_are_passed_on() -> None:
    sayer = Sayer()
    writer = TextFormatter(sayer)
    writer.forget([writer.open(StreamParams())])
    assert sayer.forgotten == [0]


def test_what_was_prepared_is_formatted() -> None:
    writer = TextFormatter(
        Preparer(*(Outcome(0, (), Partial(0, text)) for text in ("一。", "二。")))
    )
    turn = Turn(writer.open(StreamParams(punctuation=False)), b"")
    outcomes = writer.advance([turn, writer.prepare(turn)])
    assert [outcome.partial.text for outcome in outcomes] == ["一", "二"]
