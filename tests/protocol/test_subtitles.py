from __future__ import annotations

import json
import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from liusheng.protocol.subtitles import (
    LINE_COLUMNS,
    LINE_COLUMNS_CJK,
    LINES,
    LONG_PAUSE_MS,
    MAX_MS,
    MIN_MS,
    Cue,
    cues,
    srt,
    vtt,
)
from tests.support.timed_texts import TimedText, Token, timed_texts

CASES = json.loads((Path(__file__).parents[1] / "data/subtitles.json").read_text("utf-8"))
"""Texts with their cues; tests/web runs them through the page's port."""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_table(case: dict[str, Any]) -> None:
    expected = [Cue(*cue) for cue in case["cues"]]
    assert cues(case["text"], map(tuple, case["tokens"])) == expected


@given(timed_texts())
def test_every_piece_of_the_text_is_in_one_cue_and_in_order(timed: TimedText) -> None:
    found = cues(*timed)
    assert _letters("".join(cue.text for cue in found)) == _letters(timed.text)


@given(timed_texts())
def test_cues_do_not_overlap_and_their_durations_are_within_bounds(timed: TimedText) -> None:
    found = cues(*timed)
    for cue in found:
        assert MIN_MS <= round(1_000 * (cue.end - cue.start)) <= MAX_MS
    for cue, following in pairwise(found):
        assert cue.end <= following.start


@given(timed_texts())
@example(TimedText(f"{'X ' * 57}it’s ", [("X", 0.0, 0.0)] * 57 + [("it’s", 0.0, 0.0)]))
def test_a_cue_has_at_most_two_lines_that_fit(timed: TimedText) -> None:
    cjk = re.search("[\u1100-\u115f\u2e80-\uffee\U0001f300-\U0003fffd]", timed.text)
    for cue in cues(*timed):
        lines = cue.text.split("\n")
        assert len(lines) <= LINES
        for line in lines:
            # Punctuation that stands between words without a space may make one unit of them.
            if len(line.split()) > 1:
                assert _columns(line) <= (LINE_COLUMNS_CJK if cjk else LINE_COLUMNS)


@given(timed_texts(spaced=True))
def test_no_cue_spans_a_long_pause(timed: TimedText) -> None:
    number = _cue_of_each_token(timed, cues(*timed))
    for (_, _, end), (_, start, _), cue, following in zip(
        timed.tokens, timed.tokens[1:], number, number[1:], strict=False
    ):
        if 1_000 * (start - end) >= LONG_PAUSE_MS + 1:
            assert cue < following


@given(
    st.lists(st.tuples(st.text("abc", min_size=1, max_size=12), st.floats(0.45, 0.8)), min_size=2)
)
def test_no_word_is_left_alone(words: list[tuple[str, float]]) -> None:
    tokens: list[Token] = []
    clock = 0.0
    for word, seconds in words:
        tokens.append((word, clock, clock + seconds))
        clock += seconds
    found = cues(" ".join(word for word, _ in words), tokens)
    assert all(len(cue.text.split()) >= 2 for cue in found)
    first = 0
    for cue in found:
        assert cue.start == pytest.approx(tokens[first][1], abs=0.001), "with its first word"
        first += len(cue.text.split())


def test_times_that_run_backwards_are_put_in_order() -> None:
    tokens = [("one", 5.0, 6.0), ("two", 2.0, 3.0), ("three", 6.5, 7.5)]
    assert cues("one two three", tokens) == [Cue(5.0, 7.5, "one two three")]


def test_tokens_that_are_not_in_the_text_are_passed_over() -> None:
    tokens = [("one", 0.0, 1.0), ("eins", 1.0, 1.5), ("two", 1.5, 2.5)]
    assert cues("one two", tokens) == [Cue(0.0, 2.5, "one two")]


def test_a_text_without_times() -> None:
    with pytest.raises(ValueError, match="time of each word"):
        cues("good morning", [])
    assert cues("", []) == []


def test_files() -> None:
    shown = [Cue(0.0, 1.25, "a & b\nc"), Cue(3_661.0004, 3_662.0, "d")]
    assert srt(shown) == (
        "1\n00:00:00,000 --> 00:00:01,250\na & b\nc\n\n2\n01:01:01,000 --> 01:01:02,000\nd\n\n"
    )
    assert vtt(shown) == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:01.250\na &amp; b\nc\n\n"
        "01:01:01.000 --> 01:01:02.000\nd\n\n"
    )


def _letters(text: str) -> str:
    return re.sub("\\s", "", text)


def _columns(line: str) -> int:
    return sum(2 if "\u1100" <= c <= "\u115f" or c >= "\u2e80" else 1 for c in line)


def _cue_of_each_token(timed: TimedText, found: Sequence[Cue]) -> list[int]:
    letters = [number for number, cue in enumerate(found) for _ in _letters(cue.text)]
    numbers = []
    at = 0
    for token, _, _ in timed.tokens:
        at = timed.text.index(token, at)
        numbers.append(letters[len(_letters(timed.text[:at]))])
        at += len(token)
    return numbers
