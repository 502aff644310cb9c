"""Signs that are read as a word where nothing else has read them: & @ # → ↑ ✓."""

from __future__ import annotations

import re

from liusheng.han import HAN
from liusheng.tts.text.rules.patterns import Match, Rule
from liusheng.tts.text.rules.words import SpokenWord, amount, plain, say

_ARROWS = {
    "→": "到", "⇒": "到", "➜": "到", "->": "到", "-->": "到", "=>": "到", "←": "左箭头",
    "↑": "上升", "↓": "下降",
}  # fmt: skip
_NAMED = {
    "%": "百分号", "@": "艾特", "°": "度", "✓": "对勾", "✔": "对勾", "✗": "叉", "✘": "叉",
    "△": "三角形", "≌": "全等于", "∽": "相似于", "∉": "不属于", "⊂": "包含于", "⊃": "包含",
    "∀": "任意", "∃": "存在", "¬": "非", "∅": "空集", "∂": "偏", "∏": "连乘", "∑": "求和",
    "℃": "摄氏度", "℉": "华氏度",
    "№": "编号", "Ω": "欧姆", "¥": "元", "$": "美元", "€": "欧元", "£": "英镑", "₩": "韩元",
    "₹": "卢比", "₽": "卢布", "¢": "美分", "<": "小于", ">": "大于", "=": "等于", "+": "加",
}  # fmt: skip


def _arrow(match: Match) -> list[SpokenWord]:
    key = match["key"]
    names = {"→": "右箭头", "←": "左箭头", "↑": "上箭头", "↓": "下箭头"}
    return say(names[match["sign"]] if key is not None else _ARROWS[match["sign"]])


def _and(match: Match) -> list[SpokenWord]:
    """R&D is English, 年龄&性别 is not."""
    latin = match["before"] and re.match(" ?[A-Za-z]", match.string[match.end() :])
    return [SpokenWord("and", "english")] if latin else say("和")


def _named(match: Match) -> list[SpokenWord]:
    return say(_NAMED[match[0].strip()])


def _hash(match: Match) -> list[SpokenWord]:
    """3#楼, #5"""
    return [*plain(amount(match[1])), *say("号")] if match[1] else say("号")


_SIDE = rf"[{HAN}A-Za-z\d)）%”]"

RULES: list[Rule] = [
    (re.compile(r"(?P<sign>[→←↑↓])(?=(?P<key>键)?)"), _arrow),
    (
        re.compile(rf"(?<={_SIDE}) ?(?P<sign>--?>|=>|⇒|➜)(?P<key>(?!)x)? ?(?={_SIDE}|[(（“])"),
        _arrow,
    ),
    (
        re.compile(
            rf"(?:(?P<before>(?<=[A-Za-z])|(?<=[A-Za-z] ))|(?<={_SIDE})|(?<={_SIDE} ))&"
            rf"(?= ?{_SIDE})"
        ),
        _and,
    ),
    (re.compile(rf"(?<=\d)#(?=[{HAN}])|(?<![\w#&])#(\d{{1,3}})(?![\w#.])"), _hash),
    (re.compile(rf"@(?=[{HAN}A-Za-z])"), _named),
    # A sign named in a sentence: 用%表示, 输入$符号; no mark-up beside it.
    (
        re.compile(rf"(?<=[{HAN}“‘])[%@+=<>$](?=[{HAN}”’])|[°✓✔✗✘△≌∽∉⊂⊃∀∃¬∅∂∏∑№Ω¥€£₩₹₽¢℃℉]"),
        _named,
    ),
]
