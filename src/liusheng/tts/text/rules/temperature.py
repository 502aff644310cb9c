"""Temperatures and angles: -5℃, 25~30℃, 36.5°, 北纬39°54′20″, N39°54′."""

from __future__ import annotations

import re

from liusheng.tts.text.rules.hyphens import is_minus
from liusheng.tts.text.rules.patterns import NUMBER, SIGN, SIGNED, TO, Match, Rule, after, before
from liusheng.tts.text.rules.words import SpokenWord, amount, joined, paused, say
from liusheng.tts.text.symbols import UNITS

_DIRECTIONS = {"N": "北纬", "S": "南纬", "E": "东经", "W": "西经"}
_TURNED = re.compile("[角转相倾斜仰俯偏纬经视镜旋向位]|散光|坡度|弧")
"""Near degrees that are no temperature: 旋转-30度."""


def _degrees(match: Match) -> list[SpokenWord] | None:
    """-5度, -5~3度, -5到3度: of what is cold."""
    low, high = match["a"], match["b"] or ""
    cold = "-" in low[0] + high[:1]
    if not cold or _TURNED.search(before(match, 6) + after(match, 3)):
        return None
    return _temperature(match)


def _temperature(match: Match) -> list[SpokenWord] | None:
    if match["a"][0] == "-" and not is_minus(match.string, match.start()):
        return None
    said = match["a"][0] == "-" and before(match, 2) == "零下"
    words = _below_zero(match["a"][1:] if said else match["a"])
    if match["b"] and match["to"] == "/":
        words = [*paused(words), *_below_zero(match["b"])]
    elif match["b"]:
        words += [*say("到"), *_below_zero(match["b"])]
    return joined(words, UNITS.get(match["u"], match["u"]))


def _below_zero(number: str) -> list[SpokenWord]:
    sign = {"-": "零下", "±": "正负"}.get(number[0], "")
    return [*say(sign), *amount(number.lstrip("+±-"))]


def _angle(match: Match) -> list[SpokenWord]:
    """Degrees, minutes and seconds, with the letter of a latitude or longitude before or after."""
    direction = _DIRECTIONS.get((match["before"] or match["after"] or "").strip(), "")
    said = before(match, 3).strip(" 约为：:").endswith(("经", "纬"))
    words = say("" if said else direction)
    for number, unit in (("d", "度"), ("m", "分"), ("s", "秒")):
        if match[number]:
            words += joined(amount(match[number]), unit)
    return words


def _after_dash(match: Match) -> list[SpokenWord]:
    """气温—5℃: a dash for the sign."""
    return joined([*say("零下"), *amount(match[1])], UNITS[match[2]])


RULES: list[Rule] = [
    (re.compile(rf"(?<![\d—℃度°年月日])—({NUMBER}) ?(℃|°C)"), _after_dash),
    (
        re.compile(
            rf"(?<![\d.A-Za-z])(?P<a>{SIGNED})(?: ?(?:℃|°[CF]|℉|°|度))?"
            rf"(?: ?(?P<to>{TO}|/) ?(?P<b>{SIGNED}))? ?(?P<u>℃|°[CF]|℉)"
            r"(?!/(?:min|h|s|km|m)(?![A-Za-z]))"
        ),
        _temperature,
    ),
    (
        re.compile(
            rf"(?P<a>(?:{SIGN}|(?<![\d.A-Za-z-])){NUMBER})(?: ?(?:℃|°|度))?"
            rf"(?: ?(?P<to>{TO}|/) ?(?P<b>{SIGNED}))? ?(?P<u>度)(?![电数])"
        ),
        _degrees,
    ),
    (
        re.compile(
            rf"(?<![\d.A-Za-z])(?P<before>[NSEW] ?)?(?P<d>{NUMBER})°"
            r"(?:(?P<m>\d{1,2}(?:\.\d+)?)['′]"
            r"(?:(?P<s>\d{1,2}(?:\.\d+)?)(?:[\"”″]|''))?)?(?: ?(?P<after>[NSEW])(?![A-Za-z]))?"
        ),
        _angle,
    ),
]
