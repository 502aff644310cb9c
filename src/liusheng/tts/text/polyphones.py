"""Single characters whose reading the words around them decide: 得 地 长 行 只 为 还.

A phrase dictionary cannot hold these: what decides is the kind of the neighbour. Each rule returns
None where the usual reading stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

_PRONOUN = re.compile("(?:[我你您他她它咱谁]|们|自己|大家|事儿?|今天|明天)$")
_MUST = re.compile(
    "^(?:曾|没|刚|已|已经|曾经|终于|就|总|还|都|必|也|可|非|又|只|不|先|还是|至少|一定)$"
)
_NUMERAL = re.compile("[0-9零一二两三四五六七八九十百千万亿几多数半每这那哪首末]$")
_UNPAID = re.compile("(?:没|要|该|必须|来|可以|已|已经|未|先|能|得|去|借)$")
_DEGREE = re.compile(
    "(?:很|太|多|更|最|不|又|也|好|这么|那么|非常|较|比较|越|够|真|挺|还|极|特别|米|公里|厘米|尺|里"
    "|年|小时|天|之)$"
)
_GROUND = re.compile("(?:[块片亩此该种扫拖在的每本两各踩落倒于到对]|土|荒|耕)$")
_BECOME = re.compile("[分称变评定作成视改设名誉列译选升降沦化记转命尊合折约均皆即]$")


def reading(words: Sequence[str], at: int) -> str | None:
    """The pinyin of the one-character word `words[at]`, or None: the dictionary knows."""
    rule = _RULES.get(words[at])
    if rule is None:
        return None
    before = words[at - 1] if at else ""
    after = words[at + 1] if at + 1 < len(words) else ""
    return rule(before, after)


def _de(before: str, after: str) -> str:
    subject = not before or _PRONOUN.search(before) or _MUST.match(before)
    if after[:1] in ("了", "过", "到"):
        return "de2" if subject else "de5"
    return "dei3" if subject and after else "de5"


def _di(before: str, after: str) -> str:
    if not before or not after or _GROUND.search(before) or after[0] in "上下里中很是有的方又也":
        return "di4"
    return "de5"


def _chang(before: str, after: str) -> str:
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
    return "zhi1" if _NUMERAL.search(before) else None


def _wei(before: str, after: str) -> str | None:
    if _BECOME.search(before) or (
        after and (after[0] in "零一二两三四五六七八九十百千负" or after == "正")
    ):
        return "wei2"
    return None


def _hai(before: str, after: str) -> str | None:
    if after[:1] in ("了", "给", "清") or (not after and _UNPAID.search(before)):
        return "huan2"
    return None


_RULES: dict[str, Callable[[str, str], str | None]] = {
    "得": _de, "地": _di, "长": _chang, "行": _hang, "只": _zhi, "为": _wei, "还": _hai,
}  # fmt: skip

CHARACTERS = frozenset(_RULES)
