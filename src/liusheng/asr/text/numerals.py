"""Numbers as figures and as words, by WeTextProcessing's grammars (wetext), with exceptions.

The grammars rewrite more than numbers: 下午三点半 becomes "3:30p.m.", 九月一日 "09/01", 十分
("very") 10分, 三三两两 3322, and every "first" 1st. Such parts of a text are excluded. In the other
direction they read ranges as dates (10-20%); ranges are rewritten before.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

_DIGITS = "零一二三四五六七八九"
_SMALL = "[一二三四五六七八九]?十[一二三四五六七八九]?|[一二三四五六七八九两]"

_MINUTES = "[二三四五]?十[一二三四五六七八九]?(?![一二三四五六七八九十百千万亿分])"
"""Without 分; a decimal fraction is said digit by digit."""

_DATE = re.compile(rf"({_SMALL})(?=月)|(?<=月)({_SMALL})(?=[日号])")
_CLOCK = re.compile(
    rf"({_SMALL})(?=点(?:[钟整半到至前后左]|[一三]刻|零?(?:{_SMALL})分(?!钟)))"
    rf"|({_SMALL})(?=点{_MINUTES})|(?<=点)({_MINUTES})"
    rf"|(?<=点)({_SMALL})(?=分(?!钟))|(?<=[上下]午)({_SMALL})(?=点)"
    rf"|(?<=点到|点至|半到|半至|钟到|分到|早上|晚上|中午|凌晨)({_SMALL})(?=点)"
)
_TWO_POINT = re.compile(
    "两(?=点[零一二三四五六七八九]+(?:[万亿倍米元吨度]|[千百]万|个百分点|分钟|小时|公[里斤]))"
)
_MINUTE = re.compile("(?<=点)零([一二三四五六七八九])(?=分)")

_NUMERAL = "[零一二三四五六七八九两十百千万亿]"
_TIMES = re.compile(rf"(?<={_NUMERAL})乘以(?={_NUMERAL})")
_WORDS = (
    "十分(?![之钟])|十全十美|十字|十足|十佳|十堰|十一(?=黄金周|长假|假期|放假|国庆|期间)"
    "|十二生肖|十三五|十四五|百分百|一千零一夜|一百零八将|三三两两|七七八八|三三五五|千千万万"
    # 八八六十四, of the multiplication table.
    "|[二三四五六七八九]{2}[一二三四五六七八]十[一二四五六八]?"
    # By all means, and if: not inside a number (三千万, 三万一千).
    rf"|(?<!{_NUMERAL})(?:千万(?![元人个名亿])|(?:万一|一一)(?!{_NUMERAL}))"
)
_ROUGH = (  # numbers that name no figure: 几十, 十几, 数十万
    "[几数好][几十百千万亿]*[十百千万亿]|十几|[成上][百千万](?:上[千万])?"
)
# A code, digit by digit. Shorter ones may be words (七七八八) or years, which the grammar knows.
_CODE = re.compile(rf"(?<!{_NUMERAL})(?<!{_NUMERAL}点)[零一二三四五六七八九幺]{{5,}}(?!{_NUMERAL})")
# Units are not abbreviated, and times of day keep their Chinese form.
_UNITS = (
    "[美日欧港]?元|英镑|分钟|秒钟?|毫秒|小时|公里|[千厘毫平立分]?方?米|[公千]?[斤克]|毫?升|摄氏度|度"
    "|[上下]午|点[钟整半]?|[一三]刻|早上|晚上|中午|凌晨"
)
_ZH_WHOLE = re.compile(f"{_ROUGH}|{_WORDS}|{_UNITS}")
_DECIMAL = re.compile("[零一二三四五六七八九十百千万亿]点[零一二三四五六七八九]")

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

# 10-20%, 2020-2024年, 3-5天: from one to the other.
_SHARES = re.compile(r"(?<![\d.-])(\d+(?:\.\d+)?)%?[-~–—](\d+(?:\.\d+)?)(?=%)")
_YEARS = re.compile(r"(?<!\d)(\d{4})年?[-~–—至到](\d{4})(?=年)")
_SPANS = re.compile(
    r"(?<![A-Za-z\d.-])(?!0\d)(\d{1,6}(?:\.\d+)?)[-~–—](\d{1,6}(?:\.\d+)?)(?=[一-鿿℃°])"
)
_SCORES = re.compile(
    r"(?:(?<=比分)|(?<=比分[是为])|(?<=[以比])|(?<=战胜|输给|打成))(\d{1,3})[-:：](\d{1,3})(?![\d-])"
    r"|(?<![\d-])(\d{1,3})[-:：](\d{1,3})(?=[获战取大险]胜|领先|逆转|击败|落后|告负)"
)

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
        text = _TIMES.sub("乘", _TWO_POINT.sub("二", text.replace("〇", "零")))
        text = _CODE.sub(_digits, _clocks(text))
        return _rewrite_outside(_ZH_WHOLE, text, _grammar("zh", "itn"), but=_DECIMAL)
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
        text = _SHARES.sub(r"\1%到\2", text)
        text = _YEARS.sub(r"\1年到\2", text)
        text = _SCORES.sub(lambda score: "比".join(filter(None, score.groups())), text)
        text = _SPANS.sub(r"\1到\2", text)
        text = _YEAR.sub(lambda year: "".join(_DIGITS[int(digit)] for digit in year[1]), text)
    return _rewrite_outside(_MIXED, text, _grammar(lang, "tn"))


def _clocks(text: str) -> str:
    """Convert the numerals of dates and times of day: 九月一日 to 9月1日, 三点半 to 3点半."""

    def figure(match: re.Match[str]) -> str:
        return _small(next(group for group in match.groups() if group))

    text = _MINUTE.sub(lambda match: f"0{_small(match[1])}", _CLOCK.sub(figure, text))
    return _DATE.sub(figure, text)


def _digits(code: re.Match[str]) -> str:
    return "".join(str(_DIGITS.index(digit)) for digit in code[0].replace("幺", "一"))


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
