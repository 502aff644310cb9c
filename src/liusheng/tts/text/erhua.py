"""Whether a 儿 is the rhotic ending of the syllable before it or a syllable of its own."""

from __future__ import annotations

# Words in which 儿 is a child, a man or a transliteration, by what stands before it.
_FULL = frozenset(
    "女 婴 幼 少 孤 胎 男 健 宠 混血 小 育 托 患 产 弃 新生 早产 病 娇 吾 爱 侏 胡 可 曼 齐格 "
    "哈 喀 巴 莫 尼 塔 埃 幸运 雏 低能 低体重 妇 聋 怀 弄 败家 骄 的 是 和 有 了 一个 把 给 "
    "与 岁 笛卡 锦鸡 金爪".split()
)

# What 儿 begins: 儿子, 儿童, ...
_BEGINS = frozenset("子童女孙媳科歌戏马")


def is_rhotic(before: str, after: str, word_start: bool) -> bool:
    """Whether 儿 belongs to the syllable before it.

    before: up to three characters before it. after: the character after it, or "".
    word_start: it begins a word of the segmentation.
    """
    if not before or (word_start and after and after in _BEGINS):
        return False
    if before.endswith("媳妇"):
        return True
    return not any(before.endswith(stem) for stem in _FULL)
