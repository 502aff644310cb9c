"""Figures that name and do not count: plates, IP addresses, versions, standards, stocks."""

from __future__ import annotations

import re

from liusheng.tts.text import numbers
from liusheng.tts.text.rules.patterns import FRESH, SIGN, Match, Rule, before, sign_words
from liusheng.tts.text.rules.words import SpokenWord, amount, digit_words, paused, plain, say, spell

_PROVINCE = "[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使]"


def _plate(match: Match) -> list[SpokenWord]:
    words = [SpokenWord(match[1]), *paused(spell(match[2]))]
    for part in re.findall(r"\d+|[A-Z]+|\S", match[3]):
        if part.isdecimal():
            words += digit_words(part, yao=True)
        else:
            words += spell(part) if part.isascii() else say(part)
    return words


def _ip(match: Match) -> list[SpokenWord]:
    """192.168.1.1:8080, 10.0.0.0/8"""
    first, *rest = match[1].split(".")
    words = digit_words(first)
    words += [SpokenWord("点" + numbers.digits(part), plain=True) for part in rest]
    if match[3]:
        return [*paused(words), *say("斜杠"), SpokenWord(numbers.cardinal(match[3]), plain=True)]
    return [*paused(words), *say("冒号"), *digit_words(match[2])] if match[2] else words


def _version(match: Match) -> list[SpokenWord]:
    """The first number is a number, the others are figures: v10.15.7 is 十点一五点七."""
    first, *rest = match["numbers"].split(".")
    words = spell("V") if match["v"] else []
    words.append(SpokenWord(numbers.cardinal(first), plain=True))
    return words + [SpokenWord("点" + numbers.digits(part), plain=True) for part in rest]


def _c_language(match: Match) -> list[SpokenWord]:
    if match[0] == "C#":
        return [SpokenWord("C sharp", "english")]
    year = [SpokenWord(numbers.cardinal(match[1]), plain=True)] if match[1] else []
    return [*spell("C"), *say("加加"), *year]


def _to_between_letters(match: Match) -> list[SpokenWord]:
    """B2B: the 2 is the English "to"; but not in H2O and N2O."""
    return [*spell(match[1]), SpokenWord("2", "fixed", pinyin=("tu4",)), *spell(match[2])]


def _pages(match: Match) -> list[SpokenWord]:
    """P12-15"""
    first, last = (SpokenWord(numbers.cardinal(number), plain=True) for number in match.groups())
    return [*spell("P"), first, *say("到"), last]


def _page(match: Match) -> list[SpokenWord]:
    """p.35"""
    return [*spell("P"), SpokenWord(numbers.cardinal(match[1]), plain=True)]


def _seven_eleven(_: Match) -> list[SpokenWord]:
    return [SpokenWord("七", plain=True), SpokenWord("十一", plain=True)]


def _house(match: Match) -> list[SpokenWord] | None:
    """The number 3 on a plot; two that rise may be a range, where no 门牌 is named."""
    if int(match[1]) < int(match[2]) and not re.search("门牌号?$", before(match)):
        return None
    return [*plain(amount(match[1])), *say("杠"), *plain(amount(match[2]))]


def _year_to_fill_in(match: Match) -> list[SpokenWord] | None:
    if len(match[1]) + len(match[2]) != 4:
        return None
    return [*digit_words(match[1]), *spell("X" * len(match[2]))]


def _ordinal(match: Match) -> list[SpokenWord]:
    """No.5"""
    return [SpokenWord("number " + match[1], "english")]


def _standard(match: Match) -> list[SpokenWord]:
    """GB/T 15109-2021, ISO 9001: the standard's letters, then figures."""
    first, *rest = re.findall(r"\d+", match[2] or match[4])
    words = [*spell(re.sub("[^A-Za-z]", "", match[1] or match[3])), *digit_words(first)]
    for part in rest:
        words = [*paused(words), *digit_words(part)]
    return words


def _wireless(match: Match) -> list[SpokenWord]:
    """802.11ax, 802.11a/b/g/n"""
    words = [*digit_words(match[1]), SpokenWord("点" + numbers.digits(match[2]), plain=True)]
    for letters in re.findall("[a-z]+", match[3]):
        words += spell(letters)
    return words


def _numbered(match: Match) -> list[SpokenWord]:
    """第2024-001号"""
    return [*paused(digit_words(match[1])), *digit_words(match[2])]


def _aircraft(match: Match) -> list[SpokenWord]:
    """波音737-800"""
    return [*digit_words(match[1]), *amount(match[2])]


def _grade(match: Match) -> list[SpokenWord]:
    """A+, B-"""
    return [*spell(match[1]), *say("加" if match[2] == "+" else "减")]


def _around_the_clock(_: Match) -> list[SpokenWord]:
    return [SpokenWord("二十四"), *paused(say("小时")), SpokenWord("七天")]


def _dot_net(_: Match) -> list[SpokenWord]:
    return [SpokenWord("dot NET", "english")]


def _stock(match: Match) -> list[SpokenWord]:
    return digit_words(match[1])


def _universities(match: Match) -> list[SpokenWord]:
    """985/211"""
    return [*digit_words(match[1]), *digit_words(match[2])]


def _scientific(match: Match) -> list[SpokenWord]:
    """1e-5, 6.02e+23"""
    sign, number, exponent_sign, exponent = match.groups()
    words = [*sign_words(sign), *plain(amount(number)), *spell("E")]
    return [*words, *(say("负") if exponent_sign == "-" else []), *plain(amount(exponent))]


RULES: list[Rule] = [
    (
        re.compile(
            rf"{FRESH}(?<![A-Za-z])(?:({SIGN})?(\d+(?:\.\d+)?))[eE]([+-])(\d{{1,3}})(?![\dA-Za-z]|\.\d)"
        ),
        _scientific,
    ),
    (
        re.compile(
            rf"({_PROVINCE})([A-HJ-Z])[·. ]?([A-Z0-9]{{5,6}}|[A-Z0-9]{{4}}[港澳学警领挂])"
            "(?![A-Za-z0-9])"
        ),
        _plate,
    ),
    (
        re.compile(
            rf"{FRESH}(\d{{1,3}}(?:\.\d{{1,3}}){{3}})(?::(\d{{1,5}})|/(\d{{1,2}}))?(?![\d.]\d|\d)"
        ),
        _ip,
    ),
    (
        re.compile(r"(?<![A-Za-z\d.])(?P<v>[vV])\.? ?(?P<numbers>\d+(?:\.\d+){0,4})(?!\d)"),
        _version,
    ),
    (re.compile(rf"{FRESH}(?P<v>)(?P<numbers>\d+(?:\.\d+){{2,4}})(?!\d)"), _version),
    (
        re.compile(r"(?<![A-Za-z])C(?:\+\+ ?((?:98|03|1[147]|2[036])(?!\d))?|#)(?![A-Za-z0-9])"),
        _c_language,
    ),
    (re.compile(r"(?<![A-Za-z0-9])([A-GI-MO-Z])2([A-Z])(?![A-Za-z0-9])"), _to_between_letters),
    (re.compile(r"(?<![A-Za-z])[Pp]{1,2}\.? ?(\d{1,4})[-~](\d{1,4})(?![\d-])"), _pages),
    (re.compile(r"(?<![A-Za-z])[Pp]{1,2}\. ?(\d{1,4})(?!\d|\.\d)"), _page),
    # 7-11便利店, 去7-11买水
    (
        re.compile(
            r"(?<![\d.-])7-?11(?=便利|门店|连锁|超市|店|买|里)|(?<=[去在家])7-11(?![\d.-]|[岁月日点号天年名个元%])"
        ),
        _seven_eleven,
    ),
    # 门牌号12-3号, 中山路12-3号
    (
        re.compile(
            r"(?:(?<=门牌)|(?<=门牌号)|(?<=[路街巷弄里园村屯组]))(\d{1,4})-(\d{1,4})(?=号(?!线)|室|$|[，。；])"
        ),
        _house,
    ),
    # 20XX年, 201X年
    (re.compile(rf"{FRESH}((?:19|20)\d?)([Xx×*]{{1,2}})(?=年)"), _year_to_fill_in),
    (re.compile(r"(?<![A-Za-z])(?:No|NO(?![23](?!\d))|no)\.? ?(\d{1,4})(?![\d.])"), _ordinal),
    (
        re.compile(
            r"(?<![A-Za-z])((?:GB|DB\d*|YY|JB|HJ|QB|SJ|YD|GA|JT|NY|SN|TB|CJ|JG)(?:/[TZ])?"
            r"|ISO(?:/IEC)?(?= ?\d{4})|IEC|IEEE)"
            r"[ -]?(\d{3,6}(?:\.\d{1,2})?(?:-\d{4})?)(?![\d.]\d)"
            r"|(?<![A-Za-z])(EN|DIN|JIS|UL|ANSI|ASTM|FIPS) ?(\d{2,6}(?:-\d{1,4})*)(?![\d.])"
        ),
        _standard,
    ),
    (
        re.compile(
            r"(?<![\d.])(802)\.(\d{1,2})([a-z]{0,2}(?:(?<=[a-z])/[a-z]{1,2})*)(?![\dA-Za-z.])"
        ),
        _wireless,
    ),
    (re.compile(r"(?<![A-Za-z\d])([A-FS])([+-])(?=[\s，。、；)）级评等]|$)(?! ?\d)"), _grade),
    (re.compile(r"(?<![\d/.])24[/x×]7(?![\d/.]|\s?=)"), _around_the_clock),
    (re.compile(r"(?<=[（(])([036]\d{5})(?=[）)])"), _stock),
    # Funds and bonds: ETF(510300), 转债（113050）
    (
        re.compile(
            r"(?:(?<=ETF[（( ])|(?<=LOF[（( ])"
            r"|(?<=REIT[（(])|(?<=(?:基金|转债|股份|指数|联接|混合|债券)[（(]))"
            r"(\d{5,6})(?=[）)\s]|$)"
        ),
        _stock,
    ),
    (re.compile(r"(?:(?<=波音)|(?<=空客))(\d{3})-(\d{3})(?!\d)"), _aircraft),
    (re.compile(r"(?<=第)((?:19|20)\d\d)-(\d{1,6})(?=号)"), _numbered),
    (re.compile(rf"{FRESH}(985|211)/(985|211)(?!\d)"), _universities),
    (re.compile(r"(?<![A-Za-z0-9.])\.NET(?![A-Za-z])"), _dot_net),
    (re.compile(rf"{FRESH}(\d{{4,6}})\.(?=(?:SH|SZ|BJ|HK)(?![A-Za-z]))"), _stock),
]
