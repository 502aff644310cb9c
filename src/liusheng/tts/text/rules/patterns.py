"""What the rules' patterns share. They see cleaned text: ASCII figures, simplified characters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from liusheng.tts.text.rules.words import SpokenWord
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

TO = "(?:-|~|—{1,2}|至|到)"
MEASURED = re.compile(MEASURE)


def before(match: Match, size: int = 8) -> str:
    """Up to `size` characters in front of the match."""
    return match.string[max(0, match.start() - size) : match.start()]


def after(match: Match, size: int = 8) -> str:
    """Up to `size` characters behind the match."""
    return match.string[match.end() : match.end() + size]
