"""Ranges: 3-5天, 5~10km, -5~3度, 2019-2023."""

from __future__ import annotations

import re

from liusheng.han import HAN
from liusheng.tts.text.rules import context
from liusheng.tts.text.rules.clock import SCORE
from liusheng.tts.text.rules.hyphens import is_minus, is_to
from liusheng.tts.text.rules.patterns import (
    FRESH,
    MEASURE,
    NUMBER,
    SIGN,
    SIGNED,
    UNIT,
    Match,
    Rule,
    after,
    before,
    sign_words,
)
from liusheng.tts.text.rules.words import SpokenWord, amount, digit_words, joined, plain, say, spell
from liusheng.tts.text.symbols import UNITS

_COUNTED = re.compile(f"{MEASURE}|[月日号楼章页届时]")


def _range(match: Match) -> list[SpokenWord] | None:
    """With a hyphen and nothing counted, only upwards, and not before "="."""
    low, high, unit = match["a"], match["b"], match["u"] or ""
    if match["mark"] == "-":
        if re.match(r"\s*=", after(match)) or SCORE.search(before(match) + after(match)):
            return None
        upwards = float(low.replace(",", "")) < float(high.replace(",", ""))
        if not (unit or (upwards and low != "0") or _COUNTED.match(after(match))):
            return None
    if not unit and context.are_years(low, high, after(match)):
        return [*digit_words(low), *say("到"), *digit_words(high)]
    second = amount(high)
    if high == "2" and ("度" not in UNITS[unit] if unit else re.match(MEASURE, after(match))):
        second = say("两")
    if unit:
        second = joined(second, UNITS[unit])
    return [*plain(amount(low)), *say("到"), *second]


def _signed(match: Match) -> list[SpokenWord] | None:
    """-5~3, -10~-5: the tilde alone, as a hyphen would be a minus."""
    if not is_minus(match.string, match.start()):
        return None
    low, high, unit = match["a"], match["b"], match["u"] or ""
    words = [*sign_words(low[0]), *plain(amount(low[1:])), *say("到")]
    sign = high[0] if high[0] in "+-±" else ""
    words += [*sign_words(sign), *amount(high.lstrip("+-±"))]
    return joined(words, UNITS[unit]) if unit else words


def _to(_: Match) -> list[SpokenWord]:
    return say("到")


def _to_after_counter(match: Match) -> list[SpokenWord] | None:
    return say("到") if is_to(match.string, match.start()) else None


def _lettered(match: Match) -> list[SpokenWord]:
    """Q1-Q3"""
    letter, low, high = match.groups()
    return [*spell(letter), *plain(amount(low)), *say("到"), *spell(letter), *plain(amount(high))]


RULES: list[Rule] = [
    (re.compile(r"(?<![A-Za-z\d-])([A-Z]{1,3})(\d{1,2})[-~]\1(\d{1,2})(?![A-Za-z\d-])"), _lettered),
    # 100万~200万, 8k-15k, 3天-5天: the mark alone.
    (
        re.compile(
            rf"(?<=[{HAN}\d°′″%]) ?~ ?(?=[\d.+-])|(?<=\d°)-(?=\d)"
            r"|(?:(?<=\d/\d)|(?<=\d/\d\d))(?:-|~|—)(?=\d+/\d)"
            r"|(?<=\d[kKwW])[-~](?=\d+(?:\.\d+)?[kKwW万千元])"
        ),
        _to,
    ),
    (re.compile(rf"(?<=[{HAN}])-(?=\d)"), _to_after_counter),
    (
        re.compile(
            rf"(?P<a>{SIGN}{NUMBER}) ?(?:~|至|到|-(?=\d+[楼层级米])) ?(?P<b>{SIGNED})"
            rf"(?: ?(?P<u>{UNIT})(?![A-Za-z]))?"
        ),
        _signed,
    ),
    (
        re.compile(
            # Not in a name: Qwen2.5-72B.
            rf"{FRESH}(?<![A-Za-z])(?P<a>{NUMBER})(?:{UNIT})? ?(?P<mark>-|~|—{{1,2}}) ?"
            rf"(?P<b>{NUMBER})(?: ?(?P<u>{UNIT})(?![A-Za-z]))?"
        ),
        _range,
    ),
]
