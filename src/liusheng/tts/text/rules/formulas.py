"""Arithmetic, comparisons, Greek letters and the signs of mathematics."""

from __future__ import annotations

import re

from liusheng.han import HAN
from liusheng.tts.text.rules.patterns import NUMBER, Match, Rule
from liusheng.tts.text.rules.words import SpokenWord, amount, plain, say, spell
from liusheng.tts.text.symbols import GREEK, OPERATORS

_OPERAND = rf"(?:{NUMBER}[A-Za-zα-ω]?|[A-Za-zα-ω]{{1,2}})[²³]?"
_OPERATOR = r"\s*(?:[<>=!]=|[+\-×*÷/=≈≠<>≥≤±^])\s*"
_POWERS = {"²": "的平方", "³": "的三次方"}
_PART = re.compile(rf"\^\s*[+-]?\d+|{NUMBER}|[A-Za-z]+|[<>=!]=|\S")


def _arithmetic(match: Match) -> list[SpokenWord] | None:
    if not re.search(r"[+×*÷=≈≠<>≥≤±^]", match[0]):
        return None
    words: list[SpokenWord] = []
    due = True  # an operand is due, so + and - are signs
    before = ""
    power = False  # the operand is an exponent
    for part in _PART.findall(match[0]):
        if part in "+-" and due:
            words += say("正" if part == "+" else "负")
            continue
        words += _of_figures(part) if part in _POWERS and before.isdecimal() else _term(part)
        before = part
        operand = part[0].isalnum()
        if operand and power:
            words += say("次方")
        power = part == "^" or (power and not operand)
        due = not (operand or part[0] in "^²³)") or part == "^"
    return words


def _of_figures(power: str) -> list[SpokenWord]:
    """10³: of a figure it is said in full; x² is X平方."""
    return say(_POWERS[power])


def _term(part: str) -> list[SpokenWord]:
    if part[0] == "^" and len(part) > 1:
        return _power(part[1:].strip())
    if part in GREEK:
        return say(GREEK[part])
    if part[0].isdecimal():
        return plain(amount(part))
    if part.isascii() and part.isalpha():
        return spell(part)
    return say(OPERATORS.get(part, ""))


def _power(exponent: str) -> list[SpokenWord]:
    if exponent in ("2", "3"):
        return say({"2": "平方", "3": "立方"}[exponent])
    sign = {"-": "负", "+": "正"}.get(exponent[0], "")
    return [*say("的" + sign), *amount(exponent.lstrip("+-")), *say("次方")]


def _power_alone(match: Match) -> list[SpokenWord]:
    return _power(match[1])


def _power_of_figures(match: Match) -> list[SpokenWord]:
    return _of_figures(match[0])


def _sign(match: Match) -> list[SpokenWord]:
    return say(OPERATORS[match[0]])


def _greek(match: Match) -> list[SpokenWord]:
    return say(GREEK[match[0].lower()])


FORMULA: Rule = (
    re.compile(
        rf"(?<![A-Za-z\d])[√∠-]?\(?{_OPERAND}\)?(?:{_OPERATOR}[√-]?\(?{_OPERAND}\)?)+(?![A-Za-z])"
    ),
    _arithmetic,
)
RULES: list[Rule] = [
    (re.compile(r"(?<=[\d)A-Za-z])\^([+-]?\d+)"), _power_alone),
    (re.compile(r"(?<=\d)[²³]"), _power_of_figures),
    # 转发+1, 20万+
    (re.compile(rf"(?<=[{HAN}A-Za-z])\+(?=\d)|(?<=[\d万亿千百])\+(?![\w+])"), _sign),
    (re.compile("[α-ωΑ-Ω]"), _greek),
    (re.compile(rf"[√²³×÷≈≠≥≤±≡∞∑∫∈∵∴∠⊥∥∪∩]|(?<=[{HAN}])[+=](?=[{HAN}])"), _sign),
]
