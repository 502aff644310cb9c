"""Times that are found for each utterance are those of the whole text."""

from __future__ import annotations

from itertools import pairwise
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liusheng.han import has_han
from liusheng.protocol.asr import TimedToken
from liusheng.protocol.closed_text import ClosedText
from liusheng.protocol.closed_times import ClosedTimes
from liusheng.protocol.transcript import Transcript
from liusheng.protocol.word_times import UNTIMED, character_times, words_at_spaces
from tests.protocol.test_transcript import Utterance, spoken

WORDS = ["你好，世界", "big world", "好 APP", "well", "a ， b", "Stop！", "（yes", "嗯。"]
STARTS = st.lists(st.floats(0, 5), min_size=6, max_size=6)


def added(texts: list[str], starts: list[float]) -> list[tuple[str, Utterance]]:
    """What utterances add to a text, and they themselves. They may overlap."""
    whole = ClosedText()
    utterances = [spoken(i, text, starts[i]) for i, text in enumerate(texts)]
    pieces = [(whole.add(each.text), each) for each in utterances]
    return [(piece, each) for piece, each in pieces if piece]


def at_once(pieces: list[tuple[str, Utterance]]) -> list[TimedToken]:
    """The tokens of the whole text, found together."""
    text = "".join(piece for piece, _ in pieces)
    characters = [each for piece in pieces for each in character_times(*piece)]
    spaces = len(text) - len(text.lstrip())
    tokens, clock = [], 0.0
    for token, start, stop in characters[spaces:] if has_han(text) else words_at_spaces(characters):
        if token not in UNTIMED:
            begin = max(clock, start)
            clock = max(begin, stop)
            tokens.append(TimedToken(w=token, bg=round(begin, 3), ed=round(clock, 3)))
    return tokens


@pytest.mark.parametrize("early", [True, False])
@given(texts=st.lists(st.sampled_from(WORDS), max_size=6), starts=STARTS, first=st.integers(0, 6))
def test_tokens_are_those_of_the_whole(
    texts: list[str], starts: list[float], first: int, early: bool
) -> None:
    pieces = added(texts, starts)
    times = ClosedTimes(early=early)
    for place, piece in enumerate(pieces):
        times.add(*piece)
        times.between(place, place + 1)  # as replies do
    for end in range(first, len(pieces) + 1):
        assert list(times.between(first, end)) == at_once(pieces[first:end])
    tokens = times.between(0, None)
    assert list(tokens) == at_once(pieces)
    assert all(a.bg <= a.ed <= b.bg <= b.ed for a, b in pairwise(tokens))


@pytest.mark.parametrize("texts", [["some words"] * 20, ["些字"] * 20, ["好", "words"] * 10])
def test_in_the_final_reply_nothing_is_left_to_find(texts: list[str]) -> None:
    """Whether or not a reply has asked for the times before: one that is resumed has none."""
    transcript = Transcript(timed=True)
    transcript.append(spoken(i, text, float(i)) for i, text in enumerate(texts))
    transcript.begin(len(texts))
    name = "liusheng.protocol.closed_times.character_times"
    with patch(name, wraps=character_times) as looked_for:
        assert len(transcript.times()) >= 20
    assert looked_for.call_count == 0
