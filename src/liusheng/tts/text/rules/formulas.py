"""Arithmetic, comparisons, Greek letters and the signs of mathematics."""

from __future__ import annotations

import re

from liusheng.han import HAN
from liusheng.tts.text.rules.hyphens import is_minus
from liusheng.tts.text.rules.patterns import NUMBER, Match, Rule, after, any_of, before
from liusheng.tts.text.rules.words import SpokenWord, amount, joined, plain, say, spell
from liusheng.tts.text.symbols import GREEK, OPERATORS, UNITS

FUNCTION = "(?:sin|cos|tan|cot|sec|csc|log|ln|lg|exp|lim|max|min)"
_VARIABLE = "[A-Za-zα-ωΑ-Ω]"
_OPERAND = (
    rf"(?:(?:{FUNCTION}[²³]? ?)?(?:{NUMBER}(?:(?!cc)[abcxyz]{{2}}|{_VARIABLE}|[%°])?"
    rf"|{_VARIABLE}{{1,2}})[²³]?)"
)
_OPERATOR = r"\s*(?:[<>=!]=|[+\-×*÷/=≈≠<>≥≤±^])\s*"
_LONG_UNIT = any_of(unit for unit in UNITS if len(unit) > 1)
_PER_UNIT = any_of(unit for unit in UNITS if "/" in unit)
FUNCTION_NAMES = {
    "sin": "sine", "cos": "cosine", "tan": "tangent", "cot": "cotangent", "sec": "secant",
    "csc": "cosecant", "log": "log", "ln": "L N", "lg": "L G", "exp": "exp", "lim": "limit",
    "max": "max", "min": "min",
}  # fmt: skip
_POWERS = {"²": "的平方", "³": "的三次方"}
_PART = re.compile(
    rf"(?P<quotient>(?<![\d.])\d+ ?/ ?\d+(?![\d./]))|(?P<percent>{NUMBER}%)|(?P<degrees>{NUMBER}°)"
    rf"|(?P<unit>(?<=\d)(?:{_PER_UNIT}))"
    r"|(?P<per>(?<=\d)/ ?[mμ]?L(?![A-Za-z]))"
    rf"|\^\s*[+-]?\d+(?:\.\d+)?|{FUNCTION}|{NUMBER}|[A-Za-z]+|[<>=!]=|√\(|\S"
)


_DIFFERENCE = re.compile(rf"-{NUMBER}(?:-{NUMBER})+")
"""-3-5: what begins with a sign is no range."""


def _arithmetic(match: Match) -> list[SpokenWord] | None:
    if not re.search(r"[+×*÷=≈≠<>≥≤±^]", match[0]) and not _DIFFERENCE.fullmatch(match[0]):
        return None
    if match[0][0] == "-" and not is_minus(match.string, match.start()):
        return None
    words: list[SpokenWord] = []
    due = True  # an operand is due, so + and - are signs
    before = ""
    power = False  # the operand is an exponent
    bracketed = False  # the exponent ends with a bracket: 2^(n+1)
    for found in _PART.finditer(match[0]):
        part = found[0]
        if found.lastgroup:
            words += _special(found)
            before, due, power = part, False, False
            continue
        if part in "+-" and due:
            words += say("正" if part == "+" else "负")
            continue
        if part == "(" and before == "^":
            power, bracketed = False, ")" in match[0][found.end() :]
            before, due = part, True
            continue
        if part == ")" and bracketed:
            words += say("次方")
            before, due, bracketed = part, False, False
            continue
        words += _of_figures(part) if part in _POWERS and before.isdecimal() else term(part)
        before = part
        operand = part[0].isalnum()
        if operand and power:
            words += say("次方")
        power = part == "^" or (power and not operand)
        due = not (operand or part[0] in "^²³)") or part == "^"
    return words


def _special(found: re.Match[str]) -> list[SpokenWord]:
    """A part of a formula that is more than one sign: 1/2, 100/4, 50%, 30°."""
    part = found[0]
    if found.lastgroup == "unit":
        return say(UNITS[part])
    if found.lastgroup == "per":  # 5.6×10⁹/L
        return say("每" + UNITS[part[1:].strip()])
    if found.lastgroup == "percent":
        return [*say("百分之"), *amount(part[:-1])]
    if found.lastgroup == "degrees":
        return joined(amount(part[:-1]), "度")
    top, bottom = re.split(" ?/ ?", part)
    if int(top) < int(bottom):
        return [*joined(amount(bottom), "分之"), *plain(amount(top))]
    return [*plain(amount(top)), *say("除以"), *plain(amount(bottom))]


def _of_figures(power: str) -> list[SpokenWord]:
    """10³: of a figure it is said in full; x² is X平方."""
    return say(_POWERS[power])


def term(part: str) -> list[SpokenWord]:
    """A single term or operator of a formula."""
    if part[0] == "^" and len(part) > 1:
        return _power(part[1:].strip())
    if part.lower() in GREEK:
        return say(GREEK[part.lower()])
    if part == "√(":
        return say("根号下")
    if part[0].isdecimal():
        return plain(amount(part))
    if part in FUNCTION_NAMES:
        return (
            [SpokenWord(FUNCTION_NAMES[part], "english")]
            if part not in ("max", "min")
            else spell(part)
        )
    if part.isascii() and part.isalpha():
        return spell(part)
    return say(OPERATORS.get(part, ""))


def _power(exponent: str) -> list[SpokenWord]:
    if exponent in ("2", "3"):
        return say({"2": "平方", "3": "立方"}[exponent])
    sign = {"-": "负", "+": "正"}.get(exponent[0], "")
    return [*say("的" + sign), *term(exponent.lstrip("+-")), *say("次方")]


def _power_alone(match: Match) -> list[SpokenWord]:
    return _power(match[1])


def _power_of_figures(match: Match) -> list[SpokenWord]:
    return _of_figures(match[0])


def _compared(match: Match) -> list[SpokenWord]:
    return say(OPERATORS[match["sign"]])


def _discount(match: Match) -> list[SpokenWord]:
    return [*plain(amount(match[1])), *say("减"), *plain(amount(match[2]))]


def _twice(match: Match) -> list[SpokenWord]:
    return say("加加" if match[1] == "++" else "减减")


def _plus(_: Match) -> list[SpokenWord]:
    return say("加")


def _quotient(match: Match) -> list[SpokenWord] | None:
    if match[0] in UNITS or match[0] in ("n/a", "w/o", "b/c"):
        return None
    return [*term(match[2]), *say("分之"), *term(match[1])]


def _part_of_greek(match: Match) -> list[SpokenWord]:
    times = amount(match[1]) if match[1] else []
    return [*amount(match[3]), *say("分之"), *plain(times), *term(match[2])]


def _minus(_: Match) -> list[SpokenWord]:
    return say("负")


def _operator(match: Match) -> list[SpokenWord]:
    return say(OPERATORS[match[0]])


def _operator_of_words(match: Match) -> list[SpokenWord] | None:
    """Only in an equation."""
    near = (
        re.split("[，。；！？\n]", before(match, 24))[-1]
        + re.split("[，。；！？\n]", after(match, 24))[0]
    )
    return _operator(match) if "=" in near else None


def _unit_alone(match: Match) -> list[SpokenWord]:
    return say(UNITS[match[1]])


def _sign(match: Match) -> list[SpokenWord]:
    return say(OPERATORS[match[0]])


def _root_of(_: Match) -> list[SpokenWord]:
    return say("根号下")


def _greek(match: Match) -> list[SpokenWord]:
    return say(GREEK[match[0].lower()])


FORMULA: Rule = (
    re.compile(
        rf"(?<![A-Za-z\d/])[√∠-]?\(?{_OPERAND}\)?(?:{_OPERATOR}[√-]?\(?{_OPERAND}\)?)+"
        r"(?:\s*=(?=\s*[?？。，,；;]|\s*$))?(?![A-Za-z])"
    ),
    _arithmetic,
)
# 满300-50
DISCOUNT: Rule = (re.compile(r"(?<=满)(\d+)-(\d+)(?!\d)"), _discount)
_QUOTIENT = r"\d+ ?/ ?\d+"
EQUATION: Rule = (
    # With fractions and quotients in it, which the rules for amounts would read alone.
    re.compile(
        rf"(?<![A-Za-z\d/.])-?(?:{_OPERAND}\s*[+\-×*÷=]\s*)*{_QUOTIENT}(?![\d/])"
        rf"(?:\s*[+\-×*÷=]\s*(?:{_QUOTIENT}(?![\d/])|{_OPERAND}))+(?:\s*=(?=\s*[?？]))?(?![A-Za-z\d/])"
        rf"|(?<![A-Za-z\d/.])(?:{_OPERAND}\s*[+\-×*÷=]\s*)+{_QUOTIENT}(?![\d/])"
    ),
    _arithmetic,
)
RULES: list[Rule] = [
    # -∞, -√2, -π/2, f(-x)
    (
        re.compile(
            rf"(?:(?<![\w)）%])|(?<=[{HAN}]))-(?=[√∞α-ω])|(?<=[(（=^的为是于得])-(?=[a-z](?![A-Za-z]))"
            r"|(?<![^，。：是为得])-(?=[xy](?![A-Za-z\d-]))"
        ),
        _minus,
    ),
    # 5-(-3), f(x)-5, 2-1/3
    (
        re.compile(
            r"(?<=\d)-(?=\(-)|(?<!\d\d)(?<=\d)-(?=\d/\d(?![\d/]))|(?<=[A-Za-z\d]\))(?<!\(\d\))-(?=[\d(])"
        ),
        _operator,
    ),
    # 利润=收入-成本, 增长率=(本期-上期)/上期
    (re.compile(rf"(?<=[{HAN})）])[-/*](?=[{HAN}(（])"), _operator_of_words),
    (
        re.compile(
            r"(?<=[\d)A-Za-z])\^(?:\(|\{)?([+-]?(?:\d+(?:\.\d+)?|[a-z](?![A-Za-z\d])))(?:\)|\})?"
        ),
        _power_alone,
    ),
    (re.compile(r"(?<=\d)[²³]"), _power_of_figures),
    # 转发+1, 20万+, 60岁+
    (
        re.compile(
            rf"(?<=[{HAN}A-Za-z])\+(?=\d)|(?<=[\dwWkK万亿千百%岁元人次天年个])\+(?![A-Za-z\d+])"
        ),
        _sign,
    ),
    # 年龄>60岁, 误差<5%, 收入>=5000元, 得分=98: between what is compared; not <b>, ->, >>>, =>.
    (
        re.compile(
            rf"(?<=[{HAN}A-Za-zα-ωΑ-Ω\d)）%°℃²³|]) ?(?<![<>=-])(?P<sign>[<>=!]=|[<>=])(?![<>=/]) ?"
            rf"(?=[{HAN}\d+.(（$¥€£-]|[A-Za-z](?![A-Za-z]*>))"
        ),
        _compared,
    ),
    (re.compile(r"(?<=\d)(?P<sign>=)(?=\s*[?？])"), _compared),
    # <18岁, （>60岁）
    (re.compile(r"(?<![\w<>=)/-])(?P<sign>[<>]=?) ?(?=[+-]?\.?\d)"), _compared),
    # H2O+CO2, Na+, i++
    (re.compile(r"(?<=[A-Za-z])(\+\+|--)(?![\w+-])"), _twice),
    (
        re.compile(rf"(?<=[\w)]) ?\+ ?(?=[\w(√])|(?<=[A-Za-z])\+(?=[\s，。、；）){HAN}]|$)"),
        _plus,
    ),
    # π/2, 3π/4
    (
        re.compile(r"(?<![A-Za-z\d/.])((?:[1-9]\d?)?)([α-ω])/(\d{1,2})(?![A-Za-z\d/.])"),
        _part_of_greek,
    ),
    # 1/x, y/x
    (re.compile(r"(?<![A-Za-z\d/.])([1-9]\d{0,2}|[a-z])/([a-z])(?![A-Za-z\d/.])"), _quotient),
    # 10³kg: a unit that a power stands before
    (re.compile(rf"(?<=[\d²³]) ?({_LONG_UNIT})(?![A-Za-z\d²³])"), _unit_alone),
    (re.compile("[α-ωΑ-Ω]"), _greek),
    (re.compile(r"√\((?=[^()]*\))"), _root_of),
    (re.compile(rf"[√²³×÷≈≠≥≤±≡∞∑∫∈∵∴∠⊥∥∪∩]|(?<=[{HAN}])[+=](?=[{HAN}])"), _sign),
]
