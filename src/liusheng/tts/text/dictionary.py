"""How a word is read by the dictionaries: ours over pypinyin's.

`overrides.txt` has words, names and places spelt out, `readings.txt` the characters of everyday
words; pypinyin has phrases, and the usual reading of each character.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from importlib import resources

from liusheng.tts.text import names, polyphones
from liusheng.tts.text.lexicon import UserLexicon
from liusheng.tts.text.pypinyin_data import characters, phrases
from liusheng.tts.text.readings import NEUTRAL, load_readings

_STUDENT = "学生"  # neutral alone (学生), but not in 大学生, 中学生


class Dictionary:
    """The dictionaries, loaded. A reading is a syllable for each character, each with whether it is
    a guess: only the usual reading of the character."""

    def __init__(self) -> None:
        with resources.as_file(resources.files(__package__) / "overrides.txt") as path:
            self._overrides = UserLexicon(path).words
        self._marked = load_readings()
        self._phrases = phrases()

    def reading(self, phrase: str) -> tuple[tuple[str, bool], ...]:
        """The syllables of whole words; of a word that nobody knows, by the longest parts known.
        With each, whether it is a guess: the usual reading of a character."""
        if len(phrase) == 1:
            usual = self._overrides.get(phrase) or _known(phrase)
            return ((usual[0], True),)
        if phrase in self._overrides:
            return _certain(self._overrides[phrase])
        if phrase in self._marked:
            return self._settled(phrase)
        if phrase in self._phrases:
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

    def is_known(self, phrase: str) -> bool:
        return phrase in self._overrides or phrase in self._marked or phrase in self._phrases

    def _settled(self, word: str) -> tuple[tuple[str, bool], ...]:
        """The reading of a word of `readings.txt`: what is not settled there is as in its parts."""
        if word in self._phrases:
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
        if word[at] == "得" and at:
            return (("de5", True),)  # a complement that the segmentation took for a word: 跑得快
        for end in range(len(word), at + 1, -1):
            part = word[at:end]
            if end - at < len(word) and self.is_known(part):
                return self.reading(part)
        return self.reading(word[at])

    def number(self, text: str) -> tuple[str, ...]:
        """The syllables of a number written in Han characters."""
        return self._overrides.get(text) or tuple(self.reading(char)[0][0] for char in text)


def _certain(syllables: Iterable[str]) -> tuple[tuple[str, bool], ...]:
    return tuple((syllable, False) for syllable in syllables)


@lru_cache(maxsize=4096)
def is_reading(char: str, syllable: str) -> bool:
    """Whether a character can be read so at all, the neutral tone included."""
    known = {_numbered(each) for each in _spellings(char).split(",")}
    return syllable in known or any(each[:-1] == syllable[:-1] for each in known)


@lru_cache(maxsize=16384)
def _known(phrase: str) -> tuple[str, ...]:
    """pypinyin's reading of a phrase that it knows, or of one character; "" for one it does not."""
    if len(phrase) == 1:
        return (_numbered(_spellings(phrase).partition(",")[0]),)
    # The phrases have 一 and 不 after sandhi, not always right (一月一日): that is ours to do. But
    # only they know the 一点 of an amount (差一点) from that of a time.
    syllables = map(_numbered, (phrases().get(phrase) or "").split(" "))
    return tuple(
        syllable if phrase[at : at + 2] == "一点" else _CITED.get(phrase[at] + syllable, syllable)
        for at, syllable in enumerate(syllables)
    )


def _spellings(char: str) -> str:
    """pypinyin's spellings of a character, separated by commas; "" if it knows none."""
    return characters().get(char) or ""


_CITED = {"一yi2": "yi1", "一yi4": "yi1", "不bu2": "bu4"}
_TONES = {"\u0304": "1", "\u0301": "2", "\u030c": "3", "\u0300": "4"}
_SYLLABIC = {"n": "en", "ng": "en", "m": "mu", "hm": "heng", "hng": "heng", "ê": "ei"}


@lru_cache(maxsize=4096)
def _numbered(syllable: str) -> str:
    """pypinyin's spelling as ours: a digit for every tone, v for ü, no syllabic consonants."""
    if not syllable:
        return ""
    marks = unicodedata.normalize("NFD", syllable)
    tone = next((_TONES[mark] for mark in marks if mark in _TONES), "5")
    base = unicodedata.normalize("NFC", "".join(mark for mark in marks if mark not in _TONES))
    return _SYLLABIC.get(base, base.replace("ü", "v")) + tone
