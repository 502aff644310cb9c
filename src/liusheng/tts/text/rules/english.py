"""The rules for written forms in English text: a pattern, and the words it is read as.

They do what the English voices' own front ends do not (hibari-tts reads plain numbers, times,
dates, currencies and its own list of units): abbreviations before a full stop, units, signs, paths,
and figures (`english_figures`). A handler that returns None gives the next rule its turn.
"""

from __future__ import annotations

import re

from liusheng.tts.text.rules.addresses import ADDRESSES, spoken_address
from liusheng.tts.text.rules.english_figures import (
    DECIMALS,
    FIGURES,
    MONTHS,
    NUMBER,
    EnglishRule,
    Match,
    decimal,
    said,
)

_BEFORE_NUMBERS = {
    "Fig": "Figure", "Figs": "Figures", "Sec": "Section", "Vol": "Volume", "Ch": "Chapter",
    "pp": "pages", "p": "page", "Eq": "Equation", "Nos": "Numbers", "No": "Number",
    "Art": "Article", "approx": "approximately", "Approx": "Approximately",
    "ca": "about", "Ex": "Exercise", "no": "number", "nos": "numbers", "vol": "volume",
    "fig": "figure", "figs": "figures", "ch": "chapter", "ext": "extension", "Ext": "Extension",
}  # fmt: skip
_TITLES = {
    "Gov": "Governor", "Sen": "Senator", "Rep": "Representative", "Gen": "General",
    "Col": "Colonel", "Capt": "Captain", "Lt": "Lieutenant", "Sgt": "Sergeant", "Rev": "Reverend",
    "Hon": "Honorable", "Pres": "President", "Mt": "Mount", "Ft": "Fort", "St": "Saint",
}  # fmt: skip
_STREETS = {
    "St": "Street", "Ave": "Avenue", "Rd": "Road", "Blvd": "Boulevard", "Dr": "Drive", "Ln": "Lane",
    "Sq": "Square", "Hwy": "Highway", "Pkwy": "Parkway", "Apt": "Apartment", "Ct": "Court",
}  # fmt: skip
_SHORT = {
    "vs": "versus", "dept": "department", "Dept": "Department", "govt": "government",
    "w/o": "without", "w/": "with", "b/c": "because", "Inc": "Incorporated", "Ltd": "Limited",
    "Corp": "Corporation", "Jr": "Junior", "Sr": "Senior", "est": "estimated",
}  # fmt: skip

# Singular; the plural adds s where it is not given after a slash.
UNITS = {
    "kg": "kilogram", "g": "gram", "mg": "milligram", "μg": "microgram", "t": "ton",
    "km": "kilometer", "m": "meter", "cm": "centimeter", "mm": "millimeter", "μm": "micrometer",
    "nm": "nanometer", "L": "liter", "l": "liter", "mL": "milliliter", "ml": "milliliter",
    "in": "inch/inches", "ft": "foot/feet", "yd": "yard", "mi": "mile", "lb": "pound",
    "lbs": "pound", "oz": "ounce", "gal": "gallon", "tbsp": "tablespoon", "tsp": "teaspoon",
    "h": "hour", "hr": "hour", "hrs": "hour", "min": "minute", "mins": "minute", "s": "second",
    "sec": "second", "secs": "second", "ms": "millisecond", "μs": "microsecond",
    "ns": "nanosecond", "yr": "year", "yrs": "year", "Hz": "hertz/hertz",
    "kHz": "kilohertz/kilohertz",
    "MHz": "megahertz/megahertz", "GHz": "gigahertz/gigahertz", "V": "volt", "kV": "kilovolt",
    "mV": "millivolt", "mA": "milliamp", "mAh": "milliamp hour", "W": "watt",
    "kW": "kilowatt", "MW": "megawatt", "GW": "gigawatt", "kWh": "kilowatt hour",
    "kJ": "kilojoule", "cal": "calorie", "kcal": "kilocalorie", "Pa": "pascal",
    "kPa": "kilopascal", "MPa": "megapascal", "mol": "mole", "dB": "decibel",
    "Ω": "ohm", "kΩ": "kilohm", "KB": "kilobyte", "kB": "kilobyte", "MB": "megabyte",
    "GB": "gigabyte", "TB": "terabyte", "PB": "petabyte", "Kb": "kilobit", "Mb": "megabit",
    "Gb": "gigabit", "kbps": "kilobit per second/kilobits per second",
    "Mbps": "megabit per second/megabits per second",
    "Gbps": "gigabit per second/gigabits per second", "mph": "mile per hour/miles per hour",
    "kph": "kilometer per hour/kilometers per hour", "fps": "frame per second/frames per second",
    "rpm": "revolution per minute/revolutions per minute",
    "bpm": "beat per minute/beats per minute",
    "px": "pixel", "mmHg": "millimeter of mercury/millimeters of mercury", "ha": "hectare",
    "°C": "degree Celsius/degrees Celsius", "℃": "degree Celsius/degrees Celsius",
    "°F": "degree Fahrenheit/degrees Fahrenheit", "℉": "degree Fahrenheit/degrees Fahrenheit",
    "°": "degree",
}  # fmt: skip
_POWERS = {"²": "square", "^2": "square", "³": "cubic", "^3": "cubic"}
_ONLY_ATTACHED = frozenset("in t l".split())
"""Units that are words or letters of English when a space stands before them."""

_SIGNS = {
    "&": "and", "@": "at", "=": "equals", "+": "plus", "<": "less than", ">": "greater than",
    "<=": "less than or equal to", ">=": "greater than or equal to", "≤": "less than or equal to",
    "≥": "greater than or equal to", "!=": "is not equal to", "==": "equals",
    "≠": "is not equal to", "≈": "approximately", "±": "plus or minus", "×": "times",
    "÷": "divided by", "*": "times", "→": "to", "->": "to", "=>": "to", "⇒": "to", "%": "percent",
    "‰": "per mille", "√": "square root of", "∞": "infinity", "∑": "sum", "∫": "integral",
    "∈": "in", "∴": "therefore", "∵": "because", "²": "squared", "³": "cubed", "^": "to the power",
    "#": "hash", "\\": "backslash", "°": "degrees", "√ ": "square root of", "π": "pi", "↑": "up",
    "↓": "down", "←": "left arrow", "✓": "check", "✔": "check", "✗": "cross", "✘": "cross",
    "©": "copyright", "№": "number", "€": "euros", "£": "pounds", "¥": "yen", "$": "dollars",
    "₹": "rupees", "¢": "cents",
}  # fmt: skip
_GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta",
    "η": "eta", "θ": "theta", "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu",
    "ξ": "xi", "ο": "omicron", "π": "pi", "ρ": "rho", "σ": "sigma", "ς": "sigma", "τ": "tau",
    "υ": "upsilon", "φ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega",
}  # fmt: skip
_FRACTIONS = {
    "1/2": "a half", "1/3": "a third", "2/3": "two thirds", "1/4": "a quarter",
    "3/4": "three quarters", "1/8": "an eighth", "3/8": "three eighths", "1/5": "a fifth",
}  # fmt: skip


def _any(words: dict[str, str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


def _unit(number: str, unit: str) -> str:
    singular, _, plural = UNITS[unit].partition("/")
    one = number in ("1", "-1", "+1")
    return singular if one else plural or _plural(singular)


def _plural(name: str) -> str:
    return name if name.endswith("s") else name + "s"


def _quantity(match: Match) -> str | None:
    number, space, unit, power, per, per_power = match.groups()
    if space and unit in _ONLY_ATTACHED and not (power or per):
        return None
    if unit == "s" and not space and "." not in number:
        return None  # the 1990s
    read = " ".join(filter(None, (said(number), _POWERS.get(power or ""), _unit(number, unit))))
    if per:
        read += " per " + " ".join(filter(None, (_POWERS.get(per_power or ""), _unit("1", per))))
    return read


def _power(match: Match) -> str:
    """x², 10^-3"""
    number = match[1] or match[2]
    named = {"²": "squared", "2": "squared", "³": "cubed", "3": "cubed"}.get(number)
    return named or f"to the power of {number.replace('-', 'minus ')}"


def _path(match: Match) -> str:
    """/usr/bin/env, C:\\temp"""
    parts = re.findall(r"[/\\]|:|\.|-|_|[^/\\:._-]+", match[0])
    names = {
        "/": "slash",
        "\\": "backslash",
        ":": "colon",
        ".": "dot",
        "-": "dash",
        "_": "underscore",
    }
    return " ".join(names.get(part, part) for part in parts)


def _address(match: Match) -> str:
    return spoken_address(match[0])


RULES: list[EnglishRule] = [
    *((pattern, _address) for pattern in ADDRESSES),
    (re.compile(r"(?<![\w/.])(?:[A-Z]:\\|(?:\.{0,2}|~)/)[\w.-]+(?:[/\\][\w.-]+)*(?<!\.)"), _path),
    # An abbreviation and what it stands before.
    (
        re.compile(rf"(?<!\w)({_any(MONTHS)})\.?(?= ?\d{{1,2}}(?!\d|[-–]\d))"),
        lambda m: MONTHS[m[1]],
    ),
    # "The answer is no. 12 came." is two sentences.
    (
        re.compile(
            rf"(?<!\w)(?<!\b(?:is|as) )(?<!\b(?:was|say) )(?<!\bsaid )(?<!\bsays )"
            rf"({_any(_BEFORE_NUMBERS)})\. ?(?=\d)"
        ),
        lambda m: _BEFORE_NUMBERS[m[1]],
    ),
    (
        # Main St, Elm Dr.: after a name or a number's suffix, not before another name.
        re.compile(
            rf"(?<=[A-Za-z] )({_any(_STREETS)})(?:\.(?! ?[A-Z][a-z]+ )|(?=,|$| [a-z]))"
            "(?! [A-Z][a-z]*$)"
        ),
        lambda m: _STREETS[m[1]] if _after_name(m) else None,
    ),
    (re.compile(rf"(?<!\w)({_any(_TITLES)})\.(?= ?[A-Z])"), lambda m: _TITLES[m[1]]),
    (re.compile(r"(?<!\w)(w/o|b/c|w/)(?=[ \w])"), lambda m: _SHORT[m[1]]),
    (re.compile(rf"(?<![\w/])({_any(_SHORT)})\.(?=\s|,|$)"), lambda m: _SHORT[m[1]]),
    (re.compile(r"(?<= )(Inc|Ltd|Corp|Jr|Sr)$"), lambda m: _SHORT[m[1]]),
    (re.compile(r"(?<![A-Za-z])([CF])#(?!\w)"), lambda m: f"{m[1]} sharp"),
    # 5'6", 2 1/2, .5
    (re.compile(r"(?<![\w.])(\d)'(\d{1,2})(?:\"|'')"), lambda m: f"{m[1]} foot {m[2]}"),
    (
        re.compile(rf"(?<![\w./])(\d{{1,3}}) ?(?:and )?({_any(_FRACTIONS)})(?![\w/])"),
        lambda m: f"{m[1]} and {_FRACTIONS[m[2]]}" if m[0][len(m[1])] == " " else None,
    ),
    (
        re.compile(
            rf"(?<![\w./])({_any(_FRACTIONS)})(?= (?:of|cups?|tsp|tbsp|inch|miles?|hours?))"
        ),
        lambda m: _FRACTIONS[m[1]],
    ),
    *FIGURES,
    (
        # A number, a unit, its power, what it is by, the power of that.
        re.compile(
            rf"(?<![\w.$£€])(-?{NUMBER}|\.\d+)( ?)({_any(UNITS)})(²|³|\^[23])?"
            rf"(?:/({_any(UNITS)})(²|³|\^[23])?)?(?![\w/'’])"
        ),
        _quantity,
    ),
    (re.compile(r"(?<![\w.])\.(\d+)"), lambda m: decimal(m[0])),
    *DECIMALS,
    (re.compile(r"(?<=[\w)])(?:\^\(?(-?\w{1,3})\)?|([²³]))"), _power),
    (re.compile(r"(?<![\w])~ ?(?=\d)"), lambda _: "about"),
    (re.compile(r"(?<!\w)#(?=\d)"), lambda _: "number"),
    (re.compile(r"(?<=\d)\*(?=\d)|(?<=\s)[*](?=\s)|×"), lambda _: "times"),
    # $5 is read by the voice; a currency's sign alone is named.
    (re.compile(r"[$€£¥](?!\s?\d)"), lambda m: _SIGNS[m[0]]),
    # Hyphens and percent signs beside figures are the voice's.
    (re.compile(r"(?<!\d)%|(?<=\d )%"), lambda _: "percent"),
    (
        re.compile(rf"(?:{_any({s: w for s, w in _SIGNS.items() if s not in '%$€£¥*#'})})"),
        lambda m: _SIGNS[m[0]],
    ),
    (re.compile("[α-ω]", re.IGNORECASE), lambda m: _GREEK.get(m[0].lower())),
]


def _after_name(match: Match) -> bool:
    """Whether a capitalised word or an ordinal stands before it: Main St, 5th Ave."""
    before = match.string[: match.start()].split()
    return bool(before) and bool(re.fullmatch(r"[A-Z][\w'-]+|\d+(?:st|nd|rd|th)", before[-1]))
