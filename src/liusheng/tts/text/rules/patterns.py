"""What the rules' patterns share. They see cleaned text: ASCII figures, simplified characters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from liusheng.han import HAN
from liusheng.tts.text.rules.words import SpokenWord, say
from liusheng.tts.text.symbols import MEASURES, UNITS

Match = re.Match[str]
Handler = Callable[[Match], "list[SpokenWord] | None"]
"""Reads a match, or returns None where it is not what the pattern looked for."""

Rule = tuple[re.Pattern[str], Handler]


def any_of(words: Iterable[str]) -> str:
    """A pattern for any of `words`, the longest that matches."""
    return "|".join(re.escape(word) for word in sorted(set(words), key=len, reverse=True))


NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?!\d)"
UNIT = any_of(UNITS)
MEASURE = any_of(MEASURES)
FRESH = r"(?<!\d)(?<!\d\.)"
"""Before a number: it does not begin inside another."""

_NO_OPERAND = r"(?<![\w)）%])"
SIGN = (
    rf"(?:(?:{_NO_OPERAND}|(?<=[是为到至约达于跌降涨差负得算值温润率])|(?<=海拔)|(?<=[涨跌升降增减]幅)"
    rf"|(?<=[余净差]额)|(?<=[温深高]度)|(?<=[同环]比))\+"
    rf"|(?:{_NO_OPERAND}|(?<=[{HAN}])|(?<=[{HAN}][)）]))-)"
)
"""A sign before a number, which is no operator. After Chinese a + may be one, and a hyphen is one
where `hyphens.is_minus`."""

SIGNED = rf"[+±-]?{NUMBER}"

PER = (
    "人|个|天|年|月|日|周|次|台|套|小时|分钟|秒|袋|箱|瓶|盒|包|桶|件|只|亩|株|辆|张|米|公里|户|家|"
    "平方米|立方米|罐|份|节|层|页|字|斤|公斤|晚|夜|季度?|学期|课时|千克|克|升|吨|平米|平|本|支|条|间|"
    "位|股|手|度|场|圈|组|队|班|百公里|公顷|分|时|帧|码|转|头|颗|杯|碗|口|盘|例|万人|千人|百人|盎司|磅|加仑|英里|英亩|平方英尺|吨公里"
)
"""What something is counted by, after a slash: 100元/人, 60帧/秒."""

TO = "(?:-|~|—{1,2}|至|到)"
MEASURED = re.compile(MEASURE)


def sign_words(sign: str | None, head: str = "") -> list[SpokenWord]:
    """How a sign before a number is read, with what stands between it and the number (百分之)."""
    return say({"-": "负", "+": "正", "±": "正负"}.get(sign or "", "") + head)


def before(match: Match, size: int = 8) -> str:
    """Up to `size` characters in front of the match."""
    return match.string[max(0, match.start() - size) : match.start()]


def after(match: Match, size: int = 8) -> str:
    """Up to `size` characters behind the match."""
    return match.string[match.end() : match.end() + size]
