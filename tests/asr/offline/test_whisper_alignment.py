from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liusheng.asr.offline.whisper_alignment import character_spans, place, token_times
from liusheng.asr.text.pieces import Piece


def test_a_token_starts_at_its_first_frame() -> None:
    path = [(0, 0), (0, 1), (1, 5), (1, 6), (2, 10), (2, 15)]
    assert token_times(path, 3) == pytest.approx([0.0, 0.1, 0.2, 0.3])


def test_tokens_that_the_path_skips_start_with_the_next() -> None:
    assert token_times([(0, 5), (2, 10), (2, 20)], 3) == pytest.approx([0.1, 0.2, 0.2, 0.4])
    assert token_times([], 2) == [0.0, 0.0, 0.0]


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=30), st.integers(1, 10))
def test_times_never_decrease(steps: list[tuple[bool, bool]], count: int) -> None:
    path = [(0, 0)]
    for token, frame in steps:
        path.append((min(path[-1][0] + token, count - 1), path[-1][1] + frame))
    times = token_times(path, count)
    assert len(times) == count + 1
    assert times == sorted(times)


def test_characters_have_the_span_of_their_tokens() -> None:
    spans = character_spans([" hi", "好", "\ufffd"], [[1], [2, 3], [4]], [0.0, 1.0, 2.0, 3.0, 4.0])
    assert spans == [(0.0, 1.0)] * 2 + [(1.0, 3.0)], "neither space nor broken bytes"


def test_pieces_are_placed_by_their_characters() -> None:
    pieces = [Piece(" hi", 0, 0), Piece("好", 0, 0), Piece(" ", 0, 0)]
    placed = place(pieces, [(0.1, 0.5), (0.1, 0.5), (0.4, 2.0)], 1.5)
    assert [(p.text, p.start, p.end) for p in placed] == [
        (" hi", 0.1, 0.5),
        ("好", 0.5, 1.5),
        (" ", 1.5, 1.5),
    ]
