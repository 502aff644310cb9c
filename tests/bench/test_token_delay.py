from __future__ import annotations

import pytest

from liusheng.bench.token_delay import first_shown, visible_tokens


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("今天，Hello World!", ["今", "天", "hello", "world"]),
        ("It's 5 o’clock.", ["its", "5", "oclock"]),
        ("ＡＰＰ很好", ["app", "很", "好"]),
        ("。，", []),
    ],
)
def test_tokens_of_a_text(text: str, tokens: list[str]) -> None:
    assert visible_tokens(text) == tokens


def test_letter_by_letter() -> None:
    assert visible_tokens("用APP 吧。", by_letter=True) == ["用", "a", "p", "p", "吧"]


def test_a_token_counts_from_when_it_was_first_right() -> None:
    shown = [
        (1.0, ["one"]),
        (2.0, ["one", "too"]),
        (3.0, ["one", "two", "three"]),
        (4.0, ["one", "two"]),  # taken back, but it had been shown
        (5.0, ["one", "two", "three", "four"]),
    ]
    assert first_shown(["one", "two", "three", "four"], shown) == [1.0, 3.0, 3.0, 5.0]


def test_a_repeated_token_is_not_shown_too_early() -> None:
    shown = [(1.0, ["很"]), (2.0, ["很", "好"]), (3.0, ["很", "好", "很", "好"])]
    assert first_shown(["很", "好", "很", "好"], shown) == [1.0, 2.0, 3.0, 3.0]


def test_a_token_that_was_never_shown_has_no_time() -> None:
    assert first_shown(["a", "b"], [(1.0, ["a"])]) == [1.0, None]


def test_a_word_that_comes_in_front_moves_the_others() -> None:
    shown = [(1.0, ["b", "c"]), (2.0, ["a", "b", "c"])]
    assert first_shown(["a", "b", "c"], shown) == [2.0, 1.0, 1.0]
