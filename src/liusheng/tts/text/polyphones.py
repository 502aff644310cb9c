"""Single characters whose reading the words around them decide: 得 地 长 行 只 为 还 重 倒 弄.

A phrase dictionary cannot hold these: what decides is the kind of the neighbour. Each rule returns
None where it does not know; the sentence model decides then.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import rjieba

_PRONOUN = re.compile("(?:[我你您他她它咱谁]|们|自己|大家|事儿?|今天|明天)$")
_MUST = re.compile(
    "^(?:曾|没|刚|已|已经|曾经|终于|就|总|还|都|必|也|可|非|又|只|不|先|还是|至少|一定)$"
)
_NUMERAL = re.compile("[0-9零一二两三四五六七八九十百千万亿几多数半每这那哪首末]$")
_UNPAID = re.compile("(?:没|要|该|必须|来|可以|已|已经|未|先|能|得|去|借)$")
_DEGREE = re.compile(
    "(?:很|太|多|更|最|不|又|也|好|这么|那么|非常|较|比较|越|够|真|挺|还|极|特别|米|公里|厘米|尺"
    "|年|小时|天|之|时间|日子|[0-9一二两三四五六七八九十百千万几多]里)$"
)
_GROUND = re.compile("(?:[块片亩此该种扫拖在的每本两各踩落倒于到对]|土|荒|耕)$")
_BECOME = re.compile("[分称变评定作成视改设名誉列译选升降沦化记转命尊合折约均皆即]$")


_DOUBLED = re.compile(r"(.+)\1$|.*(.)\2$|一(.)一\3$")
_NUMBERED = re.compile("[零一二两三四五六七八九十百千负]|正")
_PURPOSE = re.compile(
    "庆祝|纪念|避免|提高|防止|保证|确保|加强|促进|争取|实现|满足|解决|适应|方便|躲避|表示|表达"
    "|帮助|推动|增加|减少|降低|[使让]"
)
_PERSON = re.compile("[我你您他她它咱谁此]|自己|大家|人民|祖国|国家|孩子|客户|用户|社会")


def reading(words: Sequence[str], at: int) -> str | None:
    """The pinyin of the one-character word `words[at]`, or None: no rule decides."""
    before = words[at - 1] if at else ""
    after = "".join(words[at + 1 :])
    if rule := _RULES.get(words[at]):
        return rule(before, after)
    for preceding, following, pinyin in _PATTERNS.get(words[at], ()):
        if re.search(f"(?:{preceding})$", before) and re.match(following, after):
            return pinyin
    return None


def in_word(word: str) -> tuple[int, str] | None:
    """Where a word of the segmentation has an ending that settles a reading: its index, and it."""
    for ending, pinyin in _ENDINGS:
        if match := ending.match(word):
            return match.start(1), pinyin
    return None


def is_doubled(word: str) -> bool:
    """Whether a word is doubled as adverbs are: 慢慢, 高高兴兴, 一拐一拐, 空荡荡."""
    return bool(_DOUBLED.match(word))


def _is_noun(word: str) -> bool:
    return rjieba.tag(word)[-1][1] in ("n", "r", "t", "nr", "ns", "nt", "nz", "f", "s")


def is_adverb(word: str) -> bool:
    """Whether 地 after a word is the particle even where nothing follows: 渐渐地, 高兴地."""
    return is_doubled(word) or rjieba.tag(word)[-1][1][0] not in "nrtfsmqku"


def _de(before: str, after: str) -> str:
    subject = not before or _PRONOUN.search(before) or _MUST.match(before) or _is_noun(before)
    if after[:1] in ("了", "过", "到"):
        return "de2" if subject else "de5"
    return "dei3" if subject and after else "de5"


def _di(before: str, after: str) -> str:
    if before and not after and not _GROUND.search(before):
        return "de5" if is_adverb(before) else "di4"
    if not before or not after or _GROUND.search(before) or after[0] in "上下里中很是有的方又也":
        return "di4"
    return "de5"


def _chang(before: str, after: str) -> str:
    if after == "得很":
        return "chang2"
    if after[:1] in (
        "得",
        "了",
        "着",
        "出",
        "满",
        "在",
        "成",
        "肉",
        "草",
        "个",
    ) and not _DEGREE.search(before):
        return "zhang3"
    return "chang2"


def _hang(before: str, after: str) -> str | None:
    if _NUMERAL.search(before) and not after.startswith("人"):
        return "hang2"
    return None


def _zhi(before: str, _: str) -> str | None:
    return "zhi1" if _NUMERAL.search(before) or before.endswith("只") else None


def _wei(before: str, after: str) -> str | None:
    if _BECOME.search(before) or _NUMBERED.match(after):
        return "wei2"
    if _PERSON.match(after):
        return "wei4"
    tags = [tag for _, tag in rjieba.tag(after)]
    tags = [*("n" if tag == "vn" else tag[0] for tag in tags[:-1]), *(tag[0] for tag in tags[-1:])]
    nouns = next((at for at, tag in enumerate(tags) if tag not in "nrsjlb"), len(tags))
    served = 0 < nouns < len(tags) and tags[nouns] in "advp" and "u" not in tags
    return "wei4" if served or _PURPOSE.match(after) else None


def _hai(before: str, after: str) -> str | None:
    if after[:1] in ("了", "给", "清", "着") or (not after and _UNPAID.search(before)):
        return "huan2"
    return None


_RULES: dict[str, Callable[[str, str], str | None]] = {
    "得": _de, "地": _di, "长": _chang, "行": _hang, "只": _zhi, "为": _wei, "还": _hai,
}  # fmt: skip

_NUMBER = "[0-9零一二两三四五六七八九十百千万亿几半]"

# What stands before (a pattern of its end), what follows, and the reading then.
_PATTERNS = {
    "重": [("", f"{_NUMBER}|[约近]{_NUMBER}|[了达]", "zhong4")],
    "倒": [
        ("", "了[掉出进入满上水茶酒汤油车退杯一点些半]", "dao4"),
        ("", "了", "dao3"),
        ("", "[掉出进入满一杯水茶酒是也还不]", "dao4"),
    ],
    "弄": [(_NUMBER, "", "long4"), ("", ".", "nong4")],
    "没": [("", "", "mei2")],
    "数": [("", "一下|[一了着到完清出得不]", "shu3")],
    "盛": [("", "一[下点些碗勺盆盘锅杯]|[了碗点满出好饭汤菜]", "cheng2")],
    "差": [("", f"[了点得多些远太]|{_NUMBER}[岁分个斤米元块年天票名点秒]", "cha4")],
    "累": [
        ("", "[了得不死坏吗啊吧的呢趴倒]|$", "lei4"),
        ("[很太好真不最更又也觉得]", "", "lei4"),
    ],
    "挑": [("", "[起动开明灯高眉头]", "tiao3"), ("", "", "tiao1")],
    "干": [("衣服|头发|地|嘴|口|河|井|油漆|墨|胶|汗|泪|菜|肉", "了|$", "gan1")],
    "转": [("", f"了?{_NUMBER}+[个大]?圈|圈", "zhuan4")],
    "藏": [("", "[在着起了好到进入身匿不得]", "cang2")],
    "薄": [("", "[一了得点些的]|$", "bao2")],
    "攒": [("", "[了够着点个下几出不钱学首]", "zan3")],
    "教": [("[佛道该此其本新旧异邪宗奉入信传国]", "", "jiao4"), ("", ".", "jiao1")],
}

# Endings of words that no list has, and how the character in the group is read in them.
_ENDINGS = [
    (re.compile(".{2,}(率)$"), "lv4"),
    (re.compile(".{2,}(分)子$"), "fen4"),
    (re.compile(".(都).?[县区市河江]$"), "du1"),
    (re.compile("(都).[县区市河江]$"), "du1"),
    (re.compile(".+(地)$"), "di4"),
]

CHARACTERS = frozenset(_RULES) | frozenset("教挑累")
