"""The text on the wire keeps its promises, whatever a recogniser writes."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liusheng.han import has_han
from liusheng.protocol.closed_text import join
from liusheng.protocol.transcript import Transcript


@dataclass(frozen=True)
class Word:
    text: str
    start: float
    end: float


@dataclass(frozen=True)
class Alternative:
    text: str
    score: float


@dataclass(frozen=True)
class Utterance:
    index: int
    text: str
    words: tuple[Word, ...]
    start: float
    end: float
    alternatives: tuple[Alternative, ...] = ()


def spoken(index: int, text: str, start: float = 0.0, each: float = 0.25) -> Utterance:
    """An utterance whose words are its characters (Han) or its words, with times."""
    pieces = [c for c in text if not c.isspace()] if has_han(text) else text.split()
    words = tuple(
        Word(piece, start + i * each, start + (i + 1) * each) for i, piece in enumerate(pieces)
    )
    return Utterance(index, text, words, start, start + each * len(pieces))


def closed(*texts: str) -> Transcript:
    transcript = Transcript()
    for index, text in enumerate(texts):
        transcript.update([spoken(index, text, start=float(10 * index))], index + 1, "", 0)
    return transcript


@pytest.mark.parametrize(
    ("texts", "result"),
    [
        (["你好"], "你好"),
        (["你好，世界"], "你好，世界。"),
        (["你好，世界，"], "你好，世界。"),
        (["你好吗？"], "你好吗。"),
        (["，你好。。", "。世界，，真好"], "你好。世界，真好。"),
        (["你好", "世界"], "你好世界"),
        (["hello there", "how are you"], "hello there how are you"),
        (["Hello.", "How are you?"], "Hello. How are you?"),
        (["打开 WiFi 吧"], "打开 WiFi 吧"),
        (["你好。", "OK."], "你好。OK。"),
        (["", "  ", "好"], "好"),
        (["。", "，"], ""),
        ([], ""),
    ],
)
def test_closed_text(texts: list[str], result: str) -> None:
    assert closed(*texts).view.result == result


def test_join_puts_spaces_where_people_do() -> None:
    assert join("a", "b") == "a b"
    assert join("你", "好") == "你好"
    assert join("好。", "OK") == "好。OK"
    assert join("", "x") == "x"


def test_times_have_an_entry_for_each_character_but_two_marks() -> None:
    transcript = closed("你好，ab c", "世界")
    text = transcript.view.result
    tokens = transcript.times()
    assert text == "你好，ab c。世界。"
    assert "".join(token.w for token in tokens) == re.sub("[，。]", "", text)
    assert tokens[0].bg == 0.0
    assert next(token for token in tokens if token.w == "世").bg == 10.0


def test_times_of_other_text_are_its_words() -> None:
    tokens = closed("hello big world", "bye").times()
    assert [token.w for token in tokens] == ["hello", "big", "world", "bye"]
    assert [token.bg for token in tokens] == [0.0, 0.25, 0.5, 10.0]


def test_times_without_words_are_spread_over_the_utterance() -> None:
    transcript = Transcript()
    transcript.update([Utterance(0, "你好", (), 1.0, 2.0)], 1, "", 0)
    assert [(token.bg, token.ed) for token in transcript.times()] == [(1.0, 1.5), (1.5, 2.0)]


def test_a_partial_shows_what_is_stable() -> None:
    transcript = closed("你好。")
    transcript.update([], 1, "今天天气", 2)
    view = transcript.view
    assert view.result == "你好。今天天气"
    assert view.stable == "你好。今天"
    assert (view.utterance, view.is_final) == (1, False)
    transcript.update([spoken(1, "今天天晴。")], 2, "", 0)
    assert transcript.view.is_final
    assert transcript.view.utterance == 1


text_like = st.text(alphabet="你好世界，。？！, .ab 1", max_size=12)


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[str, list[tuple[int, str]]]]:
    """Utterances as a recogniser that keeps its promises shows them: partials, then the text."""
    history = []
    for _ in range(draw(st.integers(0, 4))):
        final = draw(text_like)
        stable = 0
        partials = []
        for _ in range(draw(st.integers(0, 3))):
            stable = draw(st.integers(stable, len(final)))
            partials.append((stable, final[:stable] + draw(text_like)))
        history.append((final, partials))
    return history


@given(histories())
def test_promises_hold_in_every_history(history: list[tuple[str, list[tuple[int, str]]]]) -> None:
    transcript = Transcript()
    shown_stable = shown_final = ""
    for index, (final, partials) in enumerate(history):
        steps: list[tuple[list[Utterance], int, str, int]] = [
            ([], index, text, stable) for stable, text in partials
        ]
        steps.append(([spoken(index, final, start=float(index))], index + 1, "", 0))
        for step in steps:
            transcript.update(*step)
            view = transcript.view
            if has_han(view.result):
                assert not re.search("^[，。]|[，。]\\s*[，。]", view.result)
            assert view.result.startswith(view.stable)
            assert view.result.startswith(shown_stable)
            assert len(view.stable) >= len(shown_stable)
            assert view.result.startswith(shown_final)
            shown_stable = view.stable
            if view.is_final:
                shown_final = view.result
    result = transcript.view.result
    tokens = transcript.times()
    if has_han(result):
        assert "".join(token.w for token in tokens) == re.sub("[，。]", "", result)
        if re.search("[，。？！,.]", result):
            assert result.endswith("。")
    else:
        assert [token.w for token in tokens] == [w for w in result.split() if w not in "，。"]
    ends = [0.0]
    for token in tokens:
        assert ends[-1] <= token.bg <= token.ed
        ends.append(token.ed)


@given(st.lists(st.text("我a ，。?!", max_size=6), max_size=8))
def test_utterances_that_come_at_once_are_those_that_come_one_by_one(texts: list[str]) -> None:
    together = Transcript()
    together.append(spoken(index, text) for index, text in enumerate(texts))
    together.begin(len(texts))
    one_by_one = closed(*texts)
    assert together.view.result == one_by_one.view.result
    assert [piece for piece, _ in together.pieces] == [piece for piece, _ in one_by_one.pieces]
    assert "".join(piece for piece, _ in together.pieces) == together.view.result


def test_an_utterance_is_looked_at_once_however_much_there_was_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked_at = 0

    def counted(text: str) -> bool:
        nonlocal looked_at
        looked_at += len(text)
        return has_han(text)

    monkeypatch.setattr("liusheng.protocol.closed_text.has_han", counted)
    transcript = Transcript()
    transcript.append(spoken(index, "ten chars.") for index in range(100))
    assert looked_at <= 100 * 20
    transcript.begin(100)
