"""Tone sandhi: what a tone becomes beside its neighbours.

Rules after Duanmu, The Phonology of Standard Chinese (2007), chapter 11, in the word-based form
usual in synthesis: third tones change inside a prosodic word, and across words of which one is a
single syllable.
"""

from __future__ import annotations

from collections.abc import Sequence


def third_tones(words: Sequence[Sequence[int]]) -> list[list[int]]:
    """Tones after third-tone sandhi. `words`: the tones (1 to 5) of each word of one breath."""
    changed = [_inside(list(word)) for word in words]
    for left, right in zip(changed, changed[1:], strict=False):
        if left and right and left[-1] == 3 == right[0] and (len(left) == 1 or len(right) == 1):
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


def yi(before: str, after: str, tone_after: int | None) -> int:
    """The tone of 一. Ordinals, digits and the end of a word keep the first tone."""
    if before and before == after:
        return 5
    if before and before in "第初十零〇一二两三四五六七八九点幺期周":
        return 1
    if not after or tone_after is None or after in "月日号楼点零二三四五六七八九十之":
        return 1
    return 2 if tone_after == 4 or after == "个" else 4
