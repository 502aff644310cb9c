"""The rules for figures in English text: a pattern, and the words it is read as.

The English voices' own front end (hibari-tts) reads dates, times, ordinals, years and plain
amounts. It leaves out zeros that begin or end a number, decimal points beside a letter or a
hyphen, and what joins two numbers at the end of a sentence. These are written out here; what they
read rightly stays. A handler that returns None gives the next rule its turn.
"""

from __future__ import annotations

import re
from collections.abc import Callable

Match = re.Match[str]
EnglishRule = tuple[re.Pattern[str], Callable[[Match], "str | None"]]

NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?"

MONTHS = {
    "Jan": "January", "Feb": "February", "Mar": "March", "Apr": "April", "May": "May",
    "Jun": "June", "Jul": "July", "Aug": "August", "Sep": "September", "Sept": "September",
    "Oct": "October", "Nov": "November", "Dec": "December",
}  # fmt: skip
_MONTH_NAMES = tuple(dict.fromkeys(MONTHS.values()))
_MONTH = "|".join((*_MONTH_NAMES, *MONTHS))

_ALONE = r"(?<![\w.,:/$£€+-])"
"""Before a number that is not the rest of something longer."""
_WHOLE = r"(?![\w-]|[.,:/]\d)"
"""After such a number."""
_DASH = r"(?: [-–] |[-–])"

_SCALES = {
    "k": "thousand", "m": "million", "mn": "million", "b": "billion", "bn": "billion",
    "t": "trillion", "tn": "trillion",
}  # fmt: skip
_SCALE_WORDS = "thousand|million|billion|trillion"
_COUNTED = (
    "people|users|customers|views|followers|subscribers|downloads|homes|households|jobs|visitors|"
    "students|workers|votes|tonnes|tons|barrels|copies|units|shares|dollars|pounds|euros|"
    "passengers|residents|vehicles|cars|tourists|viewers"
)
_CURRENCIES = {
    "$": "dollar", "£": "pound", "€": "euro", "US$": "US dollar", "A$": "Australian dollar",
    "AU$": "Australian dollar", "C$": "Canadian dollar", "CA$": "Canadian dollar",
    "HK$": "Hong Kong dollar", "NZ$": "New Zealand dollar", "S$": "Singapore dollar",
    "USD": "dollar", "GBP": "pound", "EUR": "euro",
}  # fmt: skip
_CURRENCY = r"(?:US|AU?|CA?|HK|NZ|S)?\$|[£€]|(?:USD|GBP|EUR)(?= ?\d)"

_IS_CODE = re.compile(
    # Not "I want to pin 2000 photos".
    r"\b(?:(?<!\bI )(?<!\b(?:to|we) )(?<!\b(?:you|can) )(?<!\b(?:they|will) )(?:code|pin|zip)|"
    r"passcode|password|OTP|postcode|ID|"
    r"(?:account|order|invoice|ticket|tracking|reference|confirmation|serial|case|policy|claim|"
    r"customer|membership|card|phone|telephone|tel|fax|mobile)(?: (?:number|no\.|code|ID))"
    r")(?: (?:is|was|of))?[:#]? ?#?$",
    re.IGNORECASE,
)
_IN_PAIRS = ("20", "50")
"""Of 20/20 sight and a chance of 50/50."""
_RATED = re.compile(
    r"\b(?:rate[ds]?|scored?|scores|gave|give[ns]?|got|gets?|rating(?: of| is|:)?)"
    r"(?: (?:it|him|her|them|this|that|a|an|us|me|at))* $",
    re.IGNORECASE,
)
_STARS = re.compile(r" (?:stars?|points?|marks?|rating)\b", re.IGNORECASE)
_IS_DIALLED = re.compile(
    r"\b(?:area code|ext\.?|extension|dial|call|ring|phone)(?: (?:is|on))?:? ?$",
    re.IGNORECASE,
)
_EMERGENCY = frozenset("000 101 111 112 211 311 411 511 611 711 811 911 988 999".split())
_IS_VERSION = re.compile(
    r"\b(?:[vV]|(?:versions?|releases?|sections?|chapters?|figures?|clauses?|python|ios|ipados|"
    r"macos|android|ubuntu|debian|fedora|linux|kernel|node(?:\.js)?|java|php|ruby|rust|go|chrome|"
    r"firefox|django|kubernetes|windows) ?(?:[\d.]+,? (?:and |or |to )?)?)$",
    re.IGNORECASE,
)
_IS_MODEL = re.compile(r"\b(?:Boeing|Airbus|model)\b[^.]{0,12} $")
_ONE = re.compile(r"\b[Aa]n? $")
_NOUN = re.compile(r" [a-z]")
_FRACTIONS = {
    2: "half", 3: "third", 4: "quarter", 5: "fifth", 6: "sixth", 7: "seventh", 8: "eighth",
    9: "ninth", 10: "tenth",
}  # fmt: skip


def spelt(digits: str) -> str:
    """ "0042" → "0 0 4 2": the voices read each digit that stands alone."""
    return " ".join(digits)


def cardinal(number: str) -> str:
    """Four digits without a comma are a year for the voices: 1905 → 1,905."""
    return f"{number[0]},{number[1:]}" if re.fullmatch("[1-9]\\d{3}", number) else number


def decimal(number: str) -> str:
    """ "3.50" → "3 point 5 0", ".5" → "point 5"."""
    whole, _, part = number.partition(".")
    return f"{cardinal(whole)} point {spelt(part)}".strip()


def said(number: str) -> str:
    """A number that stands alone; the voices read "3.5", and of "3.50" as much."""
    return decimal(number) if re.fullmatch(r"\..+|.*\..*0", number) else number


def _before(match: Match) -> str:
    return match.string[max(0, match.start() - 40) : match.start()]


def _after(match: Match) -> str:
    return match.string[match.end() : match.end() + 40]


def _ordinal(day: str) -> str:
    number = int(day)
    suffix = {1: "st", 2: "nd", 3: "rd"}.get(0 if 10 < number < 20 else number % 10, "th")
    return f"{number}{suffix}"


def _groups(match: Match) -> str:
    """+1 (555) 123-4567, 0800 123 456, 4111 1111 1111 1111: a pause after each group."""
    groups = re.findall(r"\d+|X", match[0])
    spoken = [spelt(group) for group in groups]
    if match[0].startswith("+") and len(groups) > 1:
        spoken[0] = f"plus {groups[0]}"
    elif match[0].startswith("+"):
        spoken[0] = f"plus {spoken[0]}"
    return ", ".join(spoken)


def _local_phone(match: Match) -> str | None:
    """555-0199, but not 500-1000."""
    exchange, line = match.groups()
    if exchange.endswith("0") and line.endswith("00") and line[0] != "0":
        return None
    return _groups(match)


def _long(match: Match) -> str | None:
    """Ten digits or more without commas: a telephone's or an account's, unless they are round."""
    digits = match[0]
    if digits.endswith("000000"):
        return None
    if len(digits) == 10:
        parts = [digits[:3], digits[3:6], digits[6:]]
    elif len(digits) == 11 and digits[0] == "1":
        parts = [digits[0], digits[1:4], digits[4:7], digits[7:]]
    else:
        parts = [digits[i : i + 4] for i in range(0, len(digits), 4)]
    return ", ".join(map(spelt, parts))


def _code(match: Match) -> str | None:
    """code 4821, ext. 204, call 911"""
    digits, before = match[0], _before(match)
    dialled = _IS_DIALLED.search(before)
    if dialled and (digits in _EMERGENCY or not _called(dialled)):
        return spelt(digits)
    return spelt(digits) if len(digits) > 3 and _IS_CODE.search(before) else None


def _called(dialled: Match) -> bool:
    return dialled[0].lower().startswith(("call", "ring", "phone"))


def _money(match: Match) -> str | None:
    """$2.3bn, £4m, US$5, $5-10, a $20 bill, -$5"""
    minus, sign, number, second, word, letter, dash = match.groups()
    scale = word or letter
    if second and not scale and ("." in number or "." in second):
        read = f"{_amount(number, sign)} to {_amount(second, sign)}"
    elif second or scale:
        upto = f"{_counted(number)} to {_counted(second)}" if second else _counted(number)
        words = [upto, _SCALES.get((scale or "").lower(), scale), _coin(match, sign, plural=True)]
        read = " ".join(filter(None, words))
    elif "." not in number and _one_of(match):
        read = f"{_counted(number)} {_coin(match, sign, plural=False)}"
    elif sign in "$£€" and re.fullmatch(r"\d[\d,]*(?:\.\d\d)?", number):
        if not (minus or dash):
            return None  # the voices read it
        read = f"{sign}{number}"
    else:
        read = _amount(number, sign)
    return f"{'minus ' if minus else ''}{read}{' to' if dash else ''}"


def _counted(number: str) -> str:
    return said(number) if "." in number else cardinal(number)


def _one_of(match: Match) -> bool:
    """Whether the amount stands before its noun: a $20 bill."""
    return bool(_ONE.search(_before(match)) and _NOUN.match(_after(match)))


def _coin(match: Match, sign: str, *, plural: bool) -> str:
    return _CURRENCIES[sign] + ("s" if plural and not _one_of(match) else "")


def _amount(number: str, sign: str) -> str:
    """ "3.5" → "3 dollars and 50 cents"."""
    name = _CURRENCIES[sign]
    whole, _, part = number.partition(".")
    if len(part) > 2:
        return f"{said(number)} {name}s"
    cents = int(part.ljust(2, "0") or "0")
    major = f"{cardinal(whole)} {name}{'' if whole == '1' else 's'}"
    minor = "pence" if name == "pound" else "cent" if cents == 1 else "cents"
    if not cents:
        return major
    return f"{major} and {cents} {minor}" if whole.strip("0") else f"{cents} {minor}"


def _scaled(match: Match) -> str:
    """2.3bn, 1.5M, 4m people"""
    return f"{_counted(match[1])} {_SCALES[match[2].lower()]}"


def _range(match: Match) -> str | None:
    """3-5, 10%-20%, 1998-2003; 10 - 3 in an equation, 737-800"""
    first, suffix, second = match.groups()
    if re.fullmatch(r"0\d", second) and len(first) == 4:
        return None  # 2024-05
    read = said(first) + (suffix or "")
    if _IS_MODEL.search(_before(match)) or (first == second and not suffix):
        return read
    if re.match(r"[\d.,]+ ?=", _after(match)) or _before(match).endswith("= "):
        return f"{read} minus"
    return f"{read} to"


def _hours(match: Match) -> str:
    """9:00-17:30, 9am-5pm"""
    return f"{match[1]} to"


def _days(match: Match) -> str:
    """May 5-7"""
    return f"{MONTHS.get(match[1], match[1])} {match[2]} to {_ordinal(match[3])}"


def _date(match: Match) -> str | None:
    """25.12.2024"""
    day, month = int(match[1]), int(match[2])
    if not (1 <= day <= 31 and 1 <= month <= 12):
        return None
    return f"{day} {_MONTH_NAMES[month - 1]} {match[3]}"


def _is_rating(match: Match) -> bool:
    over, under = match.groups()
    if over == under:
        return over not in _IN_PAIRS
    before, after = match.string[: match.start()], match.string[match.end() :]
    return bool(_RATED.search(before) or _STARS.match(after))


def _slash(match: Match) -> str | None:
    """7/8, 50/50, 120/80, 4.5/5, "rated 4/5"; 9/11 is a date"""
    over, under = match.groups()
    if "." in over or _is_rating(match):
        return f"{said(over)} out of {under}"
    if over == under:
        return f"{over} {under}"
    a, b = int(over), int(under)
    if 0 < a < b <= 10:
        name = _FRACTIONS[b]
        if b == 2:
            return "one half"
        return f"{a} {name}{'' if a == 1 else 's'}"
    if 1 <= a <= 12 and 1 <= b <= 31:
        return f"{_MONTH_NAMES[a - 1]} {_ordinal(under)}"
    return f"{over} over {under}" if len(over) > 1 and len(under) > 1 else None


def _internet(match: Match) -> str | None:
    """192.168.0.1, 10.0.0.1:8080"""
    numbers = match[1].split(".")
    if any(int(number) > 255 for number in numbers):
        return None
    read = " dot ".join(numbers)
    return f"{read} colon {spelt(match[2])}" if match[2] else read


def _version(match: Match) -> str:
    """2.0.1, v24.04.2"""
    parts = [spelt(part) if part[0] == "0" else part for part in match[2].split(".")]
    return f"{match[1]} {' point '.join(parts)}".strip()


def _decimal(match: Match) -> str | None:
    """3.50, GPT-4.5, 1.5x; version 3.10"""
    hyphen, whole, part, after = match.groups()
    before, following = _before(match)[-1:], _after(match)[:1]
    attached = before.isalpha() or after == "-" or following.isalpha() or following in ("/", "-")
    if len(part) == 2 and part[0] != "0" and _IS_VERSION.search(_before(match)):
        return f"{whole} point {part}"
    if not (attached or part.endswith("0")):
        return None
    minus = "minus" if hyphen and not before.isalpha() else ""
    percent = "percent" if after == "%" else ""
    return f"{minus} {decimal(f'{whole}.{part}')} {percent}".strip()


def _by(match: Match) -> str:
    """10x20 cm, 3 x 4 = 12"""
    return "times" if "=" in match.string else "by"


def _rule(pattern: str, handler: Callable[[Match], str | None]) -> EnglishRule:
    return re.compile(pattern), handler


FIGURES: list[EnglishRule] = [
    # Telephones, cards, and other numbers in groups: the longer ones first.
    _rule(rf"{_ALONE}\d{{4}}([ -])\d{{4}}\1\d{{4}}(?:\1\d{{1,4}}){{0,2}}{_WHOLE}", _groups),
    _rule(rf"{_ALONE}\d{{4}}([ -])\d{{6}}\1\d{{5}}{_WHOLE}", _groups),
    _rule(rf"{_ALONE}(?:97[89]-)?\d{{1,5}}-\d{{2,7}}-\d{{2,7}}-[\dX]{_WHOLE}", _groups),
    _rule(
        rf"(?<![\w.,-])(?:\+?\d{{1,3}}[ .-])?(?:\(\d{{3}}\) ?|\d{{3}}[ .-])"
        rf"\d{{3}}[ .-]\d{{4}}{_WHOLE}",
        _groups,
    ),
    _rule(
        r"(?<![\w.,+])\+\d{1,3}(?:[ .-]?\(\d{1,4}\)[ .-]?|[ .-])\d{1,5}(?:[ .-]\d{2,5}){1,4}"
        rf"{_WHOLE}",
        _groups,
    ),
    _rule(rf"(?<![\w.,+])\+\d{{8,15}}{_WHOLE}", _groups),
    _rule(rf"{_ALONE}(?:\(0\d{{2,4}}\) ?|0\d{{2,4}}[ -])\d{{3,4}}(?:[ -]\d{{3,4}}){{0,2}}{_WHOLE}",
          _groups),
    _rule(rf"{_ALONE}(?:\d{{3}}-\d{{2}}-\d{{4}}|\d{{5}}-\d{{4}}){_WHOLE}", _groups),
    _rule(rf"{_ALONE}(\d{{3}})-(\d{{4}}){_WHOLE}", _local_phone),
    _rule(rf"{_ALONE}\d{{10,}}{_WHOLE}", _long),
    _rule(rf"(?<![\w.,:/$£€-])\d{{3,9}}{_WHOLE}", _code),
    # A zero that begins a number; those of times, dates and ordinals are the voices'.
    _rule(
        rf"(?<![\d.,:/$£€])(?<!\d-)0\d+(?![\d:]|[.,/-]\d|st|nd|rd|th|s\b| ?[ap]\.?m\b"
        rf"| (?:of )?(?:{_MONTH})\b)",
        lambda m: spelt(m[0]),
    ),
    _rule(r"(?<![\w.,])\d{1,3}(?: 000)+(?!\d)", lambda m: m[0].replace(" ", "")),
    _rule(
        rf"(?:(?<![\w.)])(-))?(?<!\w)({_CURRENCY}) ?({NUMBER}|\.\d+)"
        rf"(?:{_DASH}(?:{_CURRENCY})?({NUMBER}))?"
        rf"(?:[ -]?(bn|mn|tn|{_SCALE_WORDS})|([kKmMbBT]))?(?![\d.,]*\d|[A-Za-z])"
        rf"({_DASH}(?={_CURRENCY}|\d))?",
        _money,
    ),
    _rule(rf"(?<![\w.,$£€])({NUMBER}) ?(bn|mn|tn)(?!\w)", _scaled),
    _rule(r"(?<![\w.,$£€])(\d+\.\d+)([kKMBT])(?!\w)", _scaled),
    _rule(rf"(?<![\w.,$£€])({NUMBER})(m)(?= (?:{_COUNTED})\b)", _scaled),
    # Dates and times that the voices do not read.
    _rule(r"(?<![\w.])(\d{1,2})\.(\d{1,2})\.((?:19|20)\d\d)(?!\w|\.\d)", _date),
    _rule(
        r"(?<![\w/])((?:19|20)\d\d)/(\d{1,2})/(\d{1,2})(?![\w/])",
        lambda m: f"{m[1]}-{m[2]:>02}-{m[3]:>02}",  # as the voices take it
    ),
    _rule(
        r"(?<![\w.])(\d{1,2})\.([0-5]\d) ?([ap])\.?m\b", lambda m: f"{m[1]}:{m[2]} {m[3]}m"
    ),
    _rule(rf"\b({_MONTH})\.? (\d{{1,2}})[-–](\d{{1,2}})(?![\w:%-]|\.\d)", _days),
    _rule(
        rf"(?<![\w.:])(\d{{1,2}}(?::\d\d ?(?:[ap]\.?m\.?)?| ?[ap]\.?m\.?)){_DASH}(?=\d)",
        _hours,
    ),
    _rule(
        rf"(?<![\w.:])(\d{{1,2}}){_DASH}(?=\d{{1,2}}(?::\d\d|(?::\d\d)? ?[ap]\.?m\b))", _hours
    ),
    # What joins two numbers.
    _rule(r"(?<![\w./])24[/-]7(?![\w/])", lambda _: "24 7"),
    _rule(
        rf"{_ALONE}({NUMBER})(st|nd|rd|th|s|%|°)?{_DASH}"
        rf"(?=({NUMBER})(?![\d,.]*[-–/:]\d|[\d,.]*\d))",
        _range,
    ),
    _rule(r"(?<![\w.:])(\d{1,2}(?:\.\d+)?):(\d)(?![\d:])", lambda m: f"{said(m[1])} to {m[2]}"),
    _rule(r"(?<![\w.,])\d{1,2}(?:,\d{1,2})+(?![\d,.]*\d)", lambda m: m[0].replace(",", ", ")),
    _rule(r"(?<=\d) / (?=\d)", lambda _: "divided by"),
    _rule(r"(?:(?<=\d)|(?<=\dm)|(?<=\d [cm]m)|(?<=\d[cm]m))(?<!\b0) ?x ?(?=\d)", _by),
    _rule(r"(?<![\w./-])(\d{1,3})/(\d{1,3})(?![\w/-]|\.\d)", _slash),
    _rule(r"(?<![\w./-])(\d+\.\d+)/(\d{1,3})(?![\w/-]|\.\d)", _slash),
    _rule(r"(?<![\w.])(\d{1,3}(?:\.\d{1,3}){3})(?::(\d{1,5}))?(?!\w|\.\d)", _internet),
    _rule(r"(?<![\w.])([vV]?)(\d+(?:\.\d+){2,4})(?!\w)", _version),
]  # fmt: skip

DECIMALS: list[EnglishRule] = [
    # After the units: what has one is theirs.
    _rule(
        r"(?:(?<![\d.,)])(-))?(?<![\d.,$£€¥₹])(\d+(?:,\d{3})*)\.(\d+)(?!\.?\d)(-(?=[A-Za-z])|%)?",
        _decimal,
    ),
]
