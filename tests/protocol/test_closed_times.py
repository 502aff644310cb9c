"""Times that are found for each utterance are those of the whole."""

from __future__ import annotations

from itertools import pairwise
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from liusheng.han import has_han
from liusheng.protocol.closed_times import ClosedTimes
from liusheng.protocol.word_times import character_times
from tests.protocol.test_transcript import Utterance, spoken

TEXTS = st.lists(st.sampled_from(["你好，世界", " big world", "好 APP", " well", "a b", "嗯。"]))


def times_of(utterances: list[Utterance]) -> ClosedTimes:
    times = ClosedTimes()
    for utterance in utterances:
        times.add(utterance.text, utterance)
    return times


@given(TEXTS, st.lists(st.floats(0, 5), min_size=9, max_size=9), st.integers(0, 9))
def test_tokens_are_those_of_the_text_and_never_go_back(
    texts: list[str], starts: list[float], asked: int
) -> None:
    """The utterances may overlap."""
    texts = texts[: len(starts)]
    utterances = [spoken(i, text, starts[i]) for i, text in enumerate(texts)]
    times = times_of(utterances)
    for place in range(asked, len(texts)):
        times.between(place, place + 1)  # as replies do, each when its utterance ends
    tokens = times.between(0, None)
    assert tokens == times_of(utterances).between(0, None)
    whole = "".join(texts)
    said = [each for each in whole.lstrip() if each not in "，。"] if has_han(whole) else None
    words = [word for text in texts for word in text.split()]
    assert [token.w for token in tokens] == (said or words)
    assert all(a.bg <= a.ed <= b.bg <= b.ed for a, b in pairwise(tokens))


def test_words_of_different_utterances_are_not_joined() -> None:
    tokens = times_of([spoken(0, "Stop!"), spoken(1, "Go", 5)]).between(0, None)
    assert [(token.w, token.bg) for token in tokens] == [("Stop!", 0), ("Go", 5)]


def test_what_was_found_is_not_looked_for_again() -> None:
    times = times_of([spoken(i, " some words", i) for i in range(20)])
    for place in range(19):
        times.between(place, place + 1)
    name = "liusheng.protocol.closed_times.character_times"
    with patch(name, wraps=character_times) as looked_for:
        assert len(times.between(0, None)) == 40
    assert looked_for.call_count == 1
