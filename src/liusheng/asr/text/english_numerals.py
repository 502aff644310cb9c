"""English numerals: the words, and the values of their combinations."""

from __future__ import annotations

from collections.abc import Sequence

ONES = dict(zip("one two three four five six seven eight nine".split(), range(1, 10), strict=True))
_TEENS = dict(
    zip(
        "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(),
        range(10, 20),
        strict=True,
    )
)
TENS = dict(
    zip(
        "twenty thirty forty fifty sixty seventy eighty ninety".split(),
        range(20, 100, 10),
        strict=True,
    )
)
SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
DIGITS = {"zero": 0, "oh": 0, **ONES}
DECADES = {f"{word[:-1]}ies": value for word, value in TENS.items()}
ORDINALS = dict(
    zip(
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth "
        "thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth".split(),
        range(1, 20),
        strict=True,
    )
)
ORDINAL_TENS = {f"{word[:-1]}ieth": value for word, value in TENS.items()}
BELOW_HUNDRED = {**ONES, **_TEENS, **TENS, **ORDINALS, **ORDINAL_TENS}
NUMERALS = {"zero", "oh", "hundred", *SCALES, *DECADES, *BELOW_HUNDRED}
LAST_MINUTE = 59
"""Of an hour: two numbers from 10 up to it may be a time of day."""


def cardinal(words: Sequence[str]) -> int | None:
    """Return what the words are together, if that is one number; "and" may be among them."""
    rest = [word for word in words if word != "and"]
    if rest == ["zero"]:
        return 0
    total = 0
    limit = 10**15
    while rest:
        n = next((n for n, word in enumerate(rest) if word in SCALES), len(rest))
        scale = SCALES[rest[n]] if n < len(rest) else 1
        value = _below_thousand(rest[:n])
        if value is None or scale >= limit:
            return None
        total += value * scale
        limit = scale
        rest = rest[n + 1 :]
    return total


def _below_thousand(words: Sequence[str]) -> int | None:
    """Also "twenty five hundred", as a price or a year is said."""
    if "hundred" not in words:
        return below_hundred(words)
    n = words.index("hundred")
    hundreds = below_hundred(words[:n])
    rest = below_hundred(words[n + 1 :]) if words[n + 1 :] else 0
    if hundreds is None or rest is None or hundreds in (10, *TENS.values()):
        return None
    return hundreds * 100 + rest


def below_hundred(words: Sequence[str]) -> int | None:
    """Return the value of one or two words, if it is from 1 to 99."""
    if len(words) == 1:
        return ONES.get(words[0]) or _TEENS.get(words[0]) or TENS.get(words[0])
    if len(words) == 2 and words[0] in TENS and words[1] in ONES:
        return TENS[words[0]] + ONES[words[1]]
    return None


def year_in_halves(words: Sequence[str]) -> str | None:
    """Return a year in its two halves, as figures, unless it may be a time of day."""
    century, rest = below_hundred(words[:1]), words[1:]
    if not century or not 10 <= century <= 20 or not rest:
        return None
    if rest[0] == "oh" and len(rest) == 2 and rest[1] in ONES:
        return f"{century}0{ONES[rest[1]]}" if century >= 16 else None
    if len(rest) == 1 and rest[0] in DECADES:
        return f"{century}{DECADES[rest[0]]}s" if century >= 16 else None
    year = below_hundred(rest)
    if not year or year < 10 or (century < 16 and year <= LAST_MINUTE):
        return None
    return f"{century}{year}"


def ordinal_value(words: Sequence[str]) -> int | None:
    """Return the value of words of which the last is an ordinal; None if they are no ordinal."""
    *head, last = words
    value = ORDINALS.get(last) or ORDINAL_TENS[last]
    if not head:
        return value
    if head[-1] in TENS and value < 10:
        value += TENS[head[-1]]
        head = head[:-1]
    if not head:
        return value
    # Without "and" it is a fraction: two hundred fifths.
    if head[-1] != "and":
        return None
    hundreds = cardinal(head)
    return None if hundreds is None else hundreds + value


def large(value: int) -> str:
    """Return a number: "2 million" where nothing follows the million, else in figures."""
    for word, scale in reversed(SCALES.items()):
        if value >= scale >= 10**6 and value % scale == 0 and value // scale < 1000:
            return f"{value // scale} {word}"
    return str(value)


def suffix(value: int) -> str:
    """Return what an ordinal in figures ends with."""
    if value % 100 in (11, 12, 13):
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
