"""Dates, years, clock times."""

from __future__ import annotations

import re

from liusheng.tts.text import numbers
from liusheng.tts.text.rules.patterns import FRESH, TO, Match, Rule, after, before
from liusheng.tts.text.rules.words import SpokenWord, digit_words, say

SCORE = re.compile(
    "比分|比例|战胜|击败|[大险完获]胜|负于|领先|落后|战平|逆转|淘汰|[胜败赢输]|平局|打平|扳平|盘|局"
)
"""Near "3:20" it makes a score or a ratio of it."""


def _date(match: Match) -> list[SpokenWord] | None:
    year, month, day = (match.groupdict().get(part) for part in ("y", "m", "d"))
    if not month or not 1 <= int(month) <= 12 or (day and not 1 <= int(day) <= 31):
        return None
    words = [SpokenWord(numbers.digits(year) + "年", plain=True)] if year else []
    words.append(SpokenWord(numbers.cardinal(month) + "月", plain=True))
    return [*words, SpokenWord(numbers.cardinal(day) + "日", plain=True)] if day else words


def _years(match: Match) -> list[SpokenWord] | None:
    """1998年, 1998-2003年, 2008级: figure by figure. But 2000年前 is a length of time."""
    if match[1].endswith("000") and re.match("[前后来间多历]", after(match)):
        return None
    words = digit_words(match[1])
    if match[2]:
        words += [*say("到"), *digit_words(match[2])]
    return [*words[:-1], SpokenWord(words[-1].text + match[3], plain=True)]


def _month(match: Match) -> list[SpokenWord] | None:
    if not 1 <= int(match[1]) <= 12:
        return None
    words = [SpokenWord(numbers.cardinal(match[1]) + "月", plain=True)]
    if match[2]:
        words.append(SpokenWord(numbers.cardinal(match[2]) + match[3], plain=True))
    return words


def _time(match: Match) -> list[SpokenWord] | None:
    hour, minute, second = match["h"], match["mi"], match["s"]
    if not second and SCORE.search(before(match) + after(match)):
        return None
    words = _half((match["half"] or "")[:1])
    words.append(SpokenWord(_hour(hour) + "点"))
    if int(minute) or second:
        words.append(SpokenWord(_under_sixty(minute) + "分"))
    if second:
        words.append(SpokenWord(_under_sixty(second) + "秒"))
    return words


def _minutes(match: Match) -> list[SpokenWord]:
    """5'30\" is a length of time, or an angle; both are read so."""
    return [
        SpokenWord(numbers.cardinal(match[1]) + "分"),
        SpokenWord(_under_sixty(match[2]) + "秒"),
    ]


def _hour_only(match: Match) -> list[SpokenWord]:
    return [*_half(match[2]), SpokenWord(_hour(match[1]) + "点")]


def _half(letter: str) -> list[SpokenWord]:
    return say({"a": "上午", "p": "下午"}.get(letter.lower(), ""))


def _hour(hour: str) -> str:
    return "两" if int(hour) == 2 else numbers.cardinal(hour)


def _under_sixty(number: str) -> str:
    return ("零" if 0 < int(number) < 10 else "") + numbers.cardinal(number)


def _to(_: Match) -> list[SpokenWord]:
    return say("到")


_YEAR = r"(?P<y>(?:19|20)\d\d)"
_DATE_END = r"(?![\d/-]|\.\d)"

RULES: list[Rule] = [
    (
        re.compile(
            rf"{FRESH}(?P<y>[12]\d{{3}})(?P<sep>[-/.])(?P<m>\d{{1,2}})(?P=sep)(?P<d>\d{{1,2}})"
            r"(?!\d|[-/.]\d)"
        ),
        _date,
    ),
    (
        re.compile(
            rf"{FRESH}([12]\d{{3}})(?:{TO}([12]\d{{3}}))?(年代?|学年|财年|届|级|款|版|赛季)"
        ),
        _years,
    ),
    # Two figures are a year where no count of years would be written so: 98年, 08级.
    (re.compile(rf"{FRESH}(0\d|9\d|8[5-9])(?:-(\d\d))?(年(?!代)|级|届|款)"), _years),
    # A year and a month; figures that begin with 0 are no count.
    (re.compile(rf"{FRESH}{_YEAR}(?:[-/](?P<m>0[1-9]|1[0-2])){_DATE_END}"), _date),
    (re.compile(rf"{FRESH}{_YEAR}\.(?P<m>0[1-9]){_DATE_END}"), _date),
    (
        re.compile(rf"{FRESH}(?:(?P<d>[0-3]\d)[-/.])?(?P<m>0[1-9]|1[0-2])[-/.]{_YEAR}{_DATE_END}"),
        _date,
    ),
    (re.compile(rf"{FRESH}(?P<m>0[1-9])[-/.](?P<d>[0-3]\d){_DATE_END}"), _date),
    # 5/20前; without such a word it is a fraction.
    (re.compile(rf"{FRESH}(?P<m>\d{{1,2}})/(?P<d>\d{{1,2}})(?=之?[前后起]|截止|当[天日])"), _date),
    (re.compile(rf"{FRESH}(\d{{1,2}})月(?:(\d{{1,2}})([日号]))?"), _month),
    (
        re.compile(
            r"(?<![\d.:])(?P<h>[01]?\d|2[0-4]):(?P<mi>[0-5]\d)(?::(?P<s>[0-5]\d))?"
            r"(?: ?(?P<half>[aApP]\.?[mM]\.?))?(?![\d:A-Za-z])"
        ),
        _time,
    ),
    (re.compile(r"(?<![\d.:°])(\d{1,3})['′]([0-5]\d)(?:[\"”″]|'')"), _minutes),
    (re.compile(r"(?<![\d.:])(1[0-2]|[1-9]) ?([aApP])\.?[mM](?![A-Za-z])\.?"), _hour_only),
    (
        re.compile(
            r"(?<=\d:\d\d)\s?(?:-|~|—{1,2})\s?(?=\d{1,2}:\d\d)|(?<=[日号月年点时])(?:-|~|—{1,2})(?=\d)"
            "|(?<=周[一二三四五六日天])(?:-|~|—{1,2})(?=周)"
        ),
        _to,
    ),
]
