"""The words that a rule reads a written form as, and helpers that make them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from liusheng.tts.text import numbers
from liusheng.tts.text.symbols import WORDLIKE


@dataclass(frozen=True)
class SpokenWord:
    """One prosodic word of a reading.

    kind: "number" (Han characters), "letters" (capitals, spelt), "english" (read by an English
        voice), "fixed" (with its own `pinyin`), or "weak" (no word: a mark).
    plain: a 一 in it keeps its first tone (digits, ordinals).
    pause: a short one follows, inside the number.
    """

    text: str
    kind: Literal["number", "letters", "english", "fixed", "weak"] = "number"
    plain: bool = False
    pinyin: tuple[str, ...] = ()
    pause: bool = False


_UNSPEAKABLE = re.compile("(?:yy)?[b-df-hj-np-tv-xz]{2,5}")
_VOWELLESS = frozenset("vs hmm hm mm mmm shh psst pst zzz nth th nd rd st".split())

_SPELT = frozenset("pH mRNA tRNA rRNA cDNA".split())
"""Spelt in spite of small letters."""

BREAK = SpokenWord(",", "weak")


def say(*texts: str) -> list[SpokenWord]:
    return [SpokenWord(text) for text in texts if text]


def plain(words: list[SpokenWord]) -> list[SpokenWord]:
    """The same words; a lone 一 keeps its first tone."""
    return [SpokenWord(w.text, w.kind, w.plain or w.text == "一") for w in words]


def paused(words: list[SpokenWord]) -> list[SpokenWord]:
    """The same words with a short pause after them."""
    return [*words[:-1], replace(words[-1], pause=True)]


def spell(letters: str) -> list[SpokenWord]:
    return [SpokenWord(letters.upper(), "letters")] if letters else []


def digit_words(number: str, *groups: int, yao: bool = False) -> list[SpokenWord]:
    """Figure by figure, in groups of the given sizes; what they leave in threes or fours."""
    words: list[SpokenWord] = []
    sizes = list(groups)
    while number:
        left = len(number)
        size = sizes.pop(0) if sizes else left if left <= 4 else 3 if left % 4 else 4
        words.append(SpokenWord(numbers.digits(number[:size], yao=yao), plain=True))
        number = number[size:]
    return words


def amount(number: str) -> list[SpokenWord]:
    """A cardinal or decimal number, a word for each group of four digits and for its fraction."""
    read = numbers.decimal(number)
    whole, point, fraction = read.partition("点")
    words = say(*re.findall("[^万亿]*(?:万亿|亿亿|万|亿)|[^万亿]+$", whole))
    if not point:
        return words
    # The fraction is digits: 一 keeps its tone, and so it does before 点.
    head = words.pop()
    words.append(SpokenWord(head.text + point + fraction[:2], plain=True))
    return words + [SpokenWord(fraction[i : i + 4], plain=True) for i in range(2, len(fraction), 4)]


def scaled(number: str, zeros: int) -> str:
    """The number times 10 to the power of `zeros`: ("1.25", 6) → "1250000"."""
    whole, _, fraction = number.replace(",", "").partition(".")
    shifted = whole + fraction[:zeros].ljust(zeros, "0")
    rest = fraction[zeros:].rstrip("0")
    return (shifted.lstrip("0") or "0") + (f".{rest}" if rest else "")


def latin_kind(word: str) -> Literal["letters", "english"]:
    """Spelt are up to five capitals that make no word, up to five small letters without a vowel
    (ktv, yyds) and a letter alone."""
    if (
        len(word) == 1
        or word in _SPELT
        or (word.isupper() and len(word) <= 5 and word not in WORDLIKE)
    ):
        return "letters"
    if _UNSPEAKABLE.fullmatch(word) and word not in _VOWELLESS:
        return "letters"
    return "english"


def joined(words: list[SpokenWord], unit: str) -> list[SpokenWord]:
    """`words` and a unit, one prosodic word while that stays short; 每小时 is another."""
    unit, per, each = unit.partition("每")
    if per:
        return [*joined(words, unit), *say(per + each)]
    last = words[-1]
    if len(last.text) + len(unit) <= 5:
        return [*words[:-1], SpokenWord(last.text + unit, plain=last.plain)]
    return [*words, *say(unit)]
