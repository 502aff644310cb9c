"""Tokens of the conventions that models use, as text and as words with times."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liusheng.asr.sherpa.tokens import _BYTE_ALPHABET, Token, Vocabulary, language_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def vocabulary(folder: Path, *symbols: str) -> Vocabulary:
    path = folder / "tokens.txt"
    listed = ["<blk>", "<sos/eos>", "<unk>", *symbols]
    path.write_text("".join(f"{s} {i}\n" for i, s in enumerate(listed)), encoding="utf-8")
    return Vocabulary(path)


def text(v: Vocabulary, tokens: Sequence[str]) -> str:
    return "".join(v.spell(tokens))


def test_sentence_pieces(folder: Path) -> None:
    v = vocabulary(folder, "▁HE", "LLO", "▁WOR", "LD", "你", "▁h")
    assert text(v, [" HE", "LLO", " WOR", "LD", "你"]) == " HELLO WORLD你"


def test_capital_letters_only_are_written_small(folder: Path) -> None:
    v = vocabulary(folder, "▁HE", "LLO", "你")
    assert text(v, [" HE", "LLO", "你"]) == " hello你"


def test_funasr(folder: Path) -> None:
    v = vocabulary(folder, "hel@@", "lo", "world", "你", "好")
    assert text(v, ["hel@@", "lo", "world", "你", "好", "hel@@", "lo"]) == "hello world 你好 hello"


def test_byte_fallback(folder: Path) -> None:
    v = vocabulary(folder, "▁a", "<0xE4>", "<0xBD>", "<0xA0>")
    assert v.spell([" a", "<0xE4>", "<0xBD>", "<0xA0>", " a"]) == [" a", "", "", "你", " a"]
    assert text(v, ["<0xE4>", " a"]) == " a"


def byte_tokens(text: str) -> list[str]:
    letters = {byte: char for char, byte in _BYTE_ALPHABET.items() if char != "▁"}
    return [letters[byte] for byte in text.encode()]


def test_the_byte_alphabet_is_icefalls() -> None:
    # Some of the letters at the seams of icefall's table.
    known = {"Ā": 0, "ğ": 31, "~": 126, "Ġ": 127, "ı": 144, "Ĵ": 145, "ľ": 155, "Ł": 156}
    known |= {"ň": 163, "Ŋ": 164, "ž": 216, "ƀ": 217, "Ʀ": 255}
    assert {char: _BYTE_ALPHABET[char] for char in known} == known
    assert len(_BYTE_ALPHABET) == 257
    assert set(_BYTE_ALPHABET.values()) == set(range(256))


def test_byte_level_bpe(folder: Path) -> None:
    v = vocabulary(folder, "▁ƌţŅ", "ƌŕŚ", "▁HI", "hi")
    tokens = [" ", *byte_tokens("你好")]
    assert text(v, tokens) == " 你好"
    # A token may end in the middle of a character.
    whole = "".join(byte_tokens("你好"))
    assert v.spell([whole[:2], whole[2:]]) == ["", "你好"]


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=20))
def test_any_text_survives_byte_level_bpe(tmp_path_factory: pytest.TempPathFactory, s: str) -> None:
    v = vocabulary(tmp_path_factory.mktemp("tokens"), "▁ƌţŅ", "hi")
    assert text(v, byte_tokens(s)) == s


def test_words_have_the_times_of_their_tokens(folder: Path) -> None:
    v = vocabulary(folder, "▁he", "llo", "你", "▁好")
    tokens = [Token(" he", 0.4), Token("llo", 0.6), Token("你", 1.0), Token(" 好", 1.1)]
    pieces = v.pieces(tokens, until=1.2)
    assert [piece.text for piece in pieces] == [" hello", "你", "好"]
    assert [piece.start for piece in pieces] == [0.4, 1.0, 1.1]
    assert [piece.end for piece in pieces] == pytest.approx([0.84, 1.1, 1.2])
    assert v.pieces([], until=0.0) == ()


def test_a_line_may_hold_the_space_symbol(folder: Path) -> None:
    path = folder / "tokens.txt"
    path.write_text("<blk> 0\n  1\n\na 2\n")
    assert Vocabulary(path).symbols == ("<blk>", " ", "a")


def test_the_language_of_a_text() -> None:
    assert language_of("hello 你好", ("en", "zh")) == "zh"
    assert language_of("hello", ("zh", "en")) == "en"
    assert language_of("hello", ("zh", "yue")) == "zh"


def test_a_word_is_in_the_case_of_the_vocabulary(folder: Path) -> None:
    assert vocabulary(folder, "▁HE", "LLO").match_case("Hello") == "HELLO"
    assert vocabulary(folder, "▁he", "llo").match_case("Hello") == "hello"
    assert vocabulary(folder, "▁He", "llo").match_case("Hello") == "Hello"
    assert vocabulary(folder, "你").match_case("Hello") == "Hello"


def test_characters_that_hotwords_may_have(folder: Path) -> None:
    characters = vocabulary(folder, "你", "好", "们好", ":", "#0").encodable(None)
    assert characters == {"你", "好"}
    small = vocabulary(folder, "▁", "a", "b", "'", "é", "/", "▁abc")
    assert small.encodable({"▁", "a", "'", "é"}) == {"a", "A", "'", "é", "É"}
    both = vocabulary(folder, "▁", "A", "B", "1", "你", "É")
    assert both.encodable({"▁", "A"}) == {"A", "a", "你", "É", "é"}


def test_a_character_that_cannot_begin_a_word_is_not_for_hotwords(folder: Path) -> None:
    pieces = ("▁a", "a", "b")
    assert vocabulary(folder, *pieces).encodable(pieces) == {"a", "A"}
