"""Scores and ratios: 3:2, 2-1战胜, 1:50000, 3:2:1."""

from __future__ import annotations

import re

from liusheng.tts.text.rules.clock import SCORE
from liusheng.tts.text.rules.patterns import Match, Rule, after, before
from liusheng.tts.text.rules.words import SpokenWord, amount, plain, say, spell


def _score(match: Match) -> list[SpokenWord] | None:
    """3:2; 3-2 only where a score is near, or where it could be no range."""
    first, mark, second = match.groups()
    may_be_range = 0 < int(first) < int(second)
    if mark == "-" and may_be_range and not SCORE.search(before(match) + after(match)):
        return None
    return [*plain(amount(first)), *say("比"), *plain(amount(second))]


def _ratio(match: Match) -> list[SpokenWord]:
    first, *rest = re.split(r"\s?[:：]\s?", match[0])
    words = plain(amount(first))
    for part in rest:
        words += [*say("比"), *plain(amount(part))]
    return words


def _weight_class(match: Match) -> list[SpokenWord]:
    """-57kg级, +109公斤级: up to so much, or more."""
    return [*amount(match[2]), *say("公斤以上级" if match[1] == "+" else "公斤级")]


def _against(match: Match) -> list[SpokenWord]:
    """3V3, 1vs1"""
    return [*plain(amount(match[1])), *spell(match[2]), *plain(amount(match[3]))]


SPORTS: list[Rule] = [
    (re.compile(r"(?<![A-Za-z\d.])([+-])(\d{2,3})(?:kg|KG|公斤)级"), _weight_class),
    (re.compile(r"(?<![A-Za-z\d.])(\d{1,2}) ?([vV][sS]?) ?(\d{1,2})(?![A-Za-z\d.])"), _against),
]
"""Before the rules for amounts, whose signs and units these look like."""

RULES: list[Rule] = [
    (re.compile(r"(?<![\d.:A-Za-z-])(\d{1,4})([:：-])(\d{1,4})(?![\d:=/-]|\s*=|\.\d)"), _score),
    (
        re.compile(
            r"(?<![\d.:A-Za-z-])\d+(?:\.\d+)?(?: ?[:：] ?\d+(?:\.\d+)?){1,5}(?![\d:=]|\s*=|\.\d)"
        ),
        _ratio,
    ),
]
