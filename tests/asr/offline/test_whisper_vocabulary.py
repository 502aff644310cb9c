"""Which of Whisper's tokens Mandarin needs."""

from __future__ import annotations

import numpy as np
import pytest

from liusheng.asr.offline.whisper_vocabulary import CutVocabulary, is_mandarin, mandarin_tokens
from tests.support.random_models.whisper import tokenizer

NEEDED = (
    "好", "謝謝", " 我", "〇", "々", "，", "。」", "…", "—", "2026", " %", "½", " the", "App",
    "¿", "♪", "\u200b",
)  # fmt: skip
NOT_NEEDED = (
    "です", "カ", "ー", "我が", "안", " нет", "é", "ção", " über", "ن", "ก็", "ा", "α", "ő",
)  # fmt: skip


def test_what_mandarin_needs_stays_and_the_rest_goes() -> None:
    hf = tokenizer((*NEEDED, *NOT_NEEDED), timestamps=5)
    text_tokens = 256 + len(NEEDED) + len(NOT_NEEDED)
    kept = mandarin_tokens(hf, text_tokens)
    dropped = sorted(set(range(hf.get_vocab_size())) - set(kept.tolist()))
    assert [hf.decode([token]) for token in dropped] == list(NOT_NEEDED)
    assert (np.diff(kept) > 0).all()


def test_parts_of_characters_stay_where_the_character_can_be_han() -> None:
    parts = {"龘": True, "，": True, "“": True, "𠮷": True, "ж": False, "é": False}
    pieces = [b" " + char.encode()[:-1] for char in parts]
    kept = mandarin_tokens(tokenizer(pieces, timestamps=1), 256 + len(pieces))
    assert [256 + i in kept for i in range(len(pieces))] == list(parts.values())


def test_rare_pieces_of_latin_letters_go() -> None:
    pieces = [f"a{i}" for i in range(14_000)]
    kept = set(mandarin_tokens(tokenizer(pieces, timestamps=1), 256 + len(pieces)).tolist())
    assert 13_999 in kept
    assert not kept & set(range(14_000, 14_256))


@pytest.mark.parametrize(
    "text", ["", "你好，世界。", "２０２６年5月", "〇", " 100%", "佐々木", "用APP", "PowerPoint吗"]
)
def test_mandarin(text: str) -> None:
    assert is_mandarin(text)


@pytest.mark.parametrize("text", ["I have bought a ticket", "é", "東京の", "네", "好\ufffd", "ий"])
def test_not_mandarin_alone(text: str) -> None:
    assert not is_mandarin(text)


def test_numbers_of_tokens() -> None:
    vocabulary = CutVocabulary(np.array([1, 4, 5]), 7)
    assert vocabulary.renumber([4, 1, 6, 5]) == [1, 0, 2]
    assert vocabulary.restore([1, 0, 2]) == [4, 1, 5]
    assert vocabulary.covers([5, 1])
    assert not vocabulary.covers([5, 0])
    assert vocabulary.covers([])
    assert vocabulary.renumber([]) == vocabulary.restore([]) == []
