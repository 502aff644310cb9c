"""Surnames that are read otherwise than the same character elsewhere: 曾国藩, 任正非, 姓单."""

from __future__ import annotations

import re

import rjieba

_SURNAMES = {
    "曾": "zeng1", "任": "ren2", "单": "shan4", "解": "xie4", "查": "zha1", "仇": "qiu2",
    "朴": "piao2", "区": "ou1", "华": "hua4",
}  # fmt: skip

CHARACTERS = frozenset(_SURNAMES)

_ONLY_LONG = frozenset("单查区华")
"""In a word of two characters these are seldom a surname (华为)."""

_LONGEST = 3
"""Of a person's name; longer words only look like one (单亲家庭)."""

_FOREIGN = re.compile("查[理尔克普德斯]")
_TITLED = frozenset("曾任解仇朴华")
"""单, 区 and 查 before a title may be anything: 查老师的电话."""
_TITLE = re.compile("先生|女士|小姐|老师|太太|夫人|教授|医生|大夫|经理|主任|某|氏|总$")


def surname_in(word: str) -> str | None:
    """How the surname is read that a word of the segmentation, a person's name, begins with."""
    shortest = 2 + (word[0] in _ONLY_LONG)
    if word[0] not in _SURNAMES or not shortest <= len(word) <= _LONGEST:
        return None
    if _FOREIGN.match(word) or rjieba.tag(word) != [(word, "nr")]:
        return None
    return _SURNAMES[word[0]]


def surname_alone(char: str, before: str, after: str) -> str | None:
    """The same for a character that is a word, between two words: 姓曾, 任先生."""
    if before.endswith("姓") or (char in _TITLED and _TITLE.match(after)):
        return _SURNAMES.get(char)
    return None
