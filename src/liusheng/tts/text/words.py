"""The words that a rule reads a written form as, and helpers that make them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from liusheng.tts.text import numbers
from liusheng.tts.text.symbols import WORDLIKE


@dataclass(frozen=True)
class Word:
    """One prosodic word of a reading; the text "," is a short pause.

    kind: "number" (Han characters), "letters" (capitals, spelt) or "english" (read by an English
        voice).
    plain: a 一 in it keeps its first tone (digits, ordinals).
    """

    text: str
    kind: Literal["number", "letters", "english"] = "number"
    plain: bool = False


def say(*texts: str) -> list[Word]:
    return [Word(text) for text in texts if text]


def plain(words: list[Word]) -> list[Word]:
    """The same words; a lone 一 keeps its first tone."""
    return [Word(w.text, w.kind, w.plain or w.text == "一") for w in words]


def spell(letters: str) -> list[Word]:
    return [Word(letters.upper(), "letters")] if letters else []


def digit_words(number: str, *groups: int, yao: bool = False) -> list[Word]:
    """Digit by digit, in groups of the given sizes, then (or by default) of up to four."""
    words: list[Word] = []
    sizes = list(groups)
    while number:
        size = (
            sizes.pop(0)
            if sizes
            else (len(number) if len(number) <= 4 else 3 if len(number) % 4 else 4)
        )
        words.append(Word(numbers.digits(number[:size], yao=yao), plain=True))
        number = number[size:]
    return words


def amount(number: str) -> list[Word]:
    """A cardinal or decimal number, a word for each group of four digits and for its fraction."""
    read = numbers.decimal(number)
    whole, point, fraction = read.partition("点")
    words = say(*re.findall("[^万亿]*(?:万亿|亿亿|万|亿)|[^万亿]+$", whole))
    if not point:
        return words
    # The fraction is digits: 一 keeps its tone, and so it does before 点.
    head = words.pop()
    words.append(Word(head.text + point + fraction[:2], plain=True))
    return words + [Word(fraction[i : i + 4], plain=True) for i in range(2, len(fraction), 4)]


def latin_kind(word: str) -> Literal["letters", "english"]:
    """Up to five capitals that make no word are spelt, and so is a letter alone."""
    if len(word) == 1 or (word.isupper() and len(word) <= 5 and word not in WORDLIKE):
        return "letters"
    return "english"
