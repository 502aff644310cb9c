"""Words and pinyin of one breath: segmentation, polyphones, neutral tones, erhua, sandhi.

Segmentation is jieba's (rjieba), the readings are pypinyin's phrase dictionary's; over both stand
the dictionary in `overrides.txt` and over that the user's lexicon. Why these: docs/text.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from itertools import groupby

import pypinyin
import rjieba
from pypinyin.constants import PHRASES_DICT
from pypinyin.contrib.neutral_tone import NeutralToneWith5Mixin
from pypinyin.converter import DefaultConverter
from pypinyin.core import Pinyin

from liusheng.tts.text import sandhi
from liusheng.tts.text.lexicon import Lexicon
from liusheng.tts.text.normalize import Item
from liusheng.tts.text.symbols import LETTERS
from liusheng.tts.text.types import Span, Syllable

# Written with the word before them: no boundary that a listener could hear.
_LONGEST_PHRASE = 5
"""Words of a segmentation that may make one phrase."""

_CLITICS = frozenset("的了着过吗吧呢啊呀嘛啦地得们里上下中")


class _Converter(NeutralToneWith5Mixin, DefaultConverter):
    pass


@dataclass(frozen=True)
class _Unit:
    """A character to be read. pinyin: "" while nothing has decided it. plain: 一 is a digit."""

    text: str
    span: Span
    word_start: bool
    pinyin: str = ""
    plain: bool = False
    number: bool = False


class Reader:
    """Reads runs of Mandarin. Stateless between runs but for the lexicon, which may change."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        with resources.as_file(resources.files(__package__) / "overrides.txt") as path:
            self._overrides = Lexicon(path)
        self._pinyin = Pinyin(_Converter())

    def read(self, items: Sequence[Item]) -> list[Syllable]:
        """The syllables of `items` (kinds "han", "number", "letters" and "none", no other mark between)."""
        units: list[_Unit] = []
        for item in items:
            if item.kind == "none":
                continue
            if item.kind == "letters":
                units += _letters(item)
            elif item.kind == "number":
                units += [
                    _Unit(char, item.span, index == 0, plain=item.plain, number=True)
                    for index, char in enumerate(item.text)
                ]
            else:
                units += [
                    _Unit(char, span, False)
                    for char, span in zip(item.text, item.spans, strict=True)
                ]
        units = self._decide(units)
        units = _tones(units)
        return _rhotacised(units)

    def _decide(self, units: list[_Unit]) -> list[_Unit]:
        """Give every Han unit its dictionary reading, and those not yet in words their word."""
        decided: list[_Unit] = []
        for known, group in groupby(units, key=lambda unit: bool(unit.pinyin)):
            if known:
                decided += group
                continue
            run = list(group)
            at = 0
            for words, syllables in self._readings(run):
                for word in words:
                    for index in range(len(word)):
                        unit = run[at]
                        start = unit.word_start if unit.number else index == 0
                        decided.append(replace(unit, pinyin=syllables[0], word_start=start))
                        syllables = syllables[1:]
                        at += 1
        return decided

    def _readings(self, run: list[_Unit]) -> Iterator[tuple[list[str], list[str]]]:
        """Words with their syllables, in order: the user's words first, then phrases of words."""
        text = "".join(unit.text for unit in run)
        at = start = 0
        while at < len(text):
            if word := self._lexicon.longest_match(text, at):
                yield from self._phrases(run[start:at])
                yield [word], list(self._lexicon.words[word])
                at = start = at + len(word)
            else:
                at += 1
        yield from self._phrases(run[start:])

    def _phrases(self, run: list[_Unit]) -> Iterator[tuple[list[str], list[str]]]:
        """The longest phrases of whole words that a dictionary has: 人|参加, but 教书|育人 as one."""
        words: list[str] = []
        for number, group in groupby(run, key=lambda unit: unit.number):
            text = "".join(unit.text for unit in group)
            words += list(text) if number else rjieba.cut(text)
        at = 0
        while at < len(words):
            for end in range(min(len(words), at + _LONGEST_PHRASE), at, -1):
                phrase = "".join(words[at:end])
                if phrase in self._overrides.words:
                    yield _prosodic(words[at:end]), list(self._overrides.words[phrase])
                    break
                if end == at + 1 or phrase in PHRASES_DICT:
                    yield _prosodic(words[at:end]), self._dictionary(phrase)
                    break
            at = end

    def _dictionary(self, phrase: str) -> list[str]:
        read = self._pinyin.lazy_pinyin([phrase], style=pypinyin.Style.TONE3, errors=_unknown)
        return [_plain_syllable(syllable) for syllable in read]


def _prosodic(words: list[str]) -> list[str]:
    """Words as they are said: particles with the word before them."""
    said: list[str] = []
    for word in words:
        if said and word in _CLITICS:
            said[-1] += word
        else:
            said.append(word)
    return said


def _unknown(text: str) -> list[str]:
    return ["" for _ in text]


def _plain_syllable(syllable: str) -> str:
    """pypinyin's "n2" for 嗯 and its like become syllables that a voice has."""
    base = syllable.replace("ü", "v")
    if base and not base[-1].isdigit():
        base += "5"
    return {"n": "en", "ng": "en", "m": "mu", "hm": "heng", "hng": "heng", "ê": "ei"}.get(
        base[:-1], base[:-1]
    ) + base[-1:]


def _letters(item: Item) -> list[_Unit]:
    units = []
    for index, letter in enumerate(item.text.upper()):
        for part, syllable in enumerate(LETTERS[letter].split()):
            units.append(_Unit(letter, item.span, index == 0 and part == 0, syllable))
    return units


def _tones(units: list[_Unit]) -> list[_Unit]:
    tones = [int(unit.pinyin[-1]) if unit.pinyin else 5 for unit in units]
    for at, unit in enumerate(units):
        before = units[at - 1].text if at else ""
        after = units[at + 1].text if at + 1 < len(units) else ""
        following = tones[at + 1] if at + 1 < len(units) else None
        if unit.text == "不" and unit.pinyin == "bu4":
            tones[at] = sandhi.bu(before, after, following)
        elif unit.text == "一" and unit.pinyin == "yi1" and not unit.plain:
            tones[at] = sandhi.yi(before, after, following)
    words: list[list[int]] = []
    for unit, tone in zip(units, tones, strict=True):
        if unit.word_start or not words:
            words.append([])
        words[-1].append(tone)
    flat = [tone for word in sandhi.third_tones(words) for tone in word]
    return [
        replace(unit, pinyin=unit.pinyin[:-1] + str(tone)) if unit.pinyin else unit
        for unit, tone in zip(units, flat, strict=True)
    ]


def _rhotacised(units: list[_Unit]) -> list[Syllable]:
    return [Syllable(u.text, u.pinyin, u.word_start, u.span) for u in units if u.pinyin]
