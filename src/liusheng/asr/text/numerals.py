"""Numbers as figures, and as they are read: WeTextProcessing's grammars (wetext), kept on a lead.

The grammars know numbers well and writing less so: they turn 下午三点半 into "3:30p.m.", 九月一日
into "09/01", 十分 ("very") into 10分, and every first into 1st. Such places are kept from them.
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
    # Units stay behind their numbers as they are, and clocks keep their Chinese form.
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
"""Small numbers that stand alone: more often words than figures."""
_EN_SPACE = re.compile(r"\s+(?=[.,!?;:%])")

_MIXED = re.compile(r"[A-Za-z][\w.\-]*\d[\w.\-]*|\d+[A-Za-z][\w.\-]*")
_YEAR = re.compile(r"(?<!\d)(\d{4})(?=年)")
_FIGURES = re.compile(r"\d")

_KEPT = 512


@lru_cache(maxsize=_KEPT)
def in_figures(text: str, lang: str) -> str:
    """Return a text with its numbers in figures (inverse text normalisation).

    lang: "zh" or "en"; other texts are given back as they are.
    """
    if lang == "zh":
        return _apart(_ZH_WHOLE, _clocks(text), _grammar("zh", "itn"), but=_DECIMAL)
    if lang == "en":
        figures = _apart(_EN_WHOLE, text, _grammar("en", "itn"))
        return _EN_SPACE.sub("", figures)
    return text


@lru_cache(maxsize=_KEPT)
def in_words(text: str, lang: str) -> str:
    """Return a text with its numbers as they are read (text normalisation).

    lang: "zh" or "en"; other texts are given back as they are. Names with figures in them stay.
    """
    if lang not in ("zh", "en") or not _FIGURES.search(text):
        return text
    if lang == "zh":
        text = _YEAR.sub(lambda year: "".join(_DIGITS[int(digit)] for digit in year[1]), text)
    return _apart(_MIXED, text, _grammar(lang, "tn"))


def _clocks(text: str) -> str:
    """Write the figures of dates and clocks: 九月一日 as 9月1日, 三点半 as 3点半."""

    def figure(match: re.Match[str]) -> str:
        return _small(next(group for group in match.groups() if group))

    return _CLOCK.sub(figure, _DATE.sub(figure, text))


def _small(numeral: str) -> str:
    """Return a numeral below a hundred in figures."""
    tens, ten, ones = numeral.replace("两", "二").rpartition("十")
    value = _DIGITS.index(ones) if ones else 0
    if ten:
        value += 10 * (_DIGITS.index(tens) if tens else 1)
    return str(value)


def _apart(
    kept: re.Pattern[str],
    text: str,
    rewrite: Callable[[str], str],
    but: re.Pattern[str] | None = None,
) -> str:
    """Rewrite what stands between the places where `kept` matches, unless `but` does there."""
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
