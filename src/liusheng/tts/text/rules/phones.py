"""Numbers that are dialled, and other long ones that are read in groups."""

from __future__ import annotations

import re

from liusheng.tts.text import numbers
from liusheng.tts.text.rules.patterns import FRESH, Match, Rule
from liusheng.tts.text.rules.words import SpokenWord, digit_words, paused, say, spell

_COUNTRY = r"(?P<country>(?:\+|(?<!\d)00)86[ -]?|\(\+?86\) ?)?"


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


def _foreign(match: Match) -> list[SpokenWord]:
    """+1 (555) 123-4567"""
    words = say("加")
    for group in re.findall(r"\d+", match[0]):
        words += paused(digit_words(group, yao=True))
    return unpaused(words)


def _identity(match: Match) -> list[SpokenWord]:
    words = digit_words(match[1], 6, 4, 4, 3, yao=True)
    return words + (spell("X") if match[2] in "xX" else digit_words(match[2], yao=True))


def _groups(match: Match) -> list[SpokenWord]:
    """The number of a bank card: a short pause between its groups."""
    return unpaused([word for part in match[0].split() for word in paused(digit_words(part))])


def _hyphenated(match: Match) -> list[SpokenWord]:
    """ISBN 978-7-111-21382-6 and the like."""
    return unpaused([word for part in match[0].split("-") for word in paused(digit_words(part))])


def _masked(match: Match) -> list[SpokenWord]:
    """138****8000"""
    stars = numbers.cardinal(str(len(match[2])))
    count = "两" if stars == "二" else stars
    words = [*paused(digit_words(match[1], yao=True)), *paused(say(count + "个星号"))]
    return words + digit_words(match[3], yao=True)


def unpaused(words: list[SpokenWord]) -> list[SpokenWord]:
    """The same words, without a pause after the last."""
    last = words[-1]
    return [*words[:-1], SpokenWord(last.text, last.kind, last.plain, last.pinyin)]


RULES: list[Rule] = [
    (re.compile(rf"{FRESH}(\d{{17}})([\dXx])(?![\dA-Za-z])"), _identity),
    (re.compile(rf"{FRESH}{_COUNTRY}(?P<number>1[3-9]\d[ -]?\d{{4}}[ -]?\d{{4}})(?!\d)"), _mobile),
    (
        re.compile(
            rf"(?<![\d.])(?<![\dA-Za-z]-){_COUNTRY}"
            r"(?:[(（]?(?P<area>0?(?:10|2\d|[3-9]\d\d)(?=[)）\- ])|[48]00)[)）]?[- ]?"
            r"(?P<local>\d{7,8}|\d{3,4}[- ]\d{4})(?: ?(?:转|-|#) ?(?P<extension>\d{1,5}))?)(?!\d)"
        ),
        _landline,
    ),
    (
        re.compile(
            r"(?<![\d)）A-Za-z])\+\d{1,3}[ -]?(?:\(\d{1,4}\)|\d{1,4})(?:[ -]\d{2,4}){1,4}(?![\d-])"
        ),
        _foreign,
    ),
    (re.compile(rf"{FRESH}(\d{{2,6}}) ?(\*{{2,12}}) ?(\d{{1,6}})(?!\d)"), _masked),
    (re.compile(r"(?<![\d.A-Za-z-])\d{1,6}(?:-\d{1,8}){2,5}(?![\d-]|\.\d)"), _hyphenated),
    (re.compile(rf"{FRESH}\d{{4}}(?: \d{{4}}){{2,4}}(?: \d{{1,4}})?(?!\d|[.,]\d)"), _groups),
]
