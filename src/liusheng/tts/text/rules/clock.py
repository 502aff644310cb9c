"""Clock times: 3:30, 8:30pm, AM 8:30, 2:15:30, 5'30", and the 到 between two of them."""

from __future__ import annotations

import re

from liusheng.tts.text import numbers
from liusheng.tts.text.rules.patterns import Match, Rule, after, before
from liusheng.tts.text.rules.words import SpokenWord, joined, say

SCORE = re.compile(
    "比分|比例|战胜|击败|[大险完获]胜|负于|领先|落后|战平|逆转|淘汰|[胜败赢输]|平局|打平|扳平|盘|局|兑|稀释|配比|调配|混合|浓度|杠杆"
)
"""Near "3:20" it makes a score or a ratio of it."""


def _time(match: Match) -> list[SpokenWord] | None:
    hour, minute, second = match["h"], match["mi"], match["s"]
    half = (match["half"] or match["early"] or "")[:1]
    if not second and not half and SCORE.search(before(match) + after(match)):
        return None
    words = _half(half, hour)
    words.append(SpokenWord(_hour(hour) + "点"))
    if int(minute) or second:
        words.append(SpokenWord(under_sixty(minute) + "分"))
    if second:
        point = "点" + numbers.digits(match["f"]) if match["f"] else ""
        words.append(SpokenWord(under_sixty(second) + point + "秒", plain=bool(point)))
    return words


def _hour_only(match: Match) -> list[SpokenWord]:
    return [*_half(match[2], match[1]), SpokenWord(_hour(match[1]) + "点")]


def _minutes(match: Match) -> list[SpokenWord]:
    """5'30\" is a length of time, or an angle; both are read so."""
    return [SpokenWord(numbers.cardinal(match[1]) + "分"), SpokenWord(under_sixty(match[2]) + "秒")]


def _duration(match: Match) -> list[SpokenWord] | None:
    """1h30m, 3min20s: at least two of the three."""
    hours, minutes, seconds = match[1], match[3], match[5]
    minute = "分钟" if match[4] == "min" and not seconds else "分"
    parts = [(hours, "小时"), (minutes, minute), (seconds, "秒")]
    given = [(number, unit) for number, unit in parts if number]
    if len(given) < 2:
        return None
    words: list[SpokenWord] = []
    for number, unit in given:
        words += joined(
            say("两") if number == "2" else [SpokenWord(numbers.cardinal(number))], unit
        )
    return words


def _half(letter: str, hour: str) -> list[SpokenWord]:
    if int(hour) == 12 and letter:
        return say({"a": "凌晨", "p": "中午"}[letter.lower()])
    return say({"a": "上午", "p": "下午"}.get(letter.lower(), ""))


def _hour(hour: str) -> str:
    return "两" if int(hour) == 2 else numbers.cardinal(hour)


def under_sixty(number: str) -> str:
    """Minutes and seconds: "05" → "零五"."""
    return ("零" if 0 < int(number) < 10 else "") + numbers.cardinal(number)


def _to(_: Match) -> list[SpokenWord]:
    return say("到")


RULES: list[Rule] = [
    (
        re.compile(
            r"(?<![A-Za-z\d_.])(?=\d)(?:(\d{1,3})(h))? ?(?:(\d{1,2})(m(?:in)?))? ?"
            r"(?:(\d{1,2})(s(?:ec)?))?(?![A-Za-z\d/])"
        ),
        _duration,
    ),
    (
        re.compile(
            # PM before, hour, minute, second, what a time stamp has after it, pm after
            r"(?:(?<![A-Za-z])(?P<early>[aApP])\.?[mM]\.? ?)?"
            r"(?<![\d.:])(?P<h>[01]?\d|2[0-4]):(?P<mi>[0-5]\d)(?::(?P<s>[0-5]\d)"
            r"(?:\.(?P<f>\d{1,9}))?Z?)?"
            r"(?: ?(?P<half>[aApP]\.?[mM])(?:\.(?=\s?[^\s\d])|\.?))?(?![\d:A-Za-z]|\.\d)"
        ),
        _time,
    ),
    (re.compile(r"(?<![\d.:°])(\d{1,3})['′]([0-5]\d)(?:[\"”″]|'')"), _minutes),
    (re.compile(r"(?<![\d.:])(1[0-2]|[1-9]) ?([aApP])\.?[mM](?![A-Za-z])\.?"), _hour_only),
    (
        re.compile(
            r"(?<=\d:\d\d)\s?(?:-|~|—{1,2})\s?(?=\d{1,2}:\d\d)"
            r"|(?<=[aApP][mM])\s?(?:-|~|—{1,2})\s?(?=\d)"
            # 15日-5度 is cold, and 扣分-5 a value.
            r"|(?<=[\d一二三四五六七八九十半正][日号月年点时分])\s?(?:-|~|—{1,2})\s?"
            r"(?=\d+(?!\.?\d|[度°℃℉%]|元|分(?!钟)|[亿万]))"
            r"|(?<=[一二三四五六七八九十][日号月年点时])(?:-|~|—{1,2})(?=[一二三四五六七八九十]+[日号月年点时])"
            r"|(?<=[点时]半)(?:-|~|—{1,2})(?=\d)"
            r"|(?<=周[一二三四五六日天])\s?(?:-|~|—{1,2})\s?(?=周)"
            r"|(?<=星期[一二三四五六日天])\s?(?:-|~|—{1,2})\s?(?=星期)"
        ),
        _to,
    ),
]
