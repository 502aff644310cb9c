"""Roman numerals, where a word beside them counts: 第IV章, 伊丽莎白II世, II型糖尿病."""

from __future__ import annotations

import re

from liusheng.tts.text import numbers
from liusheng.tts.text.rules.patterns import Match, Rule
from liusheng.tts.text.rules.words import SpokenWord

_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}
_WELL_FORMED = re.compile("(?:C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")
_AFTER = "世|型|级|期|类|度|章|节|卷|部|篇|区|组|阶段|代(?!码)|号"


def value(numeral: str) -> int | None:
    """The number that a numeral up to 399 stands for; None for one that is none."""
    if not numeral or not _WELL_FORMED.fullmatch(numeral):
        return None
    total = 0
    for at, letter in enumerate(numeral):
        here = _VALUES[letter]
        total += -here if any(_VALUES[after] > here for after in numeral[at + 1 :]) else here
    return total


def _numeral(match: Match) -> list[SpokenWord] | None:
    if set(match[1]) == {"X"} and len(match[1]) > 1:
        return None  # 第XX届: to be filled in
    number = value(match[1])
    return [SpokenWord(numbers.cardinal(str(number)), plain=True)] if number else None


RULES: list[Rule] = [
    (re.compile(r"(?<=第)([IVXLC]{1,8})(?![A-Za-z\d])"), _numeral),
    # IIIA期: the letter is spelt
    (re.compile(r"(?<![A-Za-z\d.-])(I{1,3}|IV|V)(?=[A-Ca-c]\d?期)"), _numeral),
    (
        re.compile(rf"(?<![A-Za-z\d.-])(I{{1,3}}|IV|VI{{0,3}}|IX|X[IVX]{{0,5}})(?=(?:{_AFTER}))"),
        _numeral,
    ),
]
