"""Surnames that are read otherwise than the same character elsewhere: 曾国藩, 任正非, 姓单."""

from __future__ import annotations

import re

import rjieba

_SURNAMES = {
    "曾": "zeng1", "任": "ren2", "单": "shan4", "解": "xie4", "查": "zha1", "仇": "qiu2",
    "朴": "piao2", "区": "ou1", "华": "hua4",
}  # fmt: skip
_AFTER_XING = _SURNAMES | {
    "盖": "ge3", "翟": "zhai2", "缪": "miao4", "洗": "xian3", "员": "yun4", "召": "shao4",
    "折": "she2", "那": "na1", "晟": "cheng2", "繁": "po2", "种": "chong2", "哈": "ha3",
    "应": "ying1", "燕": "yan1", "句": "gou1", "乜": "nie4", "都": "du1", "葛": "ge3",
}  # fmt: skip
"""Of these only 姓 before them makes a surname."""
CHARACTERS = frozenset(_AFTER_XING)
_XING = re.compile("(?<![百同异复贵老])姓$")

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
    if _XING.search(before):
        return _AFTER_XING.get(char)
    return _SURNAMES[char] if char in _TITLED and _TITLE.match(after) else None
