"""Figures that name and do not count: telephone, identity and plate numbers, versions, models."""

from __future__ import annotations

import re

from liusheng.tts.text import numbers
from liusheng.tts.text.rules.patterns import FRESH, Match, Rule
from liusheng.tts.text.rules.words import SpokenWord, digit_words, paused, say, spell

_COUNTRY = r"(?P<country>(?:\+|(?<!\d)00)86[ -]?|\(\+?86\) ?)?"
_PROVINCE = "[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使]"


def _country(match: Match) -> list[SpokenWord]:
    return paused([*say("加"), *digit_words("86")]) if match["country"] else []


def _mobile(match: Match) -> list[SpokenWord]:
    number = re.sub(r"\D", "", match["number"])
    return [*_country(match), *digit_words(number, 3, 4, 4, yao=True)]


def _landline(match: Match) -> list[SpokenWord]:
    """Area code (or 400, 800), number, extension: a short pause between them."""
    area = re.sub(r"\D", "", match["area"])
    local = re.sub(r"\D", "", match["local"])
    words = [*_country(match), *paused(digit_words(area, yao=True))]
    words += digit_words(local, len(local) - 4, 4, yao=True)
    if match["extension"]:
        words = [*paused(words), *say("转"), *digit_words(match["extension"], yao=True)]
    return words


def _identity(match: Match) -> list[SpokenWord]:
    words = digit_words(match[1], 6, 4, 4, 3, yao=True)
    return words + (spell("X") if match[2] in "xX" else digit_words(match[2], yao=True))


def _plate(match: Match) -> list[SpokenWord]:
    words = [SpokenWord(match[1]), *paused(spell(match[2]))]
    for part in re.findall(r"\d+|[A-Z]+|\S", match[3]):
        if part.isdecimal():
            words += digit_words(part, yao=True)
        else:
            words += spell(part) if part.isascii() else say(part)
    return words


def _ip(match: Match) -> list[SpokenWord]:
    first, *rest = match[0].split(".")
    words = digit_words(first)
    return words + [SpokenWord("点" + numbers.digits(part), plain=True) for part in rest]


def _version(match: Match) -> list[SpokenWord]:
    """The first number is a number, the others are figures: v10.15.7 is 十点一五点七."""
    first, *rest = match["numbers"].split(".")
    words = spell("V") if match["v"] else []
    words.append(SpokenWord(numbers.cardinal(first), plain=True))
    return words + [SpokenWord("点" + numbers.digits(part), plain=True) for part in rest]


def _c_language(match: Match) -> list[SpokenWord]:
    return [*spell("C"), *say("加加")] if match[0] == "C++" else [SpokenWord("C sharp", "english")]


def _to_between_letters(match: Match) -> list[SpokenWord]:
    """B2B: the 2 is the English "to"; but not in H2O and N2O."""
    return [*spell(match[1]), SpokenWord("2", "fixed", pinyin=("tu4",)), *spell(match[2])]


def _groups(match: Match) -> list[SpokenWord]:
    """The number of a bank card: a short pause between its groups."""
    return [word for part in match[0].split() for word in paused(digit_words(part))]


def _pages(match: Match) -> list[SpokenWord]:
    """P12-15"""
    first, last = (SpokenWord(numbers.cardinal(number), plain=True) for number in match.groups())
    return [*spell("P"), first, *say("到"), last]


def _ordinal(match: Match) -> list[SpokenWord]:
    """No.5"""
    return [SpokenWord("number " + match[1], "english")]


def _dot_net(_: Match) -> list[SpokenWord]:
    return [SpokenWord("dot NET", "english")]


def _stock(match: Match) -> list[SpokenWord]:
    return digit_words(match[0])


def _hyphenated(match: Match) -> list[SpokenWord] | None:
    """ISBN 978-7-111-21382-6 and the like."""
    words: list[SpokenWord] = []
    for part in match[0].split("-"):
        words += paused(digit_words(part))
    return words


RULES: list[Rule] = [
    (re.compile(rf"{FRESH}(\d{{17}})([\dXx])(?![\dA-Za-z])"), _identity),
    (re.compile(rf"{FRESH}{_COUNTRY}(?P<number>1[3-9]\d[ -]?\d{{4}}[ -]?\d{{4}})(?!\d)"), _mobile),
    (
        re.compile(
            rf"(?<![\d.-]){_COUNTRY}"
            r"(?:[(（]?(?P<area>0?(?:10|2\d|[3-9]\d\d)(?=[)）\- ])|[48]00)[)）]?[- ]?"
            r"(?P<local>\d{7,8}|\d{3,4}[- ]\d{4})(?:(?:转|-)(?P<extension>\d{1,5}))?)(?!\d)"
        ),
        _landline,
    ),
    (
        re.compile(
            rf"({_PROVINCE})([A-HJ-Z])[·. ]?([A-Z0-9]{{5,6}}|[A-Z0-9]{{4}}[港澳学警领挂])"
            "(?![A-Za-z0-9])"
        ),
        _plate,
    ),
    (re.compile(rf"{FRESH}\d{{1,3}}(?:\.\d{{1,3}}){{3}}(?![\d.])"), _ip),
    (
        re.compile(r"(?<![A-Za-z\d.])(?P<v>[vV])\.? ?(?P<numbers>\d+(?:\.\d+){0,4})(?!\d)"),
        _version,
    ),
    (re.compile(rf"{FRESH}(?P<v>)(?P<numbers>\d+(?:\.\d+){{2,4}})(?!\d)"), _version),
    (re.compile(r"(?<![A-Za-z])C(?:\+\+|#)(?![A-Za-z0-9])"), _c_language),
    (re.compile(r"(?<![A-Za-z0-9])([A-GI-MO-Z])2([A-Z])(?![A-Za-z0-9])"), _to_between_letters),
    (re.compile(r"(?<![\d.A-Za-z-])\d{1,6}(?:-\d{1,8}){2,5}(?![\d-]|\.\d)"), _hyphenated),
    (re.compile(rf"{FRESH}\d{{4}}(?: \d{{4}}){{2,4}}(?: \d{{1,4}})?(?!\d|[.,]\d)"), _groups),
    (re.compile(r"(?<![A-Za-z])[Pp]{1,2}\.? ?(\d{1,4})[-~](\d{1,4})(?![\d-])"), _pages),
    (re.compile(r"(?<![A-Za-z])(?:No|NO|no)\.? ?(\d{1,4})(?![\d.])"), _ordinal),
    (re.compile(r"(?<![A-Za-z0-9.])\.NET(?![A-Za-z])"), _dot_net),
    (re.compile(rf"{FRESH}\d{{4,6}}(?=\.(?:SH|SZ|BJ|HK)(?![A-Za-z]))"), _stock),
]
