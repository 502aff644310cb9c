"""Money, percentages, fractions, ranges, scores, temperatures, quantities with a unit."""

from __future__ import annotations

import re

from liusheng.han import HAN
from liusheng.tts.text.rules.dates import SCORE
from liusheng.tts.text.rules.patterns import (
    FRESH,
    MEASURE,
    NUMBER,
    TO,
    UNIT,
    Match,
    Rule,
    after,
    any_of,
    before,
)
from liusheng.tts.text.rules.words import SpokenWord, amount, joined, paused, plain, say
from liusheng.tts.text.symbols import CURRENCIES, UNITS

_COUNTED = re.compile(f"{MEASURE}|[月日号楼章页届时]")
_SIGNED = rf"[+-]?{NUMBER}"


def _sign(sign: str | None) -> str:
    return {"-": "负", "+": "正", "±": "正负"}.get(sign or "", "")


def _money(match: Match) -> list[SpokenWord]:
    number = match["n"]
    if "." in number:
        number = number.rstrip("0").rstrip(".")
    unit = (match["scale"] or "") + CURRENCIES[match["sign"]]
    return [*say(_sign(match["minus"])), *joined(amount(number), unit)]


def _percent(match: Match) -> list[SpokenWord]:
    head = "百分之" if match["sign"] == "%" else "千分之"
    words = _of_hundred(head, match["a"])
    return [*words, *say("到"), *_of_hundred(head, match["b"])] if match["b"] else words


def _of_hundred(head: str, number: str) -> list[SpokenWord]:
    return [*say(_sign(number[0]) + head), *amount(number.lstrip("+-"))]


def _fraction(match: Match) -> list[SpokenWord] | None:
    whole, top, bottom = match.groups()
    if int(bottom) == 0:
        return None
    words = [*amount(whole), *say("又")] if whole else []
    return [*words, *joined(amount(bottom), "分之"), *plain(amount(top))]


def _temperature(match: Match) -> list[SpokenWord]:
    words = _below_zero(match["a"])
    if match["b"]:
        words += [*say("到"), *_below_zero(match["b"])]
    return joined(words, UNITS[match["u"]])


def _below_zero(number: str) -> list[SpokenWord]:
    return [*say("零下" if number[0] == "-" else ""), *amount(number.lstrip("+-"))]


def _range(match: Match) -> list[SpokenWord] | None:
    """3-5天, 5~10km. With a hyphen and nothing counted, only upwards, and not before "="."""
    low, high, unit = match["a"], match["b"], match["u"] or ""
    if match["mark"] == "-":
        if re.match(r"\s*=", after(match)) or SCORE.search(before(match) + after(match)):
            return None
        upwards = float(low.replace(",", "")) < float(high.replace(",", ""))
        if not (unit or (upwards and low != "0") or _COUNTED.match(after(match))):
            return None
    second = amount(high)
    if high == "2" and not unit and re.match(MEASURE, after(match)):
        second = say("两")
    if unit:
        second = joined(second, UNITS[unit])
    return [*plain(amount(low)), *say("到"), *second]


def _score(match: Match) -> list[SpokenWord] | None:
    """3:2; 3-2 only where a score is near, or where it could be no range."""
    first, mark, second = match.groups()
    may_be_range = 0 < int(first) < int(second)
    if mark == "-" and may_be_range and not SCORE.search(before(match) + after(match)):
        return None
    return [*plain(amount(first)), *say("比"), *plain(amount(second))]


def _quantity(match: Match) -> list[SpokenWord]:
    number, per = match["n"], match["per"]
    words = say("两") if number == "2" and not match["sign"] else amount(number)
    words = [*say(_sign(match["sign"])), *joined(words, UNITS[match["u"]])]
    return [*words, *say("每" + per)] if per else words


def _per_hundred(match: Match) -> list[SpokenWord]:
    """7.5L/100km"""
    return [*joined(amount(match["n"]), UNITS.get(match["u"], match["u"])), *say("每", "百公里")]


def _blood_pressure(match: Match) -> list[SpokenWord] | None:
    high, low, unit = match.groups()
    if not unit and "血压" not in before(match):
        return None
    return [*paused(amount(high)), *joined(amount(low), "毫米汞柱" if unit else "")]


def _each(match: Match) -> list[SpokenWord]:
    return say("每" + (UNITS[match["u"]] if match["u"] else ""))


RULES: list[Rule] = [
    (
        re.compile(
            rf"(?P<minus>-)?(?P<sign>{any_of(CURRENCIES)})\s?(?P<n>{NUMBER})"
            r"\s?(?P<scale>万亿|亿|千万|百万|万)?(?:美元|欧元|日元|元)?(?!\d)"
        ),
        _money,
    ),
    (
        re.compile(
            r"(?<=[元块美欧镑次个件米里升克斤吨瓦度分])/"
            rf"(?:(?P<u>kg|g|t|L|mL|ml|km|m²|㎡|m³|m|h|min|kWh|cm)(?![A-Za-z])|(?=[{HAN}]))"
        ),
        _each,
    ),
    (re.compile(rf"(?P<a>{_SIGNED})(?:[%‰]?{TO}(?P<b>{_SIGNED}))?(?P<sign>[%‰])"), _percent),
    (
        re.compile(r"(?<![\d./])(\d{2,3})/(\d{2,3})(?: ?(mmHg|毫米汞柱))?(?![\d/.])"),
        _blood_pressure,
    ),
    (re.compile(rf"{FRESH}(?P<n>{NUMBER}) ?(?P<u>L|kWh|升|度)/100 ?(?:km|公里)"), _per_hundred),
    (re.compile(r"(?<![\d./])(?:(\d+)又)?(\d+) ?/ ?(\d+)(?![\d/.])"), _fraction),
    (
        re.compile(
            rf"(?<![\d.A-Za-z])(?P<a>{_SIGNED})(?:(?:℃|°[CF]|℉|°|度)?{TO}(?P<b>{_SIGNED}))?"
            " ?(?P<u>℃|°[CF]|℉)"
        ),
        _temperature,
    ),
    (
        re.compile(
            rf"{FRESH}(?P<a>{NUMBER})(?:{UNIT})? ?(?P<mark>-|~|—{{1,2}}) ?(?P<b>{NUMBER})"
            rf"(?: ?(?P<u>{UNIT})(?![A-Za-z]))?"
        ),
        _range,
    ),
    (re.compile(r"(?<![\d.:-])(\d{1,4})([:：-])(\d{1,4})(?![\d:=-]|\s*=|\.\d)"), _score),
    (
        re.compile(
            # A unit may follow another: 1h30min.
            rf"{FRESH}(?<!(?<!\d)[A-Za-z])(?P<sign>[+-]|±)?(?P<n>{NUMBER}) ?(?P<u>{UNIT})"
            "(?:/(?P<per>人|个|天|年|月|次|台|套|小时|分钟|秒))?(?![A-Za-z²³])"
        ),
        _quantity,
    ),
]
