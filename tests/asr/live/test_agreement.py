from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liusheng.asr.live.agreement import agreed, continuation, prefix_distances
from liusheng.asr.text.pieces import Piece, spread


def pieces(text: str) -> tuple[Piece, ...]:
    words = text.split()
    return spread(words, 0.0, float(len(words)))


@pytest.mark.parametrize(
    ("previous", "newest", "count"),
    [
        ("", "a b", 0),
        ("a b c", "a b d", 2),
        ("a b", "a b c d", 2),
        ("Hello, world", "hello world again", 2),
        ("a b", "x a b", 0),
        ("a - b", "a b c", 2),
        ("a b", "a - b ...", 3),
    ],
)
def test_what_two_decodes_begin_with_is_agreed(previous: str, newest: str, count: int) -> None:
    assert agreed(pieces(previous), pieces(newest)) == count


@pytest.mark.parametrize(
    ("stable", "hypothesis", "goes_on_at"),
    [
        ("", "a b", 0),
        ("a b", "a b c d", 2),
        ("a b", "a x b c d", 3),
        ("a b c", "a c d", 2),
        ("a b", "A, b. c", 2),
        ("a b c", "", 0),
    ],
)
def test_a_hypothesis_goes_on_where_the_stable_text_ends(
    stable: str, hypothesis: str, goes_on_at: int
) -> None:
    assert continuation(pieces(stable), pieces(hypothesis)) == goes_on_at


def test_among_equally_near_continuations_time_decides() -> None:
    stable = (Piece("no", 0.0, 1.0),)
    hypothesis = (Piece("so", 0.0, 0.4), Piece("we", 0.5, 1.0), Piece("go", 1.0, 2.0))
    assert continuation(stable, hypothesis) == 1
    assert continuation((Piece("no", 0.0, 0.1),), hypothesis) == 0


@given(st.lists(st.sampled_from("ab"), max_size=6), st.lists(st.sampled_from("ab"), max_size=6))
def test_distances_are_levenshteins(one: list[str], other: list[str]) -> None:
    @cache
    def distance(i: int, j: int) -> int:
        if not i or not j:
            return i + j
        change = one[i - 1] != other[j - 1]
        return min(distance(i - 1, j) + 1, distance(i, j - 1) + 1, distance(i - 1, j - 1) + change)

    assert prefix_distances(one, other) == [distance(len(one), j) for j in range(len(other) + 1)]
