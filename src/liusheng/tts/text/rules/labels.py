"""What labels, packages and advertisements write short: 2片/次, 10包*20g, 170/92A, M-XXL, 24H."""

from __future__ import annotations

import re

from liusheng.tts.text.rules.patterns import FRESH, MEASURE, NUMBER, Match, Rule
from liusheng.tts.text.rules.words import SpokenWord, amount, joined, paused, say, spell
from liusheng.tts.text.symbols import UNITS


def _dose(match: Match) -> list[SpokenWord]:
    """As on a label: 每次两片, 每日三次."""
    low, number, unit = match["a"], match["n"], match["u"] or match["times"]
    words = say("每" + (match["per"] or match["each"]))
    words += [*(say("两") if low == "2" else amount(low)), *say("到")] if low else []
    return [*words, *joined(say("两") if number == "2" else amount(number), UNITS.get(unit, unit))]


def _times(_: Match) -> list[SpokenWord]:
    return say("乘以")


def _each_day(_: Match) -> list[SpokenWord]:
    return say("每天")


def _hours(match: Match) -> list[SpokenWord]:
    """24H营业"""
    return joined(amount(match[1]), "小时")


def _size(match: Match) -> list[SpokenWord]:
    """170/92A"""
    return [*paused(amount(match[1])), *amount(match[2]), *spell(match[3])]


def _sizes(match: Match) -> list[SpokenWord]:
    """M-XXL"""
    return [*spell(match[1]), *say("到"), *spell(match[2])]


def _two_or_three(_: Match) -> list[SpokenWord]:
    return say("两三")


_DOSE = "片|粒|颗|丸|支|滴|喷|勺|贴|袋|包|瓶|杯|mg|g|mL|ml|μg|毫克|克|毫升|单位|IU"
_CLOTHES = "(?:X{0,3}S|M|X{0,4}L)"

RULES: list[Rule] = [
    # 2片/次, 1-2粒/次, 3次/日
    (
        re.compile(
            rf"{FRESH}(?<!-)(?:(?P<a>{NUMBER})[-~])?(?P<n>{NUMBER}) ?(?:(?P<u>{_DOSE})/(?P<per>次)"
            r"|(?P<times>次)/(?P<each>[日天周月晚]))(?![A-Za-z])"
        ),
        _dose,
    ),
    (re.compile(r"(?<![\d.])(12|24|36|48|72)H(?![A-Za-z\d])"), _hours),
    (re.compile(r"(?<![\d./])(1[4-9]\d)/(\d{2,3})([ABCY])(?![A-Za-z\d])"), _size),
    (re.compile(rf"(?<![A-Za-z\d-])({_CLOTHES})[-~]({_CLOTHES})(?![A-Za-z\d-])"), _sizes),
    # 10包*20g, 15K*13薪
    (re.compile(r"(?<=\d[包盒袋片支瓶粒罐条个块套箱kK])[*xX](?=\d)"), _times),
    (re.compile(r"(?<=[gLml片粒次升克])/d(?![A-Za-z\d])"), _each_day),
    # 2、3个
    (
        re.compile(rf"(?<![\d.、])2、3(?=(?:{MEASURE}))(?!月|页|号|级|年级|楼|组|班|等|期|季|代)"),
        _two_or_three,
    ),
]
