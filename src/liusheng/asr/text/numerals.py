"""Numbers as figures and as words, by WeTextProcessing's grammars (wetext), with exceptions.

The grammars rewrite more than numbers: 下午三点半 becomes "3:30p.m.", 九月一日 "09/01", 十分
("very") 10分, and every "first" 1st. Such parts of a text are excluded.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

_DIGITS = "零一二三四五六七八九"
_SMALL = "[一二三四五六七八九]?十[一二三四五六七八九]?|[一二三四五六七八九两]"

_DATE = re.compile(rf"({_SMALL})(?=月)|(?<=月)({_SMALL})(?=[日号])")
_CLOCK = re.compile(
    rf"({_SMALL})(?=点[钟整半]|点(?:{_SMALL})分)|(?<=点)({_SMALL})(?=分)"
    rf"|(?<=[上下]午)({_SMALL})(?=点)|(?<=早上|晚上|中午|凌晨)({_SMALL})(?=点)"
)
_ZH_WHOLE = re.compile(
    "十分(?![之钟])|万一|一一|十全十美|千万(?![元人个名亿])|百分百|千千万万"
    # Units are not abbreviated, and times of day keep their Chinese form.
    "|[美日欧]?元|英镑|分钟|小时|公里|[千厘毫平立]?方?米|[公千]?[斤克]"
    "|[上下]午|点[钟整半]?|早上|晚上|中午|凌晨"
)
_DECIMAL = re.compile(f"[{_DIGITS}十百千万亿]点[{_DIGITS}]")

_ONES = "one two three four five six seven eight nine ten eleven twelve"
_EN_BEFORE = (
    f"{_ONES} oh zero twenty thirty forty fifty sixty seventy eighty ninety hundred thousand "
    "million and point january february march april may june july august september october "
    "november december"
).split()
_EN_AFTER = f"{_ONES} oh zero hundred thousand million billion percent point dollars".split()
_EN_WHOLE = re.compile(
    "".join(rf"(?<!\b{word}[ -])" for word in _EN_BEFORE)
    + rf"\b(?:first|second|third|ones?)\b(?![ -](?:{'|'.join(_EN_AFTER)})\b)",
    re.IGNORECASE,
)
"""Small numbers alone, which are rather words than figures."""
_EN_SPACE = re.compile(r"\s+(?=[.,!?;:%])")

_MIXED = re.compile(r"[A-Za-z][\w.\-]*\d[\w.\-]*|\d+[A-Za-z][\w.\-]*")
_YEAR = re.compile(r"(?<!\d)(\d{4})(?=年)")
_FIGURES = re.compile(r"\d")

_CACHE_SIZE = 512


@lru_cache(maxsize=_CACHE_SIZE)
def in_figures(text: str, lang: str) -> str:
    """Return a text with its numbers in figures (inverse text normalisation).

    lang: "zh" or "en"; other texts are returned unchanged.
    """
    if lang == "zh":
        return _rewrite_outside(_ZH_WHOLE, _clocks(text), _grammar("zh", "itn"), but=_DECIMAL)
    if lang == "en":
        figures = _rewrite_outside(_EN_WHOLE, text, _grammar("en", "itn"))
        return _EN_SPACE.sub("", figures)
    return text


@lru_cache(maxsize=_CACHE_SIZE)
def in_words(text: str, lang: str) -> str:
    """Return a text with its numbers as words (text normalisation).

    lang: "zh" or "en"; other texts are returned unchanged. Names with figures are not changed.
    """
    if lang not in ("zh", "en") or not _FIGURES.search(text):
        return text
    if lang == "zh":
        text = _YEAR.sub(lambda year: "".join(_DIGITS[int(digit)] for digit in year[1]), text)
    return _rewrite_outside(_MIXED, text, _grammar(lang, "tn"))


def _clocks(text: str) -> str:
    """Convert the numerals of dates and times of day: 九月一日 to 9月1日, 三点半 to 3点半."""

    def figure(match: re.Match[str]) -> str:
        return _small(next(group for group in match.groups() if group))

    return _CLOCK.sub(figure, _DATE.sub(figure, text))


def _small(numeral: str) -> str:
    """Return a numeral below a hundred as figures."""
    tens, ten, ones = numeral.replace("两", "二").rpartition("十")
    value = _DIGITS.index(ones) if ones else 0
    if ten:
        value += 10 * (_DIGITS.index(tens) if tens else 1)
    return str(value)


def _rewrite_outside(
    kept: re.Pattern[str],
    text: str,
    rewrite: Callable[[str], str],
    but: re.Pattern[str] | None = None,
) -> str:
    """Rewrite the text between the matches of `kept`; a match that overlaps `but` is ignored."""
    done = ""
    at = 0
    for match in kept.finditer(text):
        if but and but.search(text, max(0, match.start() - 1), match.end() + 1):
            continue
        done += rewrite(text[at : match.start()]) + match[0]
        at = match.end()
    return done + rewrite(text[at:])


@cache
def _grammar(lang: str, operator: str) -> Callable[[str], str]:
    from wetext import Normalizer

    normalizer: Any = Normalizer(lang=lang, operator=operator)

    def rewrite(text: str) -> str:
        body = text.strip()
        if not body:
            return text
        start = text.index(body)
        written: str = normalizer.normalize(body)
        return text[:start] + (written or body) + text[start + len(body) :]

    return rewrite
