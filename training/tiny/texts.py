"""Random things to say: strings of digits, commands, and other speech that is to give nothing.

Other Chinese is random words of jieba's dictionary, other English random words of hibari-tts's
tagger (both by their frequency); pronunciations come from misaki and hibari-tts. A part of the
English words are chosen to be one sound away from a word of the vocabulary.
"""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import hibari
import jieba
from hibari.g2p import G2P
from misaki.zh import ZHG2P
from pypinyin import lazy_pinyin

from training.tiny.vocabulary import (
    COMMANDS_EN,
    COMMANDS_ZH,
    DIGITS_EN,
    DIGITS_ZH,
    GARBAGE,
    HOMOPHONES_EN,
    HOMOPHONES_ZH,
    WORDS,
    WORDS_EN,
    WORDS_ZH,
)

_LENGTHS = {1: 1, 2: 2, 3: 3, 4: 5, 5: 4, 6: 5, 7: 3, 8: 5, 10: 3, 11: 3}
"""Digits in a string, and how often relative to each other."""


@dataclass(frozen=True)
class Text:
    """Something to say.

    tokens: what a recogniser is to give (names of `vocabulary.TRAINED`).
    phonemes: in Kokoro's notation.
    language: "zh" or "en".
    kind: "digits", "commands" or "other".
    groups: how many of the tokens are said without a pause, for each part between pauses.
    """

    tokens: tuple[str, ...]
    phonemes: str
    language: str
    kind: str
    groups: tuple[int, ...]


def digits(rng: random.Random, language: str) -> Text:
    """Return a string of digits, in groups or without a pause."""
    words = list(DIGITS_ZH if language == "zh" else DIGITS_EN)
    rare = words.pop()  # 幺 and oh are other names of digits that are there already
    count = rng.choices(list(_LENGTHS), list(_LENGTHS.values()))[0]
    said = [rare if rng.random() < 0.07 else rng.choice(words) for _ in range(count)]
    group = rng.choice([1, 2, 3, 4, 99, 99])
    between = rng.choice(["", " "]) if language == "zh" else " "
    marks = [", " if i % group == 0 else between for i in range(1, count)]
    return _spoken(rng, said, marks, language, "digits")


def commands(rng: random.Random, language: str) -> Text:
    """Return a few commands, most of them each by itself; now and then with a digit after it."""
    known = COMMANDS_ZH if language == "zh" else COMMANDS_EN
    said: list[str] = []
    marks: list[str] = []
    for _ in range(rng.choice([1, 2, 3, 4, 5, 6])):
        said.append(rng.choice(list(known)))
        marks.append(rng.choice([", ", ", ", ". ", " "]))
        if rng.random() < 0.1:
            said.append(rng.choice(list(DIGITS_ZH if language == "zh" else DIGITS_EN)))
            marks[-1] = " "
            marks.append(", ")
    return _spoken(rng, said, marks[:-1], language, "commands")


def other(rng: random.Random, language: str) -> Text:
    """Return words that the model does not know: one alone, a few, or a sentence."""
    count = rng.choice([1, 2, 3, 5, 8])
    speak = chinese_word if language == "zh" else english_word
    words = [speak(rng, alone=count <= 3) for _ in range(count)]
    pause = 0.6 if count <= 3 else 0.2
    marks = [rng.choice([", ", ". "]) if rng.random() < pause else " " for _ in words[1:]]
    return _joined(rng, (GARBAGE,) * count, words, marks, language, "other")


KINDS = {"digits": digits, "commands": commands, "other": other}


def _spoken(
    rng: random.Random, words: Sequence[str], marks: Sequence[str], language: str, kind: str
) -> Text:
    sounds = [rng.choice(WORDS[word]) for word in words]
    return _joined(rng, words, sounds, marks, language, kind)


def _joined(
    rng: random.Random,
    tokens: Sequence[str],
    sounds: Sequence[str],
    marks: Sequence[str],
    language: str,
    kind: str,
) -> Text:
    """Put what is said together with the marks between."""
    groups = [1]
    for mark in marks:
        if mark.strip():
            groups.append(1)
        else:
            groups[-1] += 1
    said = "".join(sound + mark for sound, mark in zip(sounds, [*marks, ""], strict=True))
    end = rng.choice(["", ".", ".", "?"])
    return Text(tuple(tokens), said + end, language, kind, tuple(groups))


def chinese_word(rng: random.Random, *, alone: bool) -> str:
    words, weights = _chinese()
    while True:
        word = rng.choices(words, cum_weights=weights)[0]
        syllables = lazy_pinyin(word)
        if not alone or not HOMOPHONES_ZH.issuperset(syllables):
            return str(ZHG2P.word2ipa(word).replace("\u032f", ""))


def english_word(rng: random.Random, *, alone: bool) -> str:
    words, weights = _english()
    near = _near_english()
    while True:
        if alone and rng.random() < 0.3:
            word = rng.choice(near)
        else:
            word = rng.choices(words, cum_weights=weights)[0]
        if not alone or word not in HOMOPHONES_EN:
            return pronounce_en(word)


@cache
def _g2p() -> G2P:
    return G2P()


@cache
def pronounce_en(word: str) -> str:
    """Return an English word's phonemes."""
    return str(_g2p()(word)).strip(" .")


@cache
def _chinese() -> tuple[list[str], list[float]]:
    """jieba's words, and the sums of the square roots of their frequencies."""
    words: list[str] = []
    weights: list[float] = []
    total = 0.0
    for line in Path(jieba.__file__).with_name("dict.txt").read_text("utf-8").splitlines():
        word, frequency = line.split()[:2]
        known = any(name in word for name in COMMANDS_ZH) or WORDS_ZH.keys() >= set(word)
        if len(word) > 4 or known or not all("\u4e00" <= char <= "\u9fff" for char in word):
            continue
        total += float(frequency) ** 0.5
        words.append(word)
        weights.append(total)
    return words, weights


@cache
def _english() -> tuple[list[str], list[float]]:
    """The words of hibari-tts's tagger, frequent ones first, and the sums of their weights."""
    assets = Path(hibari.__file__).parent / "assets"
    with gzip.open(assets / "tagger.json.gz", "rt", encoding="utf-8") as stream:
        tags = json.load(stream)["tagdict"]
    words = [word for word in tags if word.isascii() and word.isalpha() and word.islower()]
    words = [word for word in words if len(word) > 1 and word not in WORDS_EN]
    weights: list[float] = []
    for rank in range(len(words)):
        weights.append((weights[-1] if weights else 0.0) + 1 / (rank + 100))
    return words, weights


@cache
def _near_english() -> list[str]:
    """Words that are one sound away from one of the vocabulary's."""
    known = {_bare(sound) for sounds in WORDS_EN.values() for sound in sounds}
    near = []
    for word in _english()[0]:
        sound = _bare(pronounce_en(word))
        if sound not in known and any(one_apart(sound, each) for each in known):
            near.append(word)
    return near


def _bare(phonemes: str) -> str:
    return phonemes.replace("ˈ", "").replace("ˌ", "")


def one_apart(a: str, b: str) -> bool:
    """Whether replacing, adding or removing at most one sound turns `a` into `b`."""
    if abs(len(a) - len(b)) > 1:
        return False
    start = 0
    while start < min(len(a), len(b)) and a[start] == b[start]:
        start += 1
    return a[start + (len(a) >= len(b)) :] == b[start + (len(b) >= len(a)) :]
