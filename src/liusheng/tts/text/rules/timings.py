"""Times of races and other lengths written with colons: 1:23.45, 2:05:31.7, 用时3:20."""

from __future__ import annotations

import re

from liusheng.tts.text import numbers
from liusheng.tts.text.rules.clock import under_sixty
from liusheng.tts.text.rules.patterns import Match, Rule, after, before
from liusheng.tts.text.rules.words import SpokenWord, joined, plain, say

_TAKEN = re.compile(
    "(?:[用耗历费]时|时长|片长|全长|计时|完赛|跑完|游完|净时间?|[跑游][出进])[是为了：:约共 ]{0,2}$"
)
_RACED = re.compile(
    "成绩|纪录|记录|夺[冠金]|冠军|跑|游|圈|赛|排位|刷新|打破|米|自由泳|蛙泳|蝶泳|仰泳"
)
_RATIO = re.compile(r"比|兑|汇率|浓度|赔率|稀释|配方|缩放|:$")


def _long(match: Match) -> list[SpokenWord] | None:
    """2:05:31.7; without a fraction it is a time of day unless a length is spoken of."""
    hours, minutes, seconds, fraction = match.groups()
    front = before(match)
    if not fraction and not (_TAKEN.search(front) or re.search("成绩[是为：:]?$", front)):
        return None
    words = joined(say("两") if int(hours) == 2 else _number(hours), "小时")
    if not fraction and not int(seconds):
        return [*words, *(joined(_number(minutes), "分钟") if int(minutes) else [])]
    return [*words, *_minutes(minutes), *_seconds(under_sixty(seconds), fraction)]


def _short(match: Match) -> list[SpokenWord] | None:
    """1:23.45; 1:12.5 may be a ratio."""
    minutes, seconds, fraction = match.groups()
    front, near = before(match), before(match) + after(match)
    taken = bool(_TAKEN.search(front))
    if not fraction and not taken:
        return None
    raced = taken or _RACED.search(near)
    if fraction and (_RATIO.search(front[-4:]) or (len(fraction) == 1 and not raced)):
        return None
    if not fraction and not int(seconds):
        return joined(_number(minutes), "分钟")
    words = joined(_number(minutes), "分") if int(minutes) else []
    if fraction and len(fraction) > 1:  # as it is called: 一分二十三秒四五
        return [
            *words,
            SpokenWord(under_sixty(seconds) + "秒"),
            SpokenWord(numbers.digits(fraction), plain=True),
        ]
    return [*words, *_seconds(under_sixty(seconds), fraction)]


def _number(figures: str) -> list[SpokenWord]:
    return plain(say(numbers.cardinal(figures)))


def _minutes(minutes: str) -> list[SpokenWord]:
    return say(under_sixty(minutes) + "分") if int(minutes) else []


def _seconds(seconds: str, fraction: str | None) -> list[SpokenWord]:
    point = "点" + numbers.digits(fraction) if fraction else ""
    return [SpokenWord(seconds + point + "秒", plain=bool(point))]


def _relay(match: Match) -> list[SpokenWord]:
    """4×100米接力"""
    return [*_number(match[1]), *say("乘", numbers.cardinal(match[2]))]


RULES: list[Rule] = [
    (re.compile(r"(?<![\d.])(4) ?[x×X*] ?(\d{2,3})(?=米)"), _relay),
    (re.compile(r"(?<![\d.:])(\d{1,2}):([0-5]\d):([0-5]\d)(?:\.(\d{1,2}))?(?![\d:]|\.\d)"), _long),
    (re.compile(r"(?<![\d.:])(\d{1,2}):([0-5]\d)(?:\.(\d{1,3}))?(?![\d:]|\.\d)"), _short),
]
