"""Error rates of transcripts: edit distance to the reference (Levenshtein 1966), by its length.

Both texts are normalised first, so that differences of spelling do not count. Chinese, by
characters: NFKC, simplified characters, numbers in words (years and numbers of eight digits or more
digit by digit), 幺 as 一, 两 as 二, 〇 as 零, without punctuation and spaces, Latin letters in
lower case. Other languages, by words: NFKC, lower case, English numbers and abbreviations in words,
without hesitations (uh, um, hmm), punctuation and apostrophes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from liusheng.asr.live.agreement import prefix_distances
from liusheng.asr.text.pieces import stands_alone

_YEAR = re.compile(r"(\d{4})\s*(?=年)")
_LONG = re.compile(r"(?<![\d.,])\d{8,}(?![\d.,])")
"""A telephone number or similar; read as a quantity, one lost digit would change every word."""
_DIGITS = str.maketrans("0123456789", "零一二三四五六七八九")
_EQUIVALENT = str.maketrans("幺两〇", "一二零")
_HESITATION = re.compile(r"\b(?:uh+|um+|hm+|mhm)\b")
CHARACTER_LANGUAGES = ("zh", "yue", "ja")
"""Languages whose errors are counted in characters."""


@dataclass(frozen=True)
class Errors:
    """The edits between hypothesis and reference, and the length of the reference, in tokens."""

    edits: int = 0
    length: int = 0

    @property
    def rate(self) -> float:
        """Edits per token of the reference; NaN without any."""
        return self.edits / self.length if self.length else float("nan")

    def as_data(self) -> dict[str, float]:
        """The counts and the rate, as plain data for JSON."""
        return {"edits": self.edits, "length": self.length, "rate": self.rate}

    def __add__(self, other: Errors) -> Errors:
        return Errors(self.edits + other.edits, self.length + other.length)


def errors(reference: str, hypothesis: str, lang: str) -> Errors:
    """The errors of a hypothesis: in characters for Chinese and Japanese, otherwise in words."""
    expected = tokens(reference, lang)
    return Errors(prefix_distances(expected, tokens(hypothesis, lang))[-1], len(expected))


def deleted(parts: Sequence[str], hypothesis: str, lang: str) -> list[tuple[int, int]]:
    """For each part of a reference, how many of its tokens the hypothesis lacks, and has in all.

    Tokens that are replaced by others are not deleted.
    """
    own = [tokens(part, lang) for part in parts]
    expected = [token for each in own for token in each]
    lacking = _lacking(expected, tokens(hypothesis, lang))
    counts = []
    at = 0
    for each in own:
        counts.append((sum(lacking[at : at + len(each)]), len(each)))
        at += len(each)
    return counts


def _lacking(expected: Sequence[str], heard: Sequence[str]) -> list[bool]:
    """Whether each expected token is deleted, in an alignment with the fewest edits."""
    rows = [list(range(len(heard) + 1))]
    for n, token in enumerate(expected, 1):
        row = [n]
        for j, other in enumerate(heard, 1):
            row.append(min(rows[-1][j] + 1, row[j - 1] + 1, rows[-1][j - 1] + (token != other)))
        rows.append(row)
    lacking = [False] * len(expected)
    n, j = len(expected), len(heard)
    while n:
        replaced = rows[n - 1][j - 1] + (expected[n - 1] != heard[j - 1]) if j else None
        if replaced == rows[n][j]:
            n, j = n - 1, j - 1
        elif rows[n - 1][j] + 1 == rows[n][j]:
            n -= 1
            lacking[n] = True
        else:
            j -= 1
    return lacking


def tokens(text: str, lang: str) -> list[str]:
    """The tokens of a normalised text."""
    text = unicodedata.normalize("NFKC", text)
    if lang in CHARACTER_LANGUAGES:
        return list(_chinese(text) if lang != "ja" else _letters(text.lower()))
    text = text.replace("’", "'")
    if lang == "en":
        text = _normalizer("en").normalize(text)
    text = _HESITATION.sub(" ", text.lower()).replace("'", "")
    return "".join(c if c.isalnum() else " " for c in text).split()


def join(texts: Sequence[str]) -> str:
    """Join the texts of utterances with spaces, except next to Han characters."""
    joined = ""
    for text in texts:
        apart = joined and text and not (stands_alone(text[0]) or joined[-1] in "，。？！；：")
        joined += " " + text if apart else text
    return joined


def _chinese(text: str) -> str:
    text = _simplified().convert(text)
    text = _YEAR.sub(lambda m: m[1].translate(_DIGITS), text)
    text = _LONG.sub(lambda m: m[0].translate(_DIGITS), text)
    text = _normalizer("zh").normalize(text).lower()
    return _letters(text.translate(_DIGITS).translate(_EQUIVALENT))


def _letters(text: str) -> str:
    return "".join(c for c in text if c.isalnum())


@cache
def _simplified() -> Any:
    from opencc import OpenCC

    return OpenCC("t2s")


@cache
def _normalizer(lang: str) -> Any:
    from wetext import Normalizer

    return Normalizer(lang=lang, operator="tn")
