"""Which language a piece is in."""

from __future__ import annotations

import re

from liusheng.han import has_han
from liusheng.tts.text.rules.addresses import ADDRESSES
from liusheng.tts.text.rules.patterns import any_of
from liusheng.tts.text.rules.words import latin_kind
from liusheng.tts.text.symbols import SPELT_UNITS, UNITS
from liusheng.tts.text.types import Language

_WORD = re.compile(r"(?<![A-Za-z])[A-Za-z]{2,}(?:'[A-Za-z]+)?(?![A-Za-z])")
_UNIT_LIKE = re.compile(
    rf"\d\s?(?:{any_of([*UNITS, *SPELT_UNITS])})(?:/[A-Za-z²³]+)?(?![A-Za-z])"
    r"|\d[A-Za-z/²³]+(?![A-Za-z])|[A-Za-z]+\d+"
)
_FORMULA = re.compile(r"[=+×÷²³√^≤≥≈]|(?<![A-Za-z])(?:log|lg|ln|sin|cos|tan)[_ ]?[(\d]")


def piece_language(text: str, before: Language | None) -> Language | None:
    """The language of a piece of cleaned text; None where nothing tells and nothing went before.

    Han characters make it Mandarin, a word of English English; a piece of figures and marks alone
    goes on in the language `before` it.
    """
    if has_han(text):
        return "zh"
    if _FORMULA.search(text) and not re.search("[A-Za-z]{4,}", text):
        return before
    for match in _WORD.finditer(_UNIT_LIKE.sub(" ", _no_addresses(text))):
        if latin_kind(match[0]) == "english":
            return "en"
    return before


def _no_addresses(text: str) -> str:
    for pattern in ADDRESSES:
        text = pattern.sub(" ", text)
    return text
