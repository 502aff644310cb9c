"""The vocabulary agrees with itself and with the model in the package."""

from __future__ import annotations

from pathlib import Path

import liusheng.models
from training.tiny.vocabulary import (
    BLANK,
    GARBAGE,
    HOMOPHONES_EN,
    SYMBOLS,
    TRAINED,
    WORDS,
    WORDS_EN,
    WORDS_ZH,
)


def test_the_shipped_model_has_these_symbols() -> None:
    tokens = Path(liusheng.models.__file__).with_name("tiny") / "tokens.txt"
    lines = tokens.read_text("utf-8").splitlines()
    assert lines == [f"{symbol} {number}" for number, symbol in enumerate(SYMBOLS)]


def test_symbols_are_the_trained_tokens_without_garbage() -> None:
    assert [symbol.removeprefix("▁") for symbol in SYMBOLS] == list(TRAINED[:-1])
    assert (TRAINED[0], TRAINED[-1]) == (BLANK, GARBAGE)
    assert len(set(TRAINED)) == len(TRAINED)


def test_every_word_has_pronunciations_of_its_own() -> None:
    assert all(WORDS.values())
    for words in (WORDS_ZH, WORDS_EN):
        sounds = [sound for each in words.values() for sound in each]
        assert len(set(sounds)) == len(sounds)


def test_homophones_are_not_words_of_the_vocabulary() -> None:
    assert HOMOPHONES_EN & WORDS_EN.keys() == {"oh"}
