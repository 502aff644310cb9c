"""Which language a window is decoded in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liusheng.asr.offline.engine import Window
from liusheng.asr.offline.language import choose_language


def window(seconds: float, before: str = "", shown: str = "") -> Window:
    return Window(np.zeros(round(seconds * 16_000), np.float32), "auto", before=before, shown=shown)


def of_two(zh: float, en: float) -> list[tuple[str, float]]:
    return sorted([("zh", zh), ("en", en)], key=lambda each: -each[1])


@pytest.mark.parametrize(
    ("zh", "en", "seconds", "lang", "sure"),
    [
        (0.9, 0.05, 0.6, "zh", True),
        (0.5, 0.01, 0.6, "zh", True),  # the rest is languages that nobody asked for
        (0.3, 0.01, 0.6, "zh", False),  # most likely it is neither, or no speech yet
        (0.5, 0.4, 1.0, "zh", False),
        (0.5, 0.4, 2.0, "zh", True),
        (0.0, 0.015, 2.0, "en", True),
    ],
)
def test_a_language_is_sure_when_it_is_likely_or_there_is_enough_speech(
    zh: float, en: float, seconds: float, lang: str, sure: bool
) -> None:
    assert choose_language(of_two(zh, en), window(seconds)) == (lang, sure)


def test_margins_of_the_window_are_no_speech() -> None:
    margins = Window(np.zeros(3 * 16_000, np.float32), "auto", speech=(0.5, 2.0))
    assert choose_language(of_two(0.5, 0.4), margins) == ("zh", False)


def test_a_stream_keeps_its_language_unless_another_is_much_likelier() -> None:
    assert choose_language(of_two(0.3, 0.6), window(1.0, before="zh")) == ("zh", False)
    assert choose_language(of_two(0.3, 0.6), window(2.5, before="zh")) == ("zh", True)
    assert choose_language(of_two(0.05, 0.85), window(1.0, before="zh")) == ("en", True)
    assert choose_language(of_two(0.3, 0.6), window(2.5, before="cy")) == ("en", True)


def test_what_other_languages_get_does_not_keep_a_stream_in_the_wrong_one() -> None:
    assert choose_language(of_two(0.02, 0.3), window(1.5, before="zh")) == ("en", False)
    assert choose_language(of_two(0.02, 0.3), window(2.0, before="zh")) == ("en", True)
    assert choose_language(of_two(0.1, 0.3), window(2.5, before="zh")) == ("zh", True)
    assert choose_language(of_two(0.02, 0.3), window(1.4, before="zh")) == ("zh", False)


def test_what_is_shown_stays_in_its_language_until_another_is_much_likelier() -> None:
    assert choose_language(of_two(0.3, 0.6), window(1.0, "en", shown="zh")) == ("zh", True)
    assert choose_language(of_two(0.6, 0.3), window(1.0, shown="zh")) == ("zh", True)
    assert choose_language(of_two(0.05, 0.85), window(1.0, shown="zh")) == ("en", True)


@given(
    st.lists(st.floats(0, 1), min_size=2, max_size=9),
    st.floats(0.1, 20),
    st.sampled_from(["", "l0", "l1", "other"]),
    st.sampled_from(["", "l0", "l1"]),
)
def test_the_language_is_one_of_the_choice_and_sure_within_the_bound(
    probabilities: list[float], seconds: float, before: str, shown: str
) -> None:
    total = sum(probabilities) + 1e-9
    ranked = [(f"l{n}", p / total) for n, p in enumerate(sorted(probabilities, reverse=True))]
    lang, sure = choose_language(ranked, window(seconds, before, shown))
    assert lang in dict(ranked)
    assert sure or (seconds < 2.0 and not shown)
