"""Words of one breath: segmentation, and the measure that belongs to a number.

Segmentation is jieba's (rjieba), corrected where its words are made up around a particle or a
character of several readings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import rjieba

from liusheng.tts.text import polyphones
from liusheng.tts.text.pypinyin_data import phrases
from liusheng.tts.text.rules.patterns import MEASURE
from liusheng.tts.text.types import Span

_MEASURE = re.compile(f"(?:[十百千]?(?:万亿|万|亿))?(?:{MEASURE})?")
_NUMERAL = frozenset("零一二两三四五六七八九十百千万亿点几半")
# 90|年代, 3|部分: words after a number that only look as if they began with a measure.
_NOUNS = frozenset(
    "年代 世纪 世代 部分 部门 步骤 层次 级别 项目 条件 章节 期刊 点心 字母 股东 班级 组织 队员 "
    "位置 行星 星球 星系 家长".split()
)
FIGURES = re.compile("[零〇一二两三四五六七八九十百千万亿]+")


@dataclass
class TextWord:
    """A word on its way to be read.

    text: its characters; spans: one for each of them.
    pinyin: one syllable for each character ("" where it has none), or, where it is `spelt`, for
        the whole.
    kind: of the item it comes from. plain: 一 in it keeps the first tone.
    joined: said in one prosodic word with the word before it.
    pause: a short one follows.
    guessed: for each syllable, whether it is only the character's usual reading.
    """

    text: str
    spans: tuple[Span, ...]
    kind: str
    plain: bool = False
    pinyin: tuple[str, ...] = ()
    spelt: bool = False
    joined: bool = False
    pause: bool = False
    guessed: tuple[bool, ...] = ()

    def read(self, index: int, syllable: str) -> None:
        """Put `syllable` in the place of one of its characters."""
        self.pinyin = (*self.pinyin[:index], syllable, *self.pinyin[index + 1 :])


def attach_measures(words: list[TextWord]) -> list[TextWord]:
    """A number, 第 before it and the measure after it are one prosodic word: 第三本|书."""
    out: list[TextWord] = []
    for word in words:
        last = out[-1] if out else None
        size = 0
        if last and last.kind == "number" and word.kind == "han" and last.text[-1] in _NUMERAL:
            match = None if word.text in _NOUNS else _MEASURE.match(word.text)
            size = match.end() if match else 0
        if last and last.kind == "han" and word.kind == "number" and last.text[-1] == "第":
            out[-1:] = _split(last, len(last.text) - 1)
            word.joined = True
        if size == 0:
            out.append(word)
            continue
        head, *tail = _split(word, size)
        head.joined = True
        out += [head, *tail]
    return out


def _split(word: TextWord, at: int) -> list[TextWord]:
    parts = ((word.text[:at], word.spans[:at]), (word.text[at:], word.spans[at:]))
    return [replace(word, text=text, spans=spans) for text, spans in parts if text]


def segmented(text: str) -> Iterator[str]:
    """jieba's words, less those it makes up around a particle or polyphone: 高兴|地说, 路长."""
    before = ""
    for word in _whole_numbers(rjieba.cut(text)):
        after_adverb = before and polyphones.is_doubled(before)
        before = before + word if before and word == before[-len(word) :] else word
        if after_adverb and word[0] == "地" and word not in ("地上", "地下", "地里"):
            yield from filter(None, (word[0], word[1:]))
            continue
        made_up = len(word) == 2 and not rjieba.has_word(word) and word not in phrases()
        if made_up and (word[0] == "姓" or not polyphones.CHARACTERS.isdisjoint(word)):
            yield from word
        elif len(word) == 3 and word[0] == word[1] and word[2] == "地":
            yield from (word[:2], word[2])
        else:
            yield word


def _whole_numbers(words: Iterable[str]) -> Iterator[str]:
    """Numbers written in Han characters are not cut inside: 五|十分 is 五十|分."""
    number = ""
    for each in words:
        word = each
        if len(word) == 2 and word[0] in "长重" and FIGURES.match(word[1]):  # 长|三十公分
            yield from filter(None, (number, word[0]))
            number, word = "", word[1]
        figures = FIGURES.match(word)
        if figures and (number or figures[0] == word):
            number += figures[0]
            rest = word[figures.end() :]
        else:
            rest = word
        if rest:
            yield from filter(None, (number, rest))
            number = ""
    yield from filter(None, (number,))
