"""Dates and years: 2024-05-06, 5/20前, 9·11事件, 98年, 1998-2003年, 23/24赛季, 90后."""

from __future__ import annotations

import re

from liusheng.tts.text import numbers
from liusheng.tts.text.rules import context
from liusheng.tts.text.rules.patterns import FRESH, TO, Match, Rule, after, before
from liusheng.tts.text.rules.words import SpokenWord, digit_words, paused, say


def day_words(year: str | None, month: str | None, day: str | None) -> list[SpokenWord] | None:
    """None where there is no such month or day."""
    if month and not 1 <= int(month) <= 12:
        return None
    if day and not 1 <= int(day) <= 31:
        return None
    words = [SpokenWord(numbers.digits(year) + "年", plain=True)] if year else []
    words += [SpokenWord(numbers.cardinal(month) + "月", plain=True)] if month else []
    return [*words, SpokenWord(numbers.cardinal(day) + "日", plain=True)] if day else words


def _date(match: Match) -> list[SpokenWord] | None:
    return day_words(*(match.groupdict().get(part) for part in ("y", "m", "d")))


def _dates(match: Match) -> list[SpokenWord] | None:
    """2020.01.01-2020.12.31, 2020.1-2024.5: from one date to another."""
    first = day_words(match["y"], match["m"], match["d"])
    second = day_words(match["y2"], match["m2"], match["d2"])
    return [*first, *say("到"), *second] if first and second else None


def _figures(match: Match) -> list[SpokenWord] | None:
    """20240506, where nothing says that it counts or is a code."""
    if context.counts_or_names(before(match), after(match)):
        return None
    return _date(match)


def _year_and_month(match: Match) -> list[SpokenWord] | None:
    """2024.5, where nothing says that it counts."""
    if context.counts_or_names(before(match), after(match)):
        return None
    return _date(match)


def _years(match: Match) -> list[SpokenWord] | None:
    """1998年, 1998-2003年, 2008级: figure by figure. But 2000年前 is a length of time."""
    if match[3] == "年" and context.is_length_of_years(
        match[2] or match[1], before(match), after(match)
    ):
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


def _decade(match: Match) -> list[SpokenWord] | None:
    """1990s, 20世纪80s; but 超时1920s"""
    if re.search("[时秒]|间隔|等待|延迟|超过", before(match, 4)) and not match[2]:
        return None
    return (
        [*digit_words(match[1]), *say("年代")]
        if match[1]
        else [SpokenWord(numbers.cardinal(match[2]) + "年代", plain=True)]
    )


def _named_day(match: Match) -> list[SpokenWord] | None:
    """9·11事件, 6.18大促, 12.12: a day that names an event is read figure by figure."""
    month, day = match["m"], match["d"]
    if not (1 <= int(month) <= 12 and 1 <= int(day) <= 31):
        return None
    if (month, day) in _DOUBLE_DAYS:
        return [SpokenWord("双" + numbers.cardinal(month), plain=True)]
    by_figures = len(month) == 1 or month[0] == "0" or (month, day) in _BY_FIGURES
    figures = numbers.digits(month) if by_figures else numbers.cardinal(month)
    return [SpokenWord(figures + numbers.digits(day), plain=True)]


def _era(match: Match) -> list[SpokenWord] | None:
    """公元前221年, 公元619年: figure by figure; 公元25年 and 公元前500年 may count."""
    words = [
        *say(match[1]),
        SpokenWord(_year_of_era(match[2]) + ("年" if match[3] else ""), plain=True),
    ]
    if not match[4]:
        return words if match[3] else None
    return [
        *words,
        *say("到", match[5] or ""),
        SpokenWord(_year_of_era(match[6]) + "年", plain=True),
    ]


def _year_of_era(year: str) -> str:
    by_count = len(year) < 3 or year.endswith("00")
    return numbers.cardinal(year) if by_count else numbers.digits(year)


def _lived(match: Match) -> list[SpokenWord] | None:
    """李白（701-762）, 孔子（前551-前479）"""
    if not match[1] and not 0 < int(match[4]) - int(match[2]) < 100:
        return None
    return [
        *say(match[1] or ""),
        *digit_words(match[2]),
        *say("到", match[3] or ""),
        *digit_words(match[4]),
    ]


def _two_years(match: Match) -> list[SpokenWord] | None:
    """23/24赛季, 2024/25"""
    first, second, unit = match[1], match[2], match[3] or ""
    if not unit and (int(first) + 1) % 100 != int(second[-2:]):
        return None
    return [*digit_words(first), *digit_words(second), *say(unit)]


def _born(match: Match) -> list[SpokenWord]:
    """90后, 80/90后, 90-95后, 70、80、90后"""
    words: list[SpokenWord] = []
    for mark, decade in re.findall(r"([-~/、和]?)(\d\d)", match[1]):
        if mark in ("-", "~", "和"):
            words += say("和" if mark == "和" else "到")
        elif mark:
            words = paused(words)
        words += digit_words(decade)
    return [*words[:-1], SpokenWord(words[-1].text + "后", plain=True)]


_DOUBLE_DAYS = frozenset({("11", "11"), ("12", "12")})
_BY_FIGURES = frozenset({("12", "9")})
"""Of December: 一二九运动."""
EVENTS = (
    "事件|晚会|大促|假期|长假|小长假|黄金周|劳动节|建党节|建军节|国庆|妇女节|女神节|女生节|儿童节|青年节|"
    "消费者权益日|购物节|狂欢节|年中|事变|惨案|地震|大地震|运动|纪念日|促销|活动|起义|表白日|情人节|"
    "光棍节|植树节|教师节|护士节|愚人节|世界|特大|恐怖袭击|空难|火灾|爆炸|专场|"
    "好物节|电商节|大秤|抢购|满减|放假|出游|旅游|小长|返场|预售|开门红|全民"
)

_YEAR = r"(?P<y>(?:19|20)\d\d)"
DATE_END = r"(?![\d/-]|\.\d)"
_MONTH, _DAY = r"(?:0[1-9]|1[0-2])", r"(?:0[1-9]|[12]\d|3[01])"
DATED = (
    "之?[前后起]|截止|当[天日]|圣诞|平安夜|情人|妇女|劳动|儿童|国庆|元旦|愚人|放假|开[始课学售幕]|上[线映市]|发布|"
    "[(（](?:周|星期)|周[一二三四五六日]|出发|到期|举[办行]|凌晨|[上下中]午|晚上?|早上"
)

RULES: list[Rule] = [
    # 5/6/2024: with slashes the month goes first, unless the first is none.
    (
        re.compile(rf"{FRESH}(?P<m>0?[1-9]|1[0-2])/(?P<d>0?[1-9]|[12]\d|3[01])/{_YEAR}{DATE_END}"),
        _date,
    ),
    (
        re.compile(
            rf"{FRESH}(?P<d>0?[1-9]|[12]\d|3[01])(?P<sep>[-/.])(?P<m>0?[1-9]|1[0-2])(?P=sep){_YEAR}{DATE_END}"
        ),
        _figures,
    ),
    (re.compile(r"(?<![A-Za-z\d.'])'?((?:19\d|20[0-2])0)()'?s(?![A-Za-z])"), _decade),
    (re.compile(r"(?:(?<=世纪)|(?<![A-Za-z\d.])')()(\d0)'?s(?![A-Za-z])"), _decade),
    # From a whole date to another, or from a month to another.
    (
        re.compile(
            rf"{FRESH}(?P<y>(?:19|20)\d\d)(?P<sep>[-/.])(?P<m>\d{{1,2}})(?P=sep)(?P<d>\d{{1,2}})"
            rf" ?{TO} ?"
            r"(?P<y2>(?:19|20)\d\d)(?P=sep)(?P<m2>\d{1,2})(?P=sep)(?P<d2>\d{1,2})(?!\d)"
        ),
        _dates,
    ),
    (
        re.compile(
            rf"{FRESH}(?P<y>(?:19|20)\d\d)\.(?P<m>\d{{1,2}})(?P<d>) ?{TO} ?"
            r"(?P<y2>(?:19|20)\d\d)\.(?P<m2>\d{1,2})(?P<d2>)(?![\d.])"
        ),
        _dates,
    ),
    (
        re.compile(
            # The T of 2024-01-15T08:30 belongs to it.
            rf"{FRESH}(?P<y>[12]\d{{3}})(?P<sep>[-/.])(?P<m>\d{{1,2}})(?P=sep)(?P<d>\d{{1,2}})"
            r"(?:T(?=\d\d:\d\d)|(?!\d|[-/.]\d))"
        ),
        _date,
    ),
    (
        re.compile(
            rf"{FRESH}(?P<y>\d\d)(?P<sep>[-/])(?P<m>{_MONTH})(?P=sep)(?P<d>{_DAY})(?![\d/-])"
        ),
        _date,
    ),
    (re.compile(rf"{FRESH}(?P<y>(?:19|20)\d\d)(?P<m>{_MONTH})(?P<d>{_DAY})(?![\d.])"), _figures),
    (
        re.compile(
            rf"{FRESH}([12]\d{{3}})(?:{TO}([12]\d{{3}}))?(年代?|学年|财年|届|级|款|版|赛季)"
        ),
        _years,
    ),
    # Two figures are a year where no count of years would be written so: 98年, 08级.
    (re.compile(rf"{FRESH}(0\d|9\d|8[5-9])(?:-(\d\d))?(年(?!代)|级|届|款)"), _years),
    (
        re.compile(rf"(公元前?)(\d{{1,4}})(年)?({TO}(公元前?|前)?(\d{{1,4}})年)?"),
        _era,
    ),
    (re.compile(rf"(?<=[（(])(前)?(\d{{3}})年?{TO}(前)?(\d{{3}})年?(?=[）)])"), _lived),
    (re.compile(rf"{FRESH}((?:19|20)\d[05])()(后)(?![来面边天年续果者])"), _years),
    (re.compile(rf"{FRESH}(\d\d)()(年)(?=\d{{1,2}}月)"), _years),
    (re.compile(r"(?<![\w'])'(\d\d)()([年级届款])"), _years),
    (re.compile(r"(?<![\d./])((?:19|20)?\d\d)[/-]((?:19|20)?\d\d)(赛季|学年|财年)"), _two_years),
    (re.compile(rf"{FRESH}((?:19|20)\d\d)/(\d\d)()(?![\d/]|\.\d)"), _two_years),
    (re.compile(rf"{FRESH}(\d[05](?:[-~/、和]\d[05])*)后(?![来面边天年续果者])"), _born),
    (re.compile(rf"{FRESH}(?P<m>\d{{1,2}})[.·](?P<d>\d{{1,2}})(?=(?:{EVENTS}))"), _named_day),
    (re.compile(r"(?<![\d·])(?P<m>\d{1,2})·(?P<d>\d{1,2})(?![\d·])"), _named_day),
    (re.compile(rf"{FRESH}(?P<m>\d{{1,2}})\.(?P<d>\d{{1,2}})(?=元旦|圣诞|平安夜|除夕)"), _date),
    (re.compile(rf"{FRESH}(?P<m>[356])\.(?P<d>[148])(?=节(?![课车]))"), _named_day),
    # A year and a month; figures that begin with 0 are no count.
    (re.compile(rf"{FRESH}{_YEAR}(?:[-/](?P<m>{_MONTH})){DATE_END}"), _date),
    (re.compile(rf"{FRESH}{_YEAR}\.(?P<m>0[1-9]){DATE_END}"), _date),
    (re.compile(rf"{FRESH}{_YEAR}\.(?P<m>[1-9]|1[0-2]){DATE_END}"), _year_and_month),
    (
        re.compile(rf"{FRESH}(?:(?P<d>[0-3]\d)[-/.])?(?P<m>{_MONTH})[-/.]{_YEAR}{DATE_END}"),
        _date,
    ),
    (re.compile(rf"{FRESH}(?P<m>0[1-9])[-/.](?P<d>[0-3]\d){DATE_END}"), _date),
    # 5/20前; without such a word it is a fraction.
    (re.compile(rf"{FRESH}(?P<m>\d{{1,2}})/(?P<d>\d{{1,2}})(?= ?(?:{DATED}|{EVENTS}))"), _date),
    (re.compile(r"(?<=周[一二三四五六日天][(（])(?P<m>\d{1,2})/(?P<d>\d{1,2})(?=[)）])"), _date),
    # 在5/6召开
    (
        re.compile(
            rf"(?<=[在于到至])(?P<m>\d{{1,2}})/(?P<d>\d{{1,2}}){DATE_END}"
            r"(?= ?(?:[召举开进截发交入离启]|开始|上午|下午|完成|之前|结束))"
        ),
        _date,
    ),
    (
        re.compile(
            r"(?:(?<=日期)|(?<=日期[:：])|(?<=时间)|(?<=时间[:：])|(?<=截至)|(?<=截止))"
            rf"(?P<m>\d{{1,2}})/(?P<d>\d{{1,2}}){DATE_END}"
        ),
        _date,
    ),
    (re.compile(rf"{FRESH}(\d{{1,2}})月(?:(\d{{1,2}})([日号]))?"), _month),
]
