"""Which characters are Han characters. Every module that asks takes the answer from here.

The set is Unicode's Unified_Ideograph and CJK compatibility ideographs, by block, and 〇 (U+3007).
Not in it: the iteration mark 々, kana, hangul, radicals, and full-width punctuation.
"""

from __future__ import annotations

import re

HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""The characters as ranges, to be put between the brackets of a regular expression."""

_ONE = re.compile(f"[{HAN}]")


def is_han(char: str) -> bool:
    """Whether a string is one Han character."""
    return _ONE.fullmatch(char) is not None


def has_han(text: str) -> bool:
    """Whether a text contains a Han character."""
    return _ONE.search(text) is not None
