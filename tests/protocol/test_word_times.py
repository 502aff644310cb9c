"""Times of characters and words, from the times of an utterance's words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from liusheng.protocol.word_times import character_times, words_at_spaces


@dataclass(frozen=True)
class Word:
    text: str
    start: float
    end: float


@dataclass(frozen=True)
class Utterance:
    text: str
    words: tuple[Word, ...] = ()
    start: float = 0.0
    end: float = 1.0
    index: int = 0
    alternatives: tuple[Any, ...] = ()


def timed(piece: str, utterance: Utterance) -> list[tuple[str, float, float]]:
    return [
        (character, round(begin, 3), round(end, 3))
        for character, begin, end in character_times(piece, utterance)
    ]


def test_a_word_is_divided_between_its_characters() -> None:
    utterance = Utterance("你好", (Word("你好", 1.0, 2.0),))
    assert timed("你好", utterance) == [("你", 1.0, 1.5), ("好", 1.5, 2.0)]


def test_added_characters_have_no_duration() -> None:
    utterance = Utterance("你好", (Word("你", 1.0, 1.4), Word("好", 1.6, 2.0)))
    assert timed(" 你好。", utterance) == [
        (" ", 1.0, 1.0), ("你", 1.0, 1.4), ("好", 1.6, 2.0), ("。", 2.0, 2.0),
    ]  # fmt: skip


def test_a_comma_in_a_word_takes_none_of_its_time() -> None:
    utterance = Utterance("好，", (Word("好，", 1.0, 2.0),))
    assert timed("好，", utterance) == [("好", 1.0, 2.0), ("，", 2.0, 2.0)]


def test_without_words_the_utterance_is_divided() -> None:
    utterance = Utterance("a b", start=2.0, end=4.0)
    assert timed("a b", utterance) == [("a", 2.0, 3.0), (" ", 3.0, 3.0), ("b", 3.0, 4.0)]


def test_an_utterance_of_nothing() -> None:
    assert timed(" ", Utterance("", start=3.0, end=4.0)) == [(" ", 3.0, 3.0)]


def test_words_end_at_spaces() -> None:
    letters = [("h", 0.0, 0.1), ("i", 0.1, 0.2), (" ", 0.2, 0.2), (" ", 0.2, 0.2), ("a", 0.5, 0.9)]
    assert list(words_at_spaces(letters)) == [("hi", 0.0, 0.2), ("a", 0.5, 0.9)]
    assert list(words_at_spaces([])) == []


texts = st.text(alphabet="你好，。 ab", max_size=12)


@given(texts, st.lists(st.text(alphabet="你好，。ab", min_size=1, max_size=4), max_size=5))
def test_every_character_is_timed_in_order_and_inside_the_words(
    piece: str, words: list[str]
) -> None:
    utterance = Utterance(
        "".join(words), tuple(Word(text, at + 0.25, at + 1.0) for at, text in enumerate(words))
    )
    found = list(character_times(piece, utterance))
    assert "".join(character for character, _, _ in found) == piece
    last = max(1.0, float(len(words)))
    for _, begin, end in found:
        assert 0.0 <= begin <= end + 1e-9
        assert end <= last + 1e-9
