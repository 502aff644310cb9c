"""Tone sandhi: what a tone becomes beside its neighbours.

Rules after Duanmu, The Phonology of Standard Chinese (2007), chapter 11, in the word-based form
usual in synthesis: third tones change inside a prosodic word, and across words of which one is a
single syllable.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise


def third_tones(words: Sequence[Sequence[int]]) -> list[list[int]]:
    """Tones after third-tone sandhi. `words`: the tones (1 to 5) of each word of one breath."""
    changed = [_inside(list(word)) for word in words]
    # From the right: in 水果|很|好吃, 很 goes with what follows, and 果 then stays.
    for left, right in reversed(list(pairwise(changed))):
        if left[-1] == 3 == right[0] and (len(left) == 1 or len(right) == 1):
            left[-1] = 2
    return changed


def _inside(tones: list[int]) -> list[int]:
    """33 → 23. Longer runs change all but their last, save a 1+2 word, which callers split."""
    for at in range(len(tones) - 1):
        if tones[at] == 3 == tones[at + 1]:
            tones[at] = 2
    return tones


def bu(before: str, after: str, tone_after: int | None) -> int:
    """The tone of 不 between two characters ("" at an edge), before a syllable of `tone_after`."""
    if before and before == after:
        return 5
    return 2 if tone_after == 4 else 4


def yi(before: str, after: str, tone_after: int | None, *, word_end: bool) -> int:
    """The tone of 一. Ordinals, digits and the end of a word keep the first tone.

    word_end: it ends a word of more than one syllable (统一, 万一).
    """
    if before and before == after:
        return 5
    if word_end or not after or tone_after is None:
        return 1
    if (before and before in _BEFORE_PLAIN) or after in _AFTER_PLAIN:
        return 1
    if before == "月" and after == "日":
        return 1
    if before and before in "百千" and after == "十":
        return 1
    return 2 if tone_after == 4 or after == "个" else 4


def is_one_o_clock(near: str) -> bool:
    """Whether 一点 is a time, not an amount: 下午一点, 一点钟.

    near: 一, up to two characters before it and up to two after it.
    """
    return _ONE_O_CLOCK.search(near) is not None


_ONE_O_CLOCK = re.compile(
    "(?:上午|下午|中午|凌晨|晚上|早上|夜里|半夜)一点|一点[钟半整零十二三四五]"
)

# 第一, 初一, 十一, 二零二一, 星期一; 一月, 一号, 一楼, 一点五, 一二三.
_BEFORE_PLAIN = "第初十零〇一二两三四五六七八九点幺期周"
_AFTER_PLAIN = "月号楼点零〇一二三四五六七八九十之"
