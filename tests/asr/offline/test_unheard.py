from __future__ import annotations

import pytest

from liusheng.asr.offline.unheard import unheard
from liusheng.asr.text.pieces import Piece, split_pieces, spread

SECONDS = 10.0


def placed(text: str, start: float, end: float) -> tuple[Piece, ...]:
    return spread(split_pieces(text), start, end)


def gaps(
    pieces: tuple[Piece, ...], *certain: tuple[float, float]
) -> list[tuple[int, float, float]]:
    return [
        (gap.at, round(gap.start, 2), round(gap.end, 2))
        for gap in unheard(pieces, certain, SECONDS)
    ]


def test_speech_with_words_over_it_is_heard() -> None:
    assert gaps(placed("今天天气很好我们", 0.5, 3.0), (0.5, 3.0)) == []
    assert gaps(placed("It rains in the mountains", 0.5, 3.0), (0.5, 3.0)) == []


def test_slow_speech_is_heard() -> None:
    assert gaps(placed("今天很好", 0.5, 2.4), (0.5, 2.4)) == []
    assert gaps(placed("Very slow words", 0.5, 3.0), (0.5, 3.0)) == []


def test_speech_before_between_and_after_words() -> None:
    first, second = placed("今天很好", 2.0, 3.0), placed("我们出去", 6.0, 7.0)
    found = gaps(first + second, (0.5, 1.5), (2.0, 3.0), (4.0, 5.0), (6.0, 7.0), (8.0, 9.0))
    assert found == [(0, 0.5, 1.5), (4, 4.0, 5.0), (8, 8.0, 9.0)]


def test_a_word_that_an_alignment_spreads_over_a_gap_does_not_hide_it() -> None:
    text = (*placed("今天很", 0.5, 1.0), Piece("好", 1.0, 6.0))
    assert gaps(text, (0.5, 1.3), (2.0, 6.0)) == [(4, 2.0, 6.0)]
    first = (Piece("今", 0.5, 5.0), *placed("天很好", 5.0, 6.0))
    assert gaps(first, (0.5, 3.0), (4.7, 6.0)) == [(0, 0.5, 3.0)]
    middle = (*placed("今天", 0.5, 1.0), Piece("很", 1.0, 6.0), *placed("好", 6.0, 6.3))
    assert gaps(middle, (0.5, 6.3)) == [(3, 1.5, 5.5)]


def test_pauses_and_short_sounds_are_not_unheard() -> None:
    assert gaps(placed("今天很好", 0.5, 1.5), (0.5, 1.5), (3.0, 3.6)) == []
    assert gaps(placed("今天很好", 0.5, 1.5), (0.5, 1.5)) == []


def test_parts_of_speech_count_together() -> None:
    found = gaps(placed("今天很好", 0.5, 1.5), (0.5, 1.5), (3.0, 3.4), (3.7, 4.1))
    assert found == [(4, 3.0, 4.1)]


def test_too_few_words_for_so_much_speech() -> None:
    (gap,) = unheard(placed("好", 0.5, 6.0), [(0.5, 6.0)], SECONDS)
    assert gap.at == 1
    assert gap.after == pytest.approx(1.0)
