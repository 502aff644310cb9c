"""Percentages, fractions, and two numbers with a slash that are no fraction: blood pressure."""

from __future__ import annotations

import re

from liusheng.han import HAN
from liusheng.tts.text.rules.hyphens import is_minus
from liusheng.tts.text.rules.patterns import (
    SIGN,
    SIGNED,
    TO,
    UNIT,
    Match,
    Rule,
    before,
    sign_words,
)
from liusheng.tts.text.rules.words import SpokenWord, amount, joined, paused, plain, say
from liusheng.tts.text.symbols import UNITS

_SHARE_BEFORE = re.compile(rf"%[{HAN}]{{1,6}}$")
"""95%棉+5%氨纶: no sign."""

_PARTS = {"%": "百分之", "‰": "千分之", "‱": "万分之"}


def _percent(match: Match) -> list[SpokenWord]:
    head = _PARTS[match["sign"]]
    if match["a"][0] == "+" and _SHARE_BEFORE.search(before(match)):
        words = [*say("加"), *_of_hundred(head, match["a"][1:])]
    else:
        words = _of_hundred(head, match["a"])
    return [*words, *say("到"), *_of_hundred(head, match["b"])] if match["b"] else words


def _of_hundred(head: str, number: str) -> list[SpokenWord]:
    sign = number[0] if number[0] in "+-±" else ""
    return [*sign_words(sign, head), *amount(number.lstrip("+±-"))]


def _fraction(match: Match) -> list[SpokenWord] | None:
    sign, whole, top, bottom, unit = match.groups()
    if sign == "-" and not is_minus(match.string, match.start()):
        return None
    if float(bottom) == 0:
        return None
    if before(match, 1) == "第":
        return [*paused(plain(amount(top))), *plain(amount(bottom))]
    words = [*amount(whole), *say("又")] if whole else sign_words(sign)
    words += joined(amount(bottom), "分之")
    return [*words, *(joined(amount(top), UNITS[unit]) if unit else plain(amount(top)))]


def _blood_pressure(match: Match) -> list[SpokenWord] | None:
    high, low, unit = match.groups()
    if not unit and "血压" not in before(match):
        return None
    return [*paused(amount(high)), *joined(amount(low), "毫米汞柱" if unit else "")]


RULES: list[Rule] = [
    (re.compile(rf"(?P<a>{SIGNED})(?:[%‰]?{TO}(?P<b>{SIGNED}))?(?P<sign>[%‰‱])"), _percent),
    (
        re.compile(r"(?<![\d./])(\d{2,3})/(\d{2,3})(?: ?(mmHg|毫米汞柱))?(?![\d/.])"),
        _blood_pressure,
    ),
    (
        # -1/3, 2又1/2, 4.5/5; not the parts of a path or a date.
        re.compile(
            rf"(?<![\d./])(?:({SIGN})|(\d+)(?:又| (?=[1-7]/[2-8](?!\d))))?(?<![\d.])"
            r"(\d+(?:\.\d+)?) ?/ ?"
            r"(\d+|(?<=1/)\d\.\d{1,2})(?![\d/]|\.\d|℃|°C)"
            rf"(?: ?({UNIT})(?![A-Za-z\d]))?"
        ),
        _fraction,
    ),
]
