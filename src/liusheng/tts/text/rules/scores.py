"""Scores and ratios: 3:2, 2-1战胜, 1:50000, 3:2:1."""

from __future__ import annotations

import re

from liusheng.tts.text.rules.clock import SCORE
from liusheng.tts.text.rules.patterns import Match, Rule, after, before
from liusheng.tts.text.rules.words import SpokenWord, amount, plain, say


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


RULES: list[Rule] = [
    (re.compile(r"(?<![\d.:A-Za-z-])(\d{1,4})([:：-])(\d{1,4})(?![\d:=/-]|\s*=|\.\d)"), _score),
    (
        re.compile(
            r"(?<![\d.:A-Za-z-])\d+(?:\.\d+)?(?: ?[:：] ?\d+(?:\.\d+)?){1,5}(?![\d:=]|\s*=|\.\d)"
        ),
        _ratio,
    ),
]
