"""Random texts: their tokens, and how these fall into groups."""

from __future__ import annotations

import random

import pytest

MISSING = "training/tiny/requirements.txt is not installed"
pytest.importorskip("jieba", reason=MISSING)
pytest.importorskip("misaki", reason=MISSING)

from training.tiny import texts  # noqa: E402
from training.tiny.vocabulary import (  # noqa: E402
    COMMANDS_ZH,
    DIGITS_EN,
    DIGITS_ZH,
    GARBAGE,
    HOMOPHONES_EN,
    TRAINED,
)


@pytest.mark.parametrize("kind", texts.KINDS)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_groups_hold_all_tokens(kind: str, language: str) -> None:
    rng = random.Random(1)
    for _ in range(30):
        text = texts.KINDS[kind](rng, language)
        assert (text.kind, text.language) == (kind, language)
        assert sum(text.groups) == len(text.tokens)
        assert set(text.tokens) <= set(TRAINED)
        pauses = sum(text.phonemes.rstrip(".?").count(mark) for mark in (", ", ". "))
        assert pauses == len(text.groups) - 1


def test_digits_are_digits_and_other_speech_is_garbage() -> None:
    rng = random.Random(2)
    assert set(texts.digits(rng, "zh").tokens) <= DIGITS_ZH.keys()
    assert set(texts.digits(rng, "en").tokens) <= DIGITS_EN.keys()
    assert set(texts.commands(rng, "zh").tokens) <= COMMANDS_ZH.keys() | DIGITS_ZH.keys()
    assert set(texts.other(rng, "zh").tokens) == {GARBAGE}


def test_the_same_seed_gives_the_same_texts() -> None:
    first, second = (texts.commands(random.Random(3), "en") for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("tu", "ti", True),
        ("tu", "stu", True),
        ("stu", "tu", True),
        ("tu", "tu", True),
        ("tu", "stup", False),
        ("left", "lift", True),
        ("left", "loft", True),
        ("left", "lost", False),
    ],
)
def test_one_sound_apart(a: str, b: str, expected: bool) -> None:
    assert texts.one_apart(a, b) is expected


def test_near_words_are_no_homophones_alone() -> None:
    rng = random.Random(4)
    homophones = {texts.pronounce_en(word) for word in HOMOPHONES_EN}
    words = {texts.english_word(rng, alone=True) for _ in range(40)}
    assert not words & homophones
