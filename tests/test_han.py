from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liusheng.asr.text.pieces import split_pieces
from liusheng.han import HAN, has_han, is_han

IDEOGRAPHS = {
    "the first of the basic block": "一",
    "the last of the basic block": "\u9fff",
    "extension A": "㐀",
    "extension B": "𠮷",
    "extension G": "\U00030000",
    "a compatibility ideograph": "豈",
    "a compatibility ideograph of plane 2": "\U0002f800",
    "zero": "〇",
}
OTHERS = {
    "hiragana": "あ",
    "katakana": "ア",
    "hangul": "한",
    "the iteration mark": "々",
    "a radical": "⼀",
    "a hexagram": "䷀",
    "a full stop": "。",
    "a full-width letter": "Ａ",
    "a letter": "a",
    "a figure": "1",
    "an emoji": "😀",
    "nothing": "",
    "two ideographs": "中文",
}


@pytest.mark.parametrize("char", IDEOGRAPHS.values(), ids=IDEOGRAPHS.keys())
def test_ideographs_are_han(char: str) -> None:
    assert is_han(char)
    assert has_han(f"a {char}")
    assert re.fullmatch(f"[{HAN}]", char)


@pytest.mark.parametrize("char", OTHERS.values(), ids=OTHERS.keys())
def test_other_characters_are_not(char: str) -> None:
    assert not is_han(char)


def test_text_without_ideographs_has_none() -> None:
    assert not has_han("".join(OTHERS.values()).removesuffix("中文"))


@given(st.text())
def test_a_text_has_han_when_one_of_its_characters_is(text: str) -> None:
    assert has_han(text) == any(map(is_han, text))


@given(st.text(alphabet="".join(IDEOGRAPHS.values()), min_size=1))
def test_each_is_a_unit_of_recognised_text(text: str) -> None:
    assert split_pieces(text) == list(text)
