"""Days without a year, where the words beside them or the figures say so: 5.1-5.7放假, 3/5-3/8."""

from __future__ import annotations

import re

from liusheng.tts.text.rules.dates import DATED, EVENTS, day_words
from liusheng.tts.text.rules.patterns import FRESH, TO, Match, Rule, after, before
from liusheng.tts.text.rules.words import SpokenWord, paused, say

_BEFORE = re.compile(
    "(?:时间|日期|日子|档期|假期|放假|休[假市]|有效期?|活动|展期|工期|请假|出差|入住|报名|营业|截[至止]|于|在"
    "|国庆节?|五一|春节|元旦|清明节?|端午节?|中秋节?)[是为：:（( ]{0,2}$"
)
_BEHIND = re.compile(
    rf"[ （(]?(?:{EVENTS}|{DATED}|期间|休|调|假|春节|五一|中秋|端午|清明|展|比赛|开|营业"
    "|报名|入住|打折|特价|优惠|考试|培训|出差|请假|停[业电水运]|有效|每[天日]|这[几三四五六七八九十]|[共一二三四五六七八九十]+天|去|来|到|在)"
)


def _days(match: Match) -> list[SpokenWord] | None:
    """5.1-5.7放假, 3/5-3/8: from one day to another, where the words beside them or the figures
    (no fraction is written 10/1, nor a range of them downwards) say so."""
    month, day, month2, day2 = (int(match[part]) for part in ("m", "d", "m2", "d2"))
    later = (month2, day2) > (month, day) or (month2 < 4 and month > 9)
    named = _named(match)
    if not named and match["sep"] == "/":
        down = month / max(day, 1) > month2 / max(day2, 1)
        named = down or max(day, day2) > 12 or month > day
    if not (later and named) or re.match(r"\s*=", after(match)):
        return None
    first = day_words(None, match["m"], match["d"])
    second = day_words(None, match["m2"], match["d2"])
    return [*first, *say("到"), *second] if first and second else None


def _list_of_days(match: Match) -> list[SpokenWord] | None:
    """10/1、10/2放假"""
    words: list[SpokenWord] = []
    late = False  # a day that is no usual denominator
    for mark, month, day in re.findall(r"([、,和及与]?) ?(\d+)/(\d+)", match[0]):
        here = day_words(None, month, day)
        if here is None:
            return None
        late = late or int(day) > 12
        words = [*(paused(words) if mark in "、," and words else words), *here]
        if mark in ("和", "及", "与"):
            words[-2:-2] = say(mark)
    return words if late or _named(match) else None


def _named(match: Match) -> bool:
    """Whether the words beside it are those of days."""
    return bool(_BEFORE.search(before(match)) or _BEHIND.match(after(match)))


RULES: list[Rule] = [
    (
        re.compile(
            rf"{FRESH}(?P<m>\d{{1,2}})(?P<sep>[./])(?P<d>\d{{1,2}}) ?{TO} ?"
            r"(?P<m2>\d{1,2})(?P=sep)(?P<d2>\d{1,2})(?![\d/%]|\.\d)"
        ),
        _days,
    ),
    (
        re.compile(rf"{FRESH}\d{{1,2}}/\d{{1,2}}(?: ?[、,和及与] ?\d{{1,2}}/\d{{1,2}})+(?![\d/.])"),
        _list_of_days,
    ),
]
