"""Temperatures and angles: -5℃, 25~30℃, 36.5°, 北纬39°54′20″, N39°54′."""

from __future__ import annotations

import re

from liusheng.tts.text.rules.patterns import NUMBER, SIGNED, TO, Match, Rule
from liusheng.tts.text.rules.words import SpokenWord, amount, joined, say
from liusheng.tts.text.symbols import UNITS

_DIRECTIONS = {"N": "北纬", "S": "南纬", "E": "东经", "W": "西经"}


def _temperature(match: Match) -> list[SpokenWord]:
    words = _below_zero(match["a"])
    if match["b"]:
        words += [*say("到"), *_below_zero(match["b"])]
    return joined(words, UNITS[match["u"]])


def _below_zero(number: str) -> list[SpokenWord]:
    sign = {"-": "零下", "±": "正负"}.get(number[0], "")
    return [*say(sign), *amount(number.lstrip("+±-"))]


def _angle(match: Match) -> list[SpokenWord]:
    """Degrees, minutes and seconds, with the letter of a latitude or longitude before or after."""
    words = say(_DIRECTIONS.get(match["before"] or match["after"] or "", ""))
    for number, unit in (("d", "度"), ("m", "分"), ("s", "秒")):
        if match[number]:
            words += joined(amount(match[number]), unit)
    return words


RULES: list[Rule] = [
    (
        re.compile(
            rf"(?<![\d.A-Za-z])(?P<a>{SIGNED})(?: ?(?:℃|°[CF]|℉|°|度))?"
            rf"(?: ?{TO} ?(?P<b>{SIGNED}))? ?(?P<u>℃|°[CF]|℉)(?!/(?:min|h|s|km|m)(?![A-Za-z]))"
        ),
        _temperature,
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
