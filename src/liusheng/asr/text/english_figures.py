"""English numbers as figures: inverse text normalisation.

A run of numerals ("one hundred and five", "nineteen ninety nine") is written in figures if it reads
as one number. Any other stays in words: "nine eleven", "twenty four seven". So do small numbers
without a unit, and ordinals that may be fractions or other words ("one second", "a tenth").

These rules are our own: wetext's English grammar knows no capitals and no hyphens, and rewrites
words that are no numbers ("the dot at the top" is an address for it).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from liusheng.asr.text.english_numerals import (
    BELOW_HUNDRED,
    DIGITS,
    LAST_MINUTE,
    NUMERALS,
    ONES,
    ORDINAL_TENS,
    ORDINALS,
    SCALES,
    TENS,
    below_hundred,
    cardinal,
    large,
    ordinal_value,
    suffix,
    year_in_halves,
)

_WORD = re.compile(r"(?<![\w'’@])(?<!\w\.)[A-Za-z]+(?![\w'’@]|\.\w)")

_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
_MONTH_BEFORE = re.compile(rf"(?:(\w+),? )?\b({_MONTHS}) (?:the )?$", re.IGNORECASE)
_MONTH_AFTER = re.compile(rf" of (?:{_MONTHS})\b", re.IGNORECASE)
_BEFORE_DATES = frozenset(
    "on of by since until till before after through from to last next".split()
)

_PERCENT = re.compile(r"[ -]per ?cent\b", re.IGNORECASE)
_MONEY = re.compile(
    r"[ -](?:us |american )?(dollar|euro)s?\b(?: and ([a-z]+(?:[ -][a-z]+)?) cents?\b)?",
    re.IGNORECASE,
)
_SIGNS = {"dollar": "$", "euro": "€"}
_UNIT = re.compile(
    r"[ -](?:(?:kilo|centi|milli)?met(?:er|re)s?|miles?|inch(?:es)?|yards?|(?:kilo|milli)?grams?"
    r"|kilos|ounces?|(?:milli)?lit(?:er|re)s?|gallons?|degrees?|(?:kilo|mega|giga|tera)bytes?"
    r"|(?:mega|giga)?hertz|(?:kilo|mega)?watts?|volts?|knots)\b"
    rf"|[ -](?:feet|foot)(?=[ -](?:(?:{'|'.join(BELOW_HUNDRED)}) inch|tall|long|high|wide|deep))",
    re.IGNORECASE,
)
_HALF_DAY = re.compile(r" ?(?:[ap]\.m\b|[ap] m\b|pm\b|am\b(?! (?:i|not)\b))", re.IGNORECASE)
_AT = re.compile(r"\b(?:at|by|until|till|around) $", re.IGNORECASE)
_AFTER_CLOCK = re.compile(
    r"$|[.,;:?!]|,? (?:and|but|or|so|on|in|to|with|for|tomorrow|today|tonight|this|every)\b",
    re.IGNORECASE,
)
_TO = re.compile(r" (?:to|or|by) ", re.IGNORECASE)
_AND = re.compile(r" and ", re.IGNORECASE)
_BETWEEN = re.compile(r"\bbetween $", re.IGNORECASE)
_DETERMINER = re.compile(r"\b(?:the|his|her|my|our|their|your|its) $", re.IGNORECASE)
_DOLLAR_BEFORE = re.compile(r"\bdollars? $", re.IGNORECASE)
_PRICED = re.compile(r"\b(?:costs?|pay|paid|price is|only|just|charged) $", re.IGNORECASE)
_PLURAL = re.compile(r"[ -](?:hundred|thousand|million|billion|trillion|dozen)s?\b", re.IGNORECASE)
_THIS = re.compile(r"\b(?:this|that|the|one|a|some|which|every|any|my|your) $", re.IGNORECASE)
_ARTICLE = re.compile(r"\ban? $", re.IGNORECASE)

_SMALL = 12
"""Numbers up to this stay in words where no unit follows."""
_SMALL_ORDINAL = 10
"""Ordinals up to this stay in words but for dates."""
_LONGEST = 64
"""Words of a run. Longer ones are written in parts."""
_CONTEXT = 40
"""Characters around a run that are looked at."""

_NUMERAL = "|".join(sorted(NUMERALS, key=len, reverse=True))
_COMMA = re.compile(
    # One thousand, two hundred and three: one number, unless a list of them goes on.
    rf"(?<=thousand), (?=(?:{'|'.join(ONES)}) hundred\b(?! (?:thousand|or)\b|,"
    rf"| and \w+(?:[ -]\w+)? (?:hundred|thousand)\b))"
    rf"|(?<=[mb]illion), (?=(?:(?:{_NUMERAL}|and)[ -])+thousand\b)",
    re.IGNORECASE,
)
"""Inside an amount."""

_NAME = r"[a-z\d][a-z\d-]*"
_NO_NAME = r"(?!(?:the|an?|this|that|in|on|at|of|to|is|and|or|with|us(?:e|ing)|dot|my|your|one)\b)"
_TLD = r"(?:com|org|net|edu|gov|io|cn|uk|co|ai|info)\b"
_DOMAIN = rf"{_NO_NAME}{_NAME}(?: dot {_NAME}){{0,2}}? dot {_TLD}(?: dot (?:uk|cn)\b)?"
_ADDRESS = re.compile(
    # A name of several parts at a domain; or one at a provider of mail, but not "work at".
    rf"\b({_NO_NAME}{_NAME}(?: (?:dot|underscore) {_NAME})+) at ({_DOMAIN})"
    rf"|(?:(?<=\bto )|(?<=\bis )|(?<=\bat ))({_NO_NAME}{_NAME}) at "
    rf"((?:gmail|hotmail|outlook|yahoo|icloud|qq) dot com\b)"
    rf"|\b({_DOMAIN})",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class _Number:
    """A number in figures.

    small: it stays in words unless a unit follows, or a larger number that belongs with it.
    """

    figures: str
    small: bool = False


def english_in_figures(text: str) -> str:
    """Return an English text with its numbers in figures."""
    text = _COMMA.sub(" ", _ADDRESS.sub(_address, text))
    tokens = list(_WORD.finditer(text))
    done = ""
    at = 0
    small: tuple[int, int, str] | None = None
    i = 0
    while i < len(tokens):
        count = 0 if tokens[i].start() < at else _run(text, tokens[i : i + _LONGEST])
        if not count:
            i += 1
            continue
        run = tokens[i : i + count]
        i += count
        start, end = run[0].start(), run[-1].end()
        words = [token[0].lower() for token in run]
        if (shared := _shares_scale(text, words, tokens[i : i + _LONGEST], end)) > 0:
            i += shared
            small = None
            continue
        before, after = text[max(0, start - _CONTEXT) : start], text[end : end + _CONTEXT]
        number = _read(words, before, after)
        figures, more = _with_unit(number, before, after) if number else ("", 0)
        if not figures:
            small = (start, end, number.figures) if number and number.figures != "1" else None
            continue
        if small and _alike(text[: small[0]], text[small[1] : start]):
            sign = figures[0] if figures[0] in _SIGNS.values() else ""
            done += text[at : small[0]] + sign + small[2]
            at = small[1]
        small = None
        done += text[at:start] + figures
        at = end + more
    return done + text[at:]


def _address(match: re.Match[str]) -> str:
    name, domain, user, provider, site = match.groups()
    spoken = site or f"{name or user}@{domain or provider}"
    spoken = re.sub(" dot ", ".", spoken, flags=re.IGNORECASE)
    return re.sub(" underscore ", "_", spoken, flags=re.IGNORECASE)


def _run(text: str, tokens: Sequence[re.Match[str]]) -> int:
    """Return how many of the first words are one run of numerals.

    It begins with "a" in "a hundred and fifty"; "and" and "point" are in it between numerals.
    """
    words: list[str] = []
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        words.append(token[0].lower())
        if following is None or text[token.end() : following.start()] not in (" ", "-"):
            break

    def numeral(n: int) -> bool:
        return n < len(words) and words[n] in NUMERALS

    first, second = words[0], words[1] if len(words) > 1 else ""
    a_hundred = first == "a" and second in ("hundred", *SCALES)
    n = 1 if a_hundred or (first == "point" and second in DIGITS) else 0
    if not numeral(n):
        return 0
    while True:
        if numeral(n):
            n += 1
        elif n < len(words) and words[n] == "point" and numeral(n + 1) and words[n + 1] in DIGITS:
            n += 2
        elif (
            n < len(words)
            and words[n] == "and"
            and words[n - 1] in ("hundred", *SCALES)
            and (below := _below_hundred_at(words, n + 1))
            and _one_number(words[n - 1], (words[n + 1 + below : n + 2 + below] or [""])[0])
        ):
            n += 1 + below
        else:
            return n


def _one_number(before: str, after: str) -> bool:
    """Whether "and" is inside a number, by the words before it and after the next tens.

    "One hundred and two hundred" are two numbers; "one hundred and two thousand" is one.
    """
    if after not in SCALES:
        return after != "hundred"
    return before == "hundred" or SCALES[before] > SCALES[after]


def _below_hundred_at(words: Sequence[str], n: int) -> int:
    """Return how many words from the nth on are a number below a hundred."""
    pair, one = words[n : n + 2], words[n : n + 1]
    if len(pair) == 2 and pair[0] in TENS and (pair[1] in ONES or ORDINALS.get(pair[1], 10) < 10):
        return 2
    return 1 if one and one[0] in BELOW_HUNDRED else 0


def _shares_scale(
    text: str, words: Sequence[str], tokens: Sequence[re.Match[str]], end: int
) -> int:
    """Return how many of the next words belong to "two or three hundred", where both are hundreds.

    end: of the run that the first words are.
    """
    if not tokens or tokens[0][0].lower() not in ("or", "to") or {"hundred", *SCALES} & {*words}:
        return 0
    count = _run(text, tokens[1:]) if text[end : tokens[0].start()] == " " else 0
    following = [token[0].lower() for token in tokens[1 : 1 + count]]
    return 1 + count if {"hundred", *SCALES} & {*following} else 0


def _alike(before: str, between: str) -> bool:
    """Whether a small number is written like the next one: "ten to fifteen", "5 or 6%"."""
    if _TO.fullmatch(between):
        return True
    return bool(_AND.fullmatch(between) and _BETWEEN.search(before))


def _with_unit(number: _Number, before: str, after: str) -> tuple[str, int]:
    """Return a number with its unit, or "" where it stays in words, and the unit's length."""
    if unit := _PERCENT.match(after):
        return number.figures + "%", unit.end()
    if unit := _MONEY.match(after):
        sign = _SIGNS[unit[1].lower()]
        cents = cardinal(re.split("[ -]", unit[2].lower())) if unit[2] else None
        if cents is not None and cents < 100 and number.figures.isdecimal():
            return f"{sign}{number.figures}.{cents:02}", unit.end()
        whole = unit.end() if not unit[2] else unit[0].lower().index(" and ")
        return sign + number.figures, whole
    if number.small and not _UNIT.match(after):
        return "", 0
    return number.figures, 0


def _read(words: list[str], before: str, after: str) -> _Number | None:
    """Return the number that a run of numerals is, if it is one."""
    if _DOLLAR_BEFORE.search(before) or _PLURAL.match(after):
        return None
    if words[0] == "point":
        # Not "at this point five percent ...".
        if not _PERCENT.match(after) or _THIS.search(before):
            return None
        words = ["zero", *words]
    if words[0] == "a":
        if len(words) == 2 and not _PERCENT.match(after):
            return None
        words = ["one", *words[1:]]
    if clock := _clock(words, before, after):
        return _Number(clock)
    if "point" in words:
        return _decimal(words)
    if all(word in DIGITS for word in words) and len(words) > 2:
        if words[0] == "oh" and len(words) == 3:
            return None
        return _Number("".join(str(DIGITS[word]) for word in words))
    if (value := cardinal(words)) is not None:
        return _Number(large(value), value <= _SMALL)
    if (in_halves := year_in_halves(words)) and not _PRICED.search(before):
        return _Number(in_halves)
    return _ordinal(words, before, after)


def _decimal(words: list[str]) -> _Number | None:
    scale = words.pop() if words[-1] in SCALES else ""
    n = words.index("point")
    whole = 0 if words[:n] == ["oh"] else cardinal(words[:n])
    fraction = words[n + 1 :]
    if whole is None or not all(word in DIGITS or word == "point" for word in fraction):
        return None
    digits = "".join("." if word == "point" else str(DIGITS[word]) for word in fraction)
    return _Number(f"{whole}.{digits} {scale}".rstrip())


def _clock(words: Sequence[str], before: str, after: str) -> str | None:
    """Return a time before "a.m." or "p.m.", or after "at" where nothing follows."""
    hour, minutes = below_hundred(words[:1]), words[1:]
    if not hour or not 1 <= hour <= 12:
        return None
    if not minutes:
        return str(hour) if _HALF_DAY.match(after) else None
    if len(minutes) == 2 and minutes[0] in ("oh", "zero"):
        minute = ONES.get(minutes[1])
    else:
        minute = below_hundred(minutes)
        minute = minute if minute and minute >= 10 else None
    if not minute or minute > LAST_MINUTE:
        return None
    if _HALF_DAY.match(after) or (
        # "At nine eleven" may be something else.
        minute % 5 == 0 and _AT.search(before) and _AFTER_CLOCK.match(after)
    ):
        return f"{hour}:{minute:02}"
    return None


def _ordinal(words: list[str], before: str, after: str) -> _Number | None:
    """Return an ordinal; after it there may be a year, or another number after a small one."""
    n = next((n for n, word in enumerate(words) if word in (*ORDINALS, *ORDINAL_TENS)), None)
    if n is None:
        return None
    value = ordinal_value(words[: n + 1])
    rest: str | None = ""
    if words[n + 1 :]:
        in_halves = year_in_halves(words[n + 1 :])
        number = cardinal(words[n + 1 :])
        rest = in_halves or (str(number) if number and number > _SMALL else None)
    if value is None or rest is None:
        return None
    tail = f" {rest}" if rest else ""
    if _dated(before, value, bool(rest)):
        return _Number(f"{value}{tail}")
    if value <= _SMALL_ORDINAL and not _MONTH_AFTER.match(after):
        return None if not rest or len(words) == n + 1 else _Number(f"{words[n]}{tail}")
    if words[n] == "second" and value > 20 and not _DETERMINER.search(before):
        return None  # A twenty second delay.
    if n == 0 and _ARTICLE.search(before):
        return None  # A twentieth of it.
    return _Number(f"{value}{suffix(value)}{tail}")


def _dated(before: str, day: int, year: bool) -> bool:
    """Whether an ordinal is the day of a month that stands before it."""
    month = _MONTH_BEFORE.search(before)
    if not month or day > 31:
        return False
    if month[2].lower() not in ("may", "march") or day > 3 or year:
        return True
    # "You may second that", "march first and then ...".
    word = month[1]
    return bool(word and (word.lower() in _BEFORE_DATES or month[2][0].isupper()))
