"""Numbers as figures and as words, in Chinese and in English."""

from __future__ import annotations

import re
from functools import lru_cache

from liusheng.asr.text.chinese_figures import chinese_in_figures
from liusheng.asr.text.chinese_words import chinese_in_words
from liusheng.asr.text.english_figures import english_in_figures
from liusheng.asr.text.english_words import english_in_words

_FIGURES = re.compile(r"\d")
_CACHE_SIZE = 512


@lru_cache(maxsize=_CACHE_SIZE)
def in_figures(text: str, lang: str) -> str:
    """Return a text with its numbers in figures (inverse text normalisation).

    lang: "zh" or "en"; other texts are returned unchanged.
    """
    if lang == "zh":
        return chinese_in_figures(text)
    return english_in_figures(text) if lang == "en" else text


@lru_cache(maxsize=_CACHE_SIZE)
def in_words(text: str, lang: str) -> str:
    """Return a text with its numbers as words (text normalisation).

    lang: "zh" or "en"; other texts are returned unchanged. Names with figures are not changed.
    """
    if lang not in ("zh", "en") or not _FIGURES.search(text):
        return text
    return chinese_in_words(text) if lang == "zh" else english_in_words(text)
