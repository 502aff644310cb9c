"""Words and pinyin of one breath: segmentation, polyphones, neutral tones, erhua, sandhi.

Segmentation is jieba's (rjieba), the readings are those of pypinyin's phrases, looked up by whole
words so that 人|参加 is not read as 人参|加. Over them stand `overrides.txt` and `polyphones`, over
everything the user's lexicon. What was measured to choose them: docs/text.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import resources
from itertools import pairwise

import pypinyin
import rjieba
from pypinyin.constants import PHRASES_DICT
from pypinyin.contrib.neutral_tone import NeutralToneWith5Mixin
from pypinyin.converter import DefaultConverter
from pypinyin.core import Pinyin

from liusheng.tts.text import names, polyphones, sandhi
from liusheng.tts.text.erhua import is_rhotic
from liusheng.tts.text.lexicon import UserLexicon
from liusheng.tts.text.normalize import TextToken
from liusheng.tts.text.polyphone_model import polyphone_model
from liusheng.tts.text.readings import NEUTRAL, load_readings
from liusheng.tts.text.rules.patterns import MEASURE
from liusheng.tts.text.symbols import LETTERS
from liusheng.tts.text.types import Span, Syllable

_LONGEST_PHRASE = 5
"""Words of the segmentation that may make one phrase."""

_AHEAD = 6
"""Words from a single character on that its rule sees."""

# Said with the word before them: no boundary that a listener could hear.
_CLITICS = frozenset("的了着过吗吧呢啊呀嘛啦哦哇地得们里上下中")
_MEASURE = re.compile(f"(?:[十百千]?(?:万亿|万|亿))?(?:{MEASURE})?")
_COUNTED = re.compile("[年月日号章分秒点回页条]")
_NUMERAL = frozenset("零一二两三四五六七八九十百千万亿点几半")
# 90|年代, 3|部分: words after a number that only look as if they began with a measure.
_NOUNS = frozenset(
    "年代 世纪 世代 部分 部门 步骤 层次 级别 项目 条件 章节 期刊 点心 字母 股东 班级 组织 队员 "
    "位置 行星 星球 星系 家长".split()
)
_FIGURES = re.compile("[零〇一二两三四五六七八九十百千万亿]+")
_SURE = 0.5
"""Probability from which on the polyphone model is right more often than a character's usual
reading (docs/text.md)."""
_STUDENT = "学生"  # neutral alone (学生), but not in 大学生, 中学生


class _Converter(NeutralToneWith5Mixin, DefaultConverter):
    pass


_PINYIN = Pinyin(_Converter())


@dataclass
class _Word:
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


class Reader:
    """Reads runs of Mandarin; keeps nothing from one to the next."""

    def __init__(self) -> None:
        with resources.as_file(resources.files(__package__) / "overrides.txt") as path:
            self._overrides = UserLexicon(path).words
        self._marked = load_readings()
        self._model = polyphone_model()

    def read(self, items: Sequence[TextToken]) -> list[Syllable]:
        """The syllables of items between two marks, none of them English."""
        words = [word for item in items for word in self._words(item)]
        words = _attach_measures(words)
        self._look_up(words)
        self._disambiguate(words)
        syllables = [s for at, word in enumerate(words) for s in _syllables(word, at > 0)]
        return _toned(syllables, plain=[w.plain for w in words for _ in w.pinyin])

    def _words(self, item: TextToken) -> Iterator[_Word]:
        if item.kind == "han":
            at = 0
            for text in _segmented(item.text):
                yield _Word(text, item.spans[at : at + len(text)], "han")
                at += len(text)
        elif item.kind == "letters":
            for letter in item.text:
                if letter == "'":  # of S'A
                    continue
                spelling = tuple(LETTERS[letter.upper()].split())
                word = _Word(letter, item.spans, "letters", pinyin=spelling, spelt=True)
                yield replace(word, pause=item.pause)
        elif item.kind == "fixed":
            spelt = len(item.pinyin) != len(item.text)
            yield _Word(item.text, item.spans, "fixed", pinyin=item.pinyin, spelt=spelt)
        elif item.kind == "number":
            spans = item.spans * len(item.text)
            yield _Word(item.text, spans, "number", plain=item.plain, pause=item.pause)

    def _look_up(self, words: list[_Word]) -> None:
        """Give each word its readings: the longest phrase of whole words that is known."""
        at = 0
        while at < len(words):
            end = at + 1
            if words[at].kind == "han":
                end = self._phrase_end(words, at)
                self._read_phrase(words, at, end)
            elif words[at].kind == "number":
                words[at].pinyin = self._number(words[at].text)
            at = end
        for before, word in pairwise(words):
            if word.kind != "han":
                continue
            counted = _FIGURES.fullmatch(before.text) and _COUNTED.fullmatch(word.text)
            if counted or (word.text in _CLITICS and before.kind != "letters"):
                word.joined = True

    def _disambiguate(self, words: list[_Word]) -> None:
        """Let the sentence decide where the word lists are not certain."""
        text = "".join(word.text for word in words)
        guesses: list[tuple[_Word, int, int]] = []
        at = 0
        for word in words:
            guesses += [
                (word, index, at + index)
                for index, guessed in enumerate(word.guessed)
                if guessed and word.text[index] in self._model.characters
            ]
            at += len(word.text)
        found = self._model.readings(text, [place for _, _, place in guesses])
        for (word, index, _), reading in zip(guesses, found, strict=True):
            if reading.probability >= _SURE and _is_reading(word.text[index], reading.pinyin):
                word.pinyin = (*word.pinyin[:index], reading.pinyin, *word.pinyin[index + 1 :])

    def _phrase_end(self, words: list[_Word], at: int) -> int:
        end = at
        while end < len(words) and words[end].kind == "han" and end < at + _LONGEST_PHRASE:
            end += 1
        while end > at + 1:
            phrase = "".join(word.text for word in words[at:end])
            if self._is_known(phrase):
                return end
            end -= 1
        return end

    def _read_phrase(self, words: list[_Word], at: int, end: int) -> None:
        if end == at + 1 and len(words[at].text) == 1:
            near = [word.text for word in words[max(0, at - 1) : at + _AHEAD]]
            place = min(at, 1)
            ruled = polyphones.reading(near, place) or names.surname_alone(
                near[place], near[0] if place else "", "".join(near[place + 1 : place + 2])
            )
            if ruled:
                words[at].pinyin = (ruled,)
                return
        readings = self._reading("".join(word.text for word in words[at:end]))
        short = len(readings) <= 3
        for index, word in enumerate(words[at:end]):
            mine, readings = readings[: len(word.text)], readings[len(word.text) :]
            word.pinyin = tuple(syllable for syllable, _ in mine)
            word.guessed = tuple(guessed for _, guessed in mine)
            word.joined = word.joined or (short and index > 0)

    def _reading(self, phrase: str) -> tuple[tuple[str, bool], ...]:
        """The syllables of whole words; of a word that nobody knows, by the longest parts known.
        With each, whether it is a guess: the usual reading of a character."""
        if len(phrase) == 1:
            usual = self._overrides.get(phrase) or _known(phrase)
            return ((usual[0], True),)
        if phrase in self._overrides:
            return _certain(self._overrides[phrase])
        if phrase in self._marked:
            return self._settled(phrase)
        if phrase in PHRASES_DICT:
            readings = _certain(_known(phrase))
        else:
            readings = ()
            while len(readings) < len(phrase):
                readings += self._longest_part(phrase, len(readings))
            if surname := names.surname_in(phrase):
                readings = ((surname, False), *readings[1:])
            if (ending := polyphones.in_word(phrase)) and readings[ending[0]][1]:
                at, syllable = ending
                readings = (*readings[:at], (syllable, False), *readings[at + 1 :])
        # 老朋友, 小姑娘: a word that ends in a word with a neutral tone has it too.
        tail = self._overrides.get(phrase[-2:], ("",)) if len(phrase) > 2 else ("",)
        neutral = tail[-1].endswith("5") and tail[-1][:-1] == readings[-1][0][:-1]
        if neutral and phrase[-2:] != _STUDENT:
            return (*readings[:-1], (tail[-1], False))
        return readings

    def _is_known(self, phrase: str) -> bool:
        return phrase in self._overrides or phrase in self._marked or phrase in PHRASES_DICT

    def _settled(self, word: str) -> tuple[tuple[str, bool], ...]:
        """The reading of a word of `readings.txt`: what is not settled there is as in its parts."""
        if word in PHRASES_DICT:
            readings = list(_certain(_known(word)))
        else:
            readings = []
            while len(readings) < len(word):
                readings += self._longest_part(word, len(readings))
        for at, syllable in self._marked[word].items():
            neutral = readings[at][0][:-1] + NEUTRAL
            readings[at] = (neutral if syllable == NEUTRAL else syllable, False)
        return tuple(readings)

    def _longest_part(self, word: str, at: int) -> tuple[tuple[str, bool], ...]:
        for end in range(len(word), at + 1, -1):
            part = word[at:end]
            if end - at < len(word) and self._is_known(part):
                return self._reading(part)
        if word[at] == "得" and at:
            return (("de5", True),)  # a complement that the segmentation took for a word: 跑得快
        return self._reading(word[at])

    def _number(self, text: str) -> tuple[str, ...]:
        return self._overrides.get(text) or tuple(self._reading(char)[0][0] for char in text)


def _attach_measures(words: list[_Word]) -> list[_Word]:
    """A number, 第 before it and the measure after it are one prosodic word: 第三本|书."""
    out: list[_Word] = []
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


def _split(word: _Word, at: int) -> list[_Word]:
    parts = ((word.text[:at], word.spans[:at]), (word.text[at:], word.spans[at:]))
    return [replace(word, text=text, spans=spans) for text, spans in parts if text]


def _syllables(word: _Word, may_join: bool) -> Iterator[Syllable]:
    start = not (word.joined and may_join)
    last = len(word.pinyin) - 1
    for at, pinyin in enumerate(word.pinyin):
        text, span = ("" if at else word.text), (word.spans[0][0], word.spans[-1][1])
        if not word.spelt:
            text, span = word.text[at], word.spans[at]
        yield Syllable(text, pinyin, start and at == 0, span, word.pause and at == last)


def _toned(syllables: list[Syllable], plain: list[bool]) -> list[Syllable]:
    """Sandhi within each stretch without a pause, then erhua; what has no reading falls out."""
    toned: list[Syllable] = []
    breath: list[tuple[Syllable, bool]] = []
    for syllable, is_plain in zip(syllables, plain, strict=True):
        if syllable.pinyin:
            breath.append((syllable, is_plain))
        if syllable.pause_after:
            toned += _breath(breath)
            breath = []
    return _rhotacised(toned + _breath(breath))


def _breath(read: list[tuple[Syllable, bool]]) -> list[Syllable]:
    starts = [*(s.word_start for s, _ in read), True]
    texts = ["", *(s.text for s, _ in read), ""]
    tones = [int(s.pinyin[-1]) for s, _ in read]
    for at, (syllable, is_plain) in enumerate(read):
        following = tones[at + 1] if at + 1 < len(tones) else None
        if syllable.text == "不" and syllable.pinyin == "bu4":
            tones[at] = sandhi.bu(texts[at], texts[at + 2], following)
        elif syllable.text == "一" and syllable.pinyin == "yi1" and not is_plain:
            ends = starts[at + 1] and not starts[at]
            again = at > 1 and texts[at - 1] == "一" and texts[at] == texts[at + 2]  # 一天一天
            before = "" if again else texts[at]
            tones[at] = sandhi.yi(before, texts[at + 2], following, word_end=ends and not again)
    bounds = [at for at, start in enumerate(starts) if start or at == 0]
    words: list[list[int]] = []
    for start, end in pairwise(bounds):
        text = "".join(s.text for s, _ in read[start:end])
        words += _branches(text, tones[start:end])
    changed = (tone for word in sandhi.third_tones(words) for tone in word)
    return [
        replace(s, pinyin=s.pinyin[:-1] + str(tone))
        for (s, _), tone in zip(read, changed, strict=True)
    ]


def _branches(text: str, tones: list[int]) -> list[list[int]]:
    """A word of three third tones in its parts: 展览|馆 changes 2 2 3, 小|老虎 3 2 3."""
    ends = rjieba.has_word(text[1:]) and not rjieba.has_word(text[:2])
    if tones == [3, 3, 3] and len(text) == 3 and ends:
        return [tones[:1], tones[1:]]
    return [tones]


def _rhotacised(syllables: list[Syllable]) -> list[Syllable]:
    out: list[Syllable] = []
    for at, syllable in enumerate(syllables):
        before = "".join(s.text for s in syllables[max(0, at - 3) : at])
        after = "".join(s.text for s in syllables[at + 1 : at + 2])
        if syllable.text == "儿" and is_rhotic(before, after, syllable.word_start):
            last = out[-1]
            span = (last.span[0], syllable.span[1])
            touching = last.span[1] == syllable.span[0]
            if touching and len(last.text) == 1 and not last.text.isascii():
                pinyin = f"{last.pinyin[:-1]}r{last.pinyin[-1]}"
                out[-1] = replace(last, text=last.text + "儿", pinyin=pinyin, span=span)
                continue
        out.append(syllable)
    return out


def _segmented(text: str) -> Iterator[str]:
    """jieba's words, less those it makes up around a particle or polyphone: 高兴|地说, 路长."""
    before = ""
    for word in _whole_numbers(rjieba.cut(text)):
        after_adverb = before and polyphones.is_doubled(before)
        before = before + word if before and word == before[-len(word) :] else word
        if after_adverb and word[0] == "地" and word not in ("地上", "地下", "地里"):
            yield from filter(None, (word[0], word[1:]))
            continue
        made_up = len(word) == 2 and not rjieba.has_word(word) and word not in PHRASES_DICT
        if made_up and not polyphones.CHARACTERS.isdisjoint(word):
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
        if len(word) == 2 and word[0] in "长重" and _FIGURES.match(word[1]):  # 长|三十公分
            yield from filter(None, (number, word[0]))
            number, word = "", word[1]
        figures = _FIGURES.match(word)
        if figures and (number or figures[0] == word):
            number += figures[0]
            rest = word[figures.end() :]
        else:
            rest = word
        if rest:
            yield from filter(None, (number, rest))
            number = ""
    yield from filter(None, (number,))


def _certain(syllables: Iterable[str]) -> tuple[tuple[str, bool], ...]:
    return tuple((syllable, False) for syllable in syllables)


@lru_cache(maxsize=4096)
def _is_reading(char: str, syllable: str) -> bool:
    """Whether a character can be read so at all, the neutral tone included."""
    found = pypinyin.pinyin(
        char, style=pypinyin.Style.TONE3, heteronym=True, neutral_tone_with_five=True
    )
    known = {_voiced(each) for each in found[0]}
    return syllable in known or any(each[:-1] == syllable[:-1] for each in known)


@lru_cache(maxsize=16384)
def _known(phrase: str) -> tuple[str, ...]:
    """pypinyin's reading of a phrase that it knows, or of one character."""
    read = _PINYIN.pinyin([phrase], style=pypinyin.Style.TONE3, errors=_unread)
    # 一 after 第 keeps the first tone (第一名), which the dictionary has changed by sandhi.
    syllables = tuple(
        "yi1" if phrase[max(0, at - 1) : at + 1] == "第一" else _voiced(candidates[0])
        for at, candidates in enumerate(read)
    )
    # A character that nobody knows comes back as nothing at all.
    return syllables if len(syllables) == len(phrase) else ("",) * len(phrase)


def _unread(_: str) -> str:
    """A character that pypinyin does not know; a single one, since phrases are known."""
    return ""


_SYLLABIC = {"n": "en", "ng": "en", "m": "mu", "hm": "heng", "hng": "heng", "ê": "ei"}


def _voiced(syllable: str) -> str:
    """pypinyin's spelling as ours: v for ü, a digit for every tone, no syllabic consonants."""
    plain = syllable.replace("ü", "v")
    if not plain:
        return ""
    base, tone = (plain[:-1], plain[-1]) if plain[-1].isdigit() else (plain, "5")
    return _SYLLABIC.get(base, base) + tone
