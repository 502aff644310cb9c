"""Functions and their arguments: sin30°, sin²θ, log₂8, |-5|, 5!, f(x)."""

from __future__ import annotations

import math
import re

from liusheng.tts.text.rules.formulas import FUNCTION, FUNCTION_NAMES, term
from liusheng.tts.text.rules.patterns import NUMBER, Match, Rule, sign_words
from liusheng.tts.text.rules.words import SpokenWord, amount, joined, plain, say, spell


def _function(match: Match) -> list[SpokenWord]:
    """sin30°, sin²θ, log2: a function and its argument."""
    name, power = match[1], match[2]
    words = spell(name) if name in ("max", "min") else [SpokenWord(FUNCTION_NAMES[name], "english")]
    words += say("平方" if power in ("²", "^2") else "立方") if power else []
    if argument := match[5] or match[6]:
        return [*words, *term(argument)]
    return [*words, *joined(amount(match[3]), "度" if match[4] else "")]


def _logarithm(match: Match) -> list[SpokenWord]:
    base, argument = match[1], match[2] or match[3]
    return [*say("以"), *term(base), *say("为底"), *term(argument), *say("的对数")]


def _absolute(match: Match) -> list[SpokenWord]:
    number = match[1].lstrip("-")
    return [*sign_words(match[1][0]), *term(number), *say("的绝对值")]


def _factorial(match: Match) -> list[SpokenWord] | None:
    if math.factorial(int(match[1])) != int(match[2]):
        return None  # 3!=6 may be "is not"
    return [*plain(amount(match[1])), *say("的阶乘", "等于"), *plain(amount(match[2]))]


def _function_of(match: Match) -> list[SpokenWord]:
    """f(x)=..."""
    return [*spell(match[1] + match[2])]


RULES: list[Rule] = [
    (
        re.compile(
            rf"(?<![A-Za-z])({FUNCTION})(²|³|\^[23])? ?"
            rf"(?:({NUMBER})(°)?|([α-ω])|(?<=[²³\d])([A-Za-z]))(?![A-Za-z])"
        ),
        _function,
    ),
    # log₂8, log_2 8, log_a(b)
    (
        re.compile(
            r"(?<![A-Za-z])log_(\d{1,3}|[A-Za-z])"
            r"(?: ?\((\w{1,6})\)| ?(\d{1,6}(?![\d.])|[A-Za-z](?![A-Za-z])))"
        ),
        _logarithm,
    ),
    (re.compile(r"(?<![A-Za-z\d])\|(-?(?:\d+(?:\.\d+)?|[A-Za-z]))\|"), _absolute),
    (re.compile(r"(?<![A-Za-z\d.])(\d{1,2})! ?= ?(\d+)(?![\d.])"), _factorial),
    (re.compile(r"(?<![A-Za-z])([A-Za-z])\(([A-Za-z])\)(?=\s*=)"), _function_of),
]
