"""Numbers with a unit: 60km/h, 5±0.2mm, 7.5L/100km, 300dpi, 10cm×20cm, 3室2厅."""

from __future__ import annotations

import re

from liusheng.tts.text.rules import context
from liusheng.tts.text.rules.hyphens import is_minus, is_named
from liusheng.tts.text.rules.patterns import (
    FRESH,
    NUMBER,
    PER,
    SIGN,
    UNIT,
    Match,
    Rule,
    after,
    any_of,
    before,
    sign_words,
)
from liusheng.tts.text.rules.words import SpokenWord, amount, digit_words, joined, plain, say, spell
from liusheng.tts.text.symbols import SPELT_UNITS, UNITS

_BASE = any_of(unit for unit in UNITS if "/" not in unit and unit[0].isalpha() and unit != "w")
_TIMES = " ?[×xX*] ?"


_SEAT_BEFORE = re.compile(
    "(?:座位号?|座|车厢?|登机口|[出入]口|铺位?|房间?号?|户型|[楼栋排门]|单元)[是为：: ]{0,2}$"
)
"""座位12A: no amperes."""


def _quantity(match: Match) -> list[SpokenWord] | None:
    number, per, unit, behind = match["n"], match["per"], match["u"], after(match)
    if match["sign"] == "-" and not is_minus(match.string, match.start()):
        return None
    model = len(unit) == 1 and unit.isupper() and is_named(match.string, match.start())
    seat = len(unit) == 1 and unit.isupper() and _SEAT_BEFORE.search(before(match))
    if model or seat or context.is_letter(number, unit, behind):
        return [*plain(amount(number)), *spell(unit)]
    if unit == "W" and context.is_ten_thousand(behind):
        return joined(amount(number), "万")
    words = say("两") if number == "2" and not match["sign"] else amount(number)
    words = [*sign_words(match["sign"]), *joined(words, UNITS[unit])]
    return [*words, *say("每" + UNITS.get(per, per))] if per else words


def _tolerance(match: Match) -> list[SpokenWord]:
    """5±0.2mm"""
    unit = match["u"] or ""
    cold = match["sign"] == "-" and unit in ("℃", "°C")
    words = say("两") if match["n"] == "2" and match["of"] else amount(match["n"])
    words = joined(words, UNITS[match["of"]]) if match["of"] else words
    words = [*(say("零下") if cold else sign_words(match["sign"])), *words, *say("正负")]
    if unit in ("%", "‰"):
        return [*words, *say("百分之" if unit == "%" else "千分之"), *amount(match["d"])]
    return [*words, *(joined(amount(match["d"]), UNITS[unit]) if unit else amount(match["d"]))]


def _spelt_unit(match: Match) -> list[SpokenWord]:
    """300dpi, 16GB, 100MB/s"""
    words = [*amount(match[1]), *spell(match[2])]
    return [*words, *say("每" + UNITS.get(match[3], match[3]))] if match[3] else words


def _per_hundred(match: Match) -> list[SpokenWord]:
    """7.5L/100km"""
    return [*joined(amount(match["n"]), UNITS.get(match["u"], match["u"])), *say("每", "百公里")]


def _height(match: Match) -> list[SpokenWord]:
    """The 75 of 1米75, the 58 of 9秒58."""
    return digit_words(match[0])


def _rooms(match: Match) -> list[SpokenWord]:
    """3室2厅1卫"""
    return [
        word
        for number, room in re.findall(r"(\d+)(\D+)", match[0])
        for word in joined(say("两") if number == "2" else amount(number), room)
    ]


def _dimensions(match: Match) -> list[SpokenWord]:
    """1920x1080, 10*20*30mm, 10cm×20cm"""
    words: list[SpokenWord] = []
    for number, unit in re.findall(rf"({NUMBER}) ?({UNIT}(?![A-Za-z])|%)?", match[0]):
        words += say("乘以") if words else []
        words += joined(amount(number), UNITS[unit]) if unit else plain(amount(number))
    return words


_SIDE = rf"{NUMBER}(?: ?(?:{UNIT})(?=[×xX*\s]|$|[^A-Za-z]))?"

DIMENSIONS: Rule = (
    # No factor of an equation, no hexadecimal number (0x10).
    re.compile(
        rf"{FRESH}(?<![A-Za-z+\-*/×=^])(?!0[xX])(?:{NUMBER}{_TIMES}{NUMBER}{_TIMES}"
        rf"|{NUMBER} ?[xX] ?(?={NUMBER})"
        rf"|{NUMBER} ?[×*] ?(?={NUMBER} ?[cmdk]?m(?![A-Za-z\d²³]))"
        rf"|{NUMBER} ?(?:{UNIT}){_TIMES}){_SIDE}(?:{_TIMES}{_SIDE})*"
        r"(?! ?[=+÷/^*×A-Za-z²³-])"
    ),
    _dimensions,
)

RULES: list[Rule] = [
    (re.compile(rf"{FRESH}(?P<n>{NUMBER}) ?(?P<u>L|kWh|升|度)/100 ?(?:km|公里)"), _per_hundred),
    (
        re.compile(
            rf"{FRESH}(?P<sign>{SIGN})?(?P<n>{NUMBER}) ?(?P<of>{UNIT})? ?± ?(?P<d>{NUMBER})"
            rf"(?: ?(?P<u>{UNIT}|[%‰])(?![A-Za-z]))?"
        ),
        _tolerance,
    ),
    (
        re.compile(rf"{FRESH}({NUMBER}) ?({any_of(SPELT_UNITS)})(?:/(s|h|min|{PER}))?(?![A-Za-z])"),
        _spelt_unit,
    ),
    (re.compile(r"(?<=\d[米秒])\d\d(?![\d.厘分个毫])"), _height),
    (
        re.compile(
            r"(?:(?:(?<!\d)|(?<=m2))\d[室房]|(?<=[一二两三四五六][室房]))\d厅(?:\d厨)?(?:\d卫)?"
        ),
        _rooms,
    ),
    (
        re.compile(
            # A unit may follow another: 1h30min. Two make a new one: mol/L.
            rf"{FRESH}(?<!(?<!\d)[A-Za-z])(?P<sign>[+-]|±)?(?P<n>{NUMBER}) ?(?P<u>{UNIT})"
            rf"(?:/(?P<per>{PER}|{_BASE}))?(?![A-Za-z²³])"
        ),
        _quantity,
    ),
]
