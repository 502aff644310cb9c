"""Figures in English text as words: text normalisation.

Names with figures (MP3, F-16, 5G, v2.0) stay. These rules are our own: wetext's English grammar
reads 100 m as minutes, 1,234 without its "one", 555-1234 as a range, and fails on "#5".
"""

from __future__ import annotations

import re
from collections.abc import Callable

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
).split()
_TENS = "_ _ twenty thirty forty fifty sixty seventy eighty ninety".split()
_SCALES = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"), (1000, "thousand"))
_ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth",
    "nine": "ninth", "twelve": "twelfth",
}  # fmt: skip
_MONTHS = (
    "January February March April May June July August September October November December"
).split()
_UNITS = {
    "km/h": "kilometer per hour", "km": "kilometer", "cm": "centimeter", "mm": "millimeter",
    "m": "meter", "kg": "kilogram", "mg": "milligram", "g": "gram", "ml": "milliliter",
    "mL": "milliliter", "L": "liter", "mph": "mile per hour", "lb": "pound", "lbs": "pound",
    "oz": "ounce", "ft": "foot", "KB": "kilobyte", "MB": "megabyte", "GB": "gigabyte",
    "TB": "terabyte", "Hz": "hertz", "kHz": "kilohertz", "MHz": "megahertz", "GHz": "gigahertz",
    "W": "watt", "kW": "kilowatt", "V": "volt", "ms": "millisecond", "min": "minute",
    "°C": "degree Celsius", "℃": "degree Celsius", "°F": "degree Fahrenheit", "°": "degree",
}  # fmt: skip
_MONEY = {
    "$": ("dollar", "cent"),
    "£": ("pound", "penny"),
    "€": ("euro", "cent"),
    "¥": ("yuan", "fen"),
}
_AMOUNTS = {"k": "thousand", "K": "thousand", "M": "million", "m": "million",
            "B": "billion", "bn": "billion"}  # fmt: skip
_PLURALS = {
    "foot": "feet", "penny": "pence", "yuan": "yuan", "fen": "fen", "hertz": "hertz",
    "kilohertz": "kilohertz", "megahertz": "megahertz", "gigahertz": "gigahertz",
}  # fmt: skip
_FRACTIONS = {2: "half", 3: "third", 4: "quarter", 5: "fifth", 6: "sixth", 8: "eighth", 10: "tenth"}

# A figure does not begin or end inside a number or a name.
_START = r"(?<![A-Za-z\d])(?<![A-Za-z\d][-.,_:/'’+])"
_END = r"(?![A-Za-z\d])(?![.,:/-]\d)(?!-[A-Za-z]?\d)"
_INTEGER = r"(?:\d{1,3}(?:,\d{3})+|\d+)"
_NUMBER = rf"{_INTEGER}(?:\.\d+)?"
_LARGE = r"(?: (?:hundred|thousand|million|billion|trillion)\b)?"


def english_in_words(text: str) -> str:
    """Return an English text with its figures as words."""
    for pattern, words in _RULES:
        text = pattern.sub(words, text)
    return text


def _cardinal(value: int) -> str:
    if value < 20:
        return _ONES[value]
    if value < 100:
        return _TENS[value // 10] + (f" {_ONES[value % 10]}" if value % 10 else "")
    if value < 1000:
        rest = f" and {_cardinal(value % 100)}" if value % 100 else ""
        return f"{_ONES[value // 100]} hundred{rest}"
    scale, word = next(each for each in _SCALES if value >= each[0])
    below = value % scale
    read = f"{_cardinal(value // scale)} {word}"
    return f"{read}{' and' if below < 100 else ''} {_cardinal(below)}" if below else read


def _digits(digits: str) -> str:
    return " ".join(_ONES[int(digit)] for digit in digits if digit.isdecimal())


_CODE = 7
"""Figures without separators from which on a number is read digit by digit, unless it is round."""


def _number(figures: str) -> str:
    """Read a number; without separators 1999 is nineteen ninety nine."""
    whole, _, fraction = figures.partition(".")
    if fraction:
        return f"{_whole(whole.replace(',', ''))} point {_digits(fraction)}"
    if "," in whole:
        return _cardinal(int(whole.replace(",", "")))
    return _year(whole) or _whole(whole)


def _whole(whole: str) -> str:
    code = len(whole) >= _CODE and len(whole.rstrip("0")) > 5
    if code or len(whole) > 15 or (whole[0] == "0" and len(whole) > 1):
        return _digits(whole)
    return _cardinal(int(whole))


def _year(figures: str) -> str:
    """Read four figures as a year is read, or return ""."""
    value = int(figures)
    if len(figures) != 4 or not 1100 <= value < 2100:
        return ""
    century, year = divmod(value, 100)
    if year == 0:
        return _cardinal(value) if century == 20 else f"{_cardinal(century)} hundred"
    if year < 10:
        return _cardinal(value) if century == 20 else f"{_cardinal(century)} oh {_ONES[year]}"
    return f"{_cardinal(century)} {_cardinal(year)}"


def _ordinal(value: int) -> str:
    head, _, last = _cardinal(value).rpartition(" ")
    last = _ORDINALS.get(last) or (f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th")
    return f"{head} {last}".strip()


def _plural(word: str, count: str) -> str:
    word, of, rest = word.partition(" ")
    if count != "1":
        word = _PLURALS.get(word, f"{word}s")
    return word + of + rest


def _money(match: re.Match[str]) -> str:
    sign, figures, letter, scale = match.groups()
    unit, cent = _MONEY[sign]
    scale = f" {_AMOUNTS[letter]}" if letter else scale or ""
    whole, _, cents = figures.partition(".")
    amount = whole.replace(",", "")
    if scale or (cents and len(cents) != 2):
        return f"{_read(figures)}{scale} {_plural(unit, '')}"
    read = f"{_cardinal(int(amount))} {_plural(unit, amount)}"
    if int(cents or 0):
        read += f" and {_cardinal(int(cents))} {_plural(cent, cents.lstrip('0'))}"
    return read


def _read(figures: str) -> str:
    """Read a number that is no year and no code."""
    whole, _, fraction = figures.replace(",", "").partition(".")
    return _cardinal(int(whole)) + (f" point {_digits(fraction)}" if fraction else "")


def _clock(match: re.Match[str]) -> str:
    hour, minute = _cardinal(int(match[1])), int(match[2])
    half = f" {match[3]}" if match[3] else ""
    if minute == 0:
        return f"{hour}{half}" if half else f"{hour} o'clock"
    return f"{hour} {'oh ' if minute < 10 else ''}{_cardinal(minute)}{half}"


def _height(match: re.Match[str]) -> str:
    feet, inches = match.groups()
    read = f"{_cardinal(int(feet))} {_plural('foot', feet)}"
    return f"{read} {_cardinal(int(inches))} {'inch' if inches == '1' else 'inches'}"


def _range(match: re.Match[str]) -> str:
    """What is left of a range is read by a later rule."""
    first, last = match.groups()
    return f"{_number(first)} to {last}"


def _fraction(figures: str) -> str:
    top, bottom = map(int, figures.split("/"))
    if top < bottom and bottom in _FRACTIONS:
        name = _FRACTIONS[bottom]
        plural = "halves" if bottom == 2 else f"{name}s"
        return f"{_cardinal(top)} {name if top == 1 else plural}"
    return f"{_cardinal(top)} {_cardinal(bottom)}"


def _phone(match: re.Match[str]) -> str:
    groups = match[0].split("-")
    if len(groups) == 2 and any(int(group) % 100 == 0 for group in groups):
        return f"{_read(groups[0])} to {_read(groups[1])}"
    return ", ".join(map(_digits, groups))


def _dialled(match: re.Match[str]) -> str:
    return ", ".join(map(_digits, re.findall(r"\d+", match[0])))


def _prices(match: re.Match[str]) -> str:
    sign, first, last = match.groups()
    return f"{_read(first)} to {_read(last)} {_plural(_MONEY[sign][0], '')}"


def _mixed(match: re.Match[str]) -> str:
    return f"{_cardinal(int(match[1]))} and {_fraction(match[2])}"


def _dotted(match: re.Match[str]) -> str:
    parts = match[0].split(".")
    if max(map(len, parts)) > 2:
        return " dot ".join(map(_digits, parts))
    return " point ".join(_whole(part) for part in parts)


def _date(match: re.Match[str]) -> str:
    year, month, day = match[1], int(match[2]), int(match[3])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return match[0]
    return f"{_MONTHS[month - 1]} {_ordinal(day)}, {_number(year)}"


def _decade(match: re.Match[str]) -> str:
    century, tens = match[1], int(match[2])
    read = f"{_TENS[tens][:-1]}ies"
    return f"{_cardinal(int(century))} {read}" if century.isdecimal() else read


_UNIT = "|".join(map(re.escape, sorted(_UNITS, key=len, reverse=True)))
_OPERATORS = {"+": "plus", "=": "equals", "×": "times", "*": "times", "÷": "divided by"}
_HALF = r" ?([ap]\.m\.|[aApP][mM]\b)"
_RULES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (re.compile(rf"{_START}(\d{{4}})-(\d\d)-(\d\d){_END}"), _date),
    (re.compile(r"\(\d{3}\) ?\d{3}-\d{4}(?!\d)|\+\d{1,3}(?:[ -]\d{2,4}){2,4}(?!\d)"), _dialled),
    (re.compile(rf"{_START}(?:(?:\d-)?\d{{3}}-)?\d{{3}}-\d{{4}}{_END}"), _phone),
    (re.compile(rf"{_START}\d+(?:\.\d+){{2,}}{_END}"), _dotted),
    (
        re.compile(r"(?<=[a-z\d)]) - (?=\d)|(?<=\d)[-−](?=\d+ ?=)"),
        lambda m: " minus ",
    ),
    (re.compile(r"(?<![\w.,:/'’)-])[-−](?=\.?\d)"), lambda m: "minus "),
    (re.compile(rf"{_START}(\d{{1,2}}):([0-5]\d)(?![:\d])(?:{_HALF})?"), _clock),
    (re.compile(rf"{_START}(\d{{1,2}}){_HALF}"), lambda m: f"{_cardinal(int(m[1]))} {m[2]}"),
    (re.compile(rf"{_START}(\d)['’′](\d{{1,2}})(?:[\"”″]|''|\b)"), _height),
    (
        re.compile(rf"(?<![A-Za-z])([$£€¥])({_INTEGER})[-–]({_INTEGER})(?![A-Za-z\d.,%-])"),
        _prices,
    ),
    (
        re.compile(
            rf"(?<![A-Za-z])(?:US)?([$£€¥]) ?({_NUMBER})"
            r"(?:(bn|[kKmMB])\b|( (?:thousand|million|billion|trillion)\b))?(?!\d)"
        ),
        _money,
    ),
    (re.compile(rf"{_START}(1[1-9]|20)([2-9])0s\b"), _decade),
    (re.compile(r"(?<!\w)['’]()([2-9])0s\b"), _decade),
    (
        re.compile(rf"{_START}(\d+)(?:st|nd|rd|th)\b", re.IGNORECASE),
        lambda m: _ordinal(int(m[1])) if 0 < int(m[1]) < 10**6 else m[0],
    ),
    (
        re.compile(rf"\b({'|'.join(_MONTHS)}) (\d{{1,2}})(?![\d:%]|,\d)"),
        lambda m: f"{m[1]} {_ordinal(int(m[2]))}" if 1 <= int(m[2]) <= 31 else m[0],
    ),
    (re.compile(rf"{_START}(\d+) ([1-9]/(?:2|3|4|5|8)){_END}"), _mixed),
    (re.compile(rf"{_START}\d{{1,3}}/[1-9]\d{{0,2}}{_END}"), lambda m: _fraction(m[0])),
    (
        re.compile(rf"{_START}({_NUMBER})%?[-–~]({_NUMBER})(?=%|(?![A-Za-z\d-]| ?=))"),
        _range,
    ),
    (re.compile(rf"{_START}({_NUMBER}) ?%"), lambda m: f"{_read(m[1])} percent"),
    (
        re.compile(rf"{_START}({_NUMBER}) ?({_UNIT})(?![A-Za-z\d/'’-])"),
        lambda m: f"{_read(m[1])} {_plural(_UNITS[m[2]], m[1])}",
    ),
    (re.compile(r"(?<![\w#])# ?(?=\d)"), lambda m: "number "),
    (
        re.compile(r"(?<=[A-Za-z\d)]) ?([+=×*÷]) ?(?=[-−]?\d|minus \d)"),
        lambda m: f" {_OPERATORS[m[1]]} ",
    ),
    (
        re.compile(rf"{_START}(?<![\d.])\.(\d+){_END}"),
        lambda m: f"point {_digits(m[1])}",
    ),
    (
        re.compile(rf"{_START}({_NUMBER})({_LARGE}){_END}"),
        lambda m: (_read(m[1]) if m[2] else _number(m[1])) + m[2],
    ),
)
"""What is read, and how, in this order: a rule leaves no figures of what it has read."""
