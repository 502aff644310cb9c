"""Single characters whose reading the words around them decide: 得 地 长 行 只 为 还 重 倒 弄.

A phrase dictionary cannot hold these: what decides is the kind of the neighbour. Each rule returns
None where it does not know; the sentence model decides then.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import rjieba

from liusheng.tts.text.polyphone_patterns import AROUND, around, words_elsewhere

_PRONOUN = re.compile("(?:[我你您他她它咱谁]|们|自己|大家|事儿?|今天|明天)$")
_MUST = re.compile(
    "^(?:曾|没|刚|已|已经|曾经|终于|就|总|总是|还|都|必|必须|也|可|可能|非|又|再|才|只|不|先|还是|至少"
    "|一定|肯定|恐怕|大概|确实|应该|那|这)$"
)
_NUMERAL = re.compile("[0-9零一二两三四五六七八九十百千万亿几多数半每这那哪首末]$")
_UNPAID = re.compile("(?:[年月天日后]|没|要|该|必须|来|可以|已|已经|未|先|能|得|去|借)$")
_DEGREE = re.compile(
    "(?:很|太|多|更|最|不|又|也|好|这么|那么|非常|较|比较|越|够|真|挺|还|极|特别|米|公里|厘米|尺"
    "|年|小时|天|之|时间|日子|[0-9一二两三四五六七八九十百千万几多]里)$"
)
_GROWN = re.compile("什么样|[这那]么[高大胖瘦壮矮]")
_LENGTH = re.compile("(?:裤子|裤腿|裙子|衣服|袖子?|绳子?|鞋带|路|句子|文章|篇幅)$")
_GROUND = re.compile("(?:[块片亩此该种扫拖擦刷洗在的每本两各踩落倒于到对]|土|荒|耕)$")
_BECOME = re.compile("[分称变评定作成视改设名誉列译选升降沦化记转命尊合折约均皆即]$")


_VERBAL = frozenset("病气热学花画下上伤锁渴")
"""Verbs and adjectives that the segmentation takes for nouns: 病得很重, 雨下得大."""
_THINGS = frozenset("车人钱饭事书店门鱼房路菜树药鞋灯活家货包手脚头脸牙课")
_COMPLEMENT = re.compile(
    "[很太真好更最挺特非那这多越不有没起要像跟比连直快慢对错厉严重轻了清懂见动住惯饱他她死]|.不."
)
_BACK_TO = re.compile("[你我他她它您]们?(?:$|[的了吧啊吗]|钱|书|债|人情|清白|公道|自由|一个)")
_OBTAIN = re.compile("[深独建访夺赢获取博争求换赚挣买抢分摘捧拿录测算查购租讨制采]$")
_PREDICATED = re.compile("$|[的了吗吧呢啊呀]")


_DOUBLED = re.compile(r"(.+)\1$|.*(.)\2$|一(.)一\3$")
_NUMBERED = re.compile("[零一二两三四五六七八九十百千负]|正")
_PURPOSE = re.compile(
    "庆祝|纪念|避免|提高|防止|保证|确保|加强|促进|争取|实现|满足|解决|适应|方便|躲避|表示|表达"
    "|帮助|推动|增加|减少|降低|[使让]"
)
_PERSON = re.compile("[我你您他她它咱谁此]|自己|大家|人民|祖国|国家|孩子|客户|用户|社会")


def reading(words: Sequence[str], at: int) -> str | None:
    """The pinyin of the one-character word `words[at]`, or None: no rule decides."""
    before, after = "".join(words[:at]), "".join(words[at + 1 :])
    for preceding, following, pinyin in around(words[at]):
        if preceding.search(before) and following.match(after):
            return pinyin
    rule = _RULES.get(words[at])
    return rule(words[at - 1] if at else "", after) if rule else None


def inside(words: Sequence[str], at: int, index: int) -> str | None:
    """The same for a character of `words[at]`, a word that nobody knows: 很重, 教得好, 姓单."""
    word = words[at]
    if word[index] not in _INSIDE:
        return None
    if word[index] == "得" and (not index or _OBTAIN.search(word[:index])) and len(word) > 1:
        return None
    parts = [*words[:at], word[:index], word[index], word[index + 1 :], *words[at + 1 :]]
    before = [part for part in parts[: at + 1] if part]
    found = reading([*before, *parts[at + 1 :]], len(before))
    return None if word[index] == "得" and found != "de5" else found  # 彼得格勒


def of_word(word: str, before: str, after: str) -> tuple[str, ...] | None:
    """The syllables of a known word that is read otherwise where it stands."""
    for preceding, following, pinyin in words_elsewhere().get(word, ()):
        if preceding.search(before) and following.match(after):
            return tuple(pinyin.split())
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
    subject = _is_subject(before, after)
    if after[:1] in ("了", "过", "到", "的", "以"):
        return "de2" if subject else "de5"
    return "dei3" if subject and after else "de5"


def _is_subject(before: str, after: str) -> bool:
    """Whether who must, or an adverb of must, stands before 得: 我得走, 总得有人."""
    verb = before if rjieba.has_word(before) else before[-1:]  # 我气, 雨下: made up
    if not before or _PRONOUN.search(before) or _MUST.match(before) or before in _THINGS:
        return True
    if verb in _VERBAL or (len(before) == 1 and _COMPLEMENT.match(after)):
        return verb == "病" and not _COMPLEMENT.match(after)
    if verb != before and rjieba.tag(verb)[-1][1][0] in "av":
        return False
    return _is_noun(before) and not after.startswith(("像", "跟", "厉害", "不行", "要命", "发抖"))


def _di(before: str, after: str) -> str:
    if before and not after and not _GROUND.search(before):
        return "de5" if is_adverb(before) else "di4"
    if not before or not after or _GROUND.search(before) or after[0] in "上下里中很是有的方又也":
        return "di4"
    return "de5"


def _chang(before: str, after: str) -> str:
    if after == "得很":
        return "chang2"
    if _GROWN.match(after):
        return "zhang3"
    if _LENGTH.search(before) and after[:1] == "了":
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


def _cha(before: str, after: str) -> str | None:
    if not before:
        return None if after.startswith(("平方", "分", "值", "额")) else "cha4"
    noun = len(before) > 1 or _is_noun(before)
    return "cha4" if noun and _PREDICATED.match(after) else None


def _ying(_: str, after: str) -> str | None:
    return "ying1" if after and rjieba.tag(after)[0][1][0] in "vadpz" else None


def _hai(before: str, after: str) -> str | None:
    if after.startswith(("了解", "了不")):
        return "hai2"
    if _BACK_TO.match(after) or before.endswith("还不") or after.startswith("不还"):
        return "huan2"
    if after[:1] in ("了", "给", "清", "着") or (not after and _UNPAID.search(before)):
        return "huan2"
    return None


_RULES: dict[str, Callable[[str, str], str | None]] = {
    "得": _de, "地": _di, "长": _chang, "行": _hang, "只": _zhi, "为": _wei, "还": _hai, "差": _cha,
    "应": _ying,
}  # fmt: skip

_INSIDE = (frozenset(AROUND) | frozenset("得差")) - frozenset("没教弄都地")
"""What is ruled inside unknown words too: the others have rules that only hold for words."""

# Endings of words that no list has, and how the character in the group is read in them.
_ENDINGS = [
    (re.compile(".{2,}(率)$"), "lv4"),
    (re.compile(".{2,}(分)子$"), "fen4"),
    (re.compile(".(都).?[县区市河江]$"), "du1"),
    (re.compile("(都).[县区市河江]$"), "du1"),
    (re.compile(".+(地)$"), "di4"),
]

CHARACTERS = frozenset(_RULES) | frozenset("教挑累")
