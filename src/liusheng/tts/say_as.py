"""The SSML elements `say-as` and `phoneme`: content to spoken words."""

from __future__ import annotations

import re

from liusheng.han import is_han
from liusheng.tts.text import numbers
from liusheng.tts.text.clean import clean
from liusheng.tts.text.growing import Reading
from liusheng.tts.text.lexicon import LexiconError, word_of
from liusheng.tts.text.rules.words import SpokenWord, amount, digit_words, paused, say, spell

_DATE_PARTS = {"y": "年", "m": "月", "d": "日"}
_ALPHABETS = ("pinyin",)


class ReadingError(ValueError):
    """The content cannot be read as requested; the message says why."""


def say_as(text: str, kind: str, form: str = "") -> Reading:
    """The reading of `text` as this `kind` of expression.

    kind: "cardinal" or "number", "digits", "characters" or "spell-out", "telephone", "date" (form:
        the order of y, m and d) or "time".

    Raises:
        ReadingError: the kind is not supported, or the text is not of this kind.
    """
    plain = clean(text, 0, len(text)).text.strip()
    if kind in {"cardinal", "number"}:
        return Reading(_cardinal(plain), text)
    if kind in {"digits", "characters", "spell-out"}:
        return _characters(plain)
    if kind == "telephone":
        return _telephone(plain)
    if kind == "date":
        return Reading(_date(plain, form or "ymd"[: len(re.findall(r"\d+", plain))]), text)
    if kind == "time":
        return Reading(_time(plain), text)
    raise ReadingError(
        f'interpret-as="{kind}" is not known; there are cardinal, digits, characters, telephone, '
        "date and time"
    )


def phoneme(text: str, alphabet: str, syllables: str) -> Reading:
    """The reading of `text` with given syllables.

    alphabet: "pinyin".
    syllables: pinyin with tone digits, separated by spaces.

    Raises:
        ReadingError: the alphabet is not supported, or the syllables are not pinyin for the text.
    """
    if alphabet not in _ALPHABETS:
        raise ReadingError(f'alphabet="{alphabet}" is not known; there is pinyin')
    plain = clean(text, 0, len(text)).text
    try:
        word, pinyin = word_of([plain, *syllables.split()])
    except LexiconError as error:
        raise ReadingError(str(error)) from None
    return Reading((SpokenWord(word, "fixed", pinyin=pinyin),), text)


def _cardinal(text: str) -> tuple[SpokenWord, ...]:
    match = re.fullmatch(r"([+-]?)(\d+(?:,\d{3})*(?:\.\d+)?)", text.replace(" ", ""))
    if match is None:
        raise ReadingError(f"{text!r} is not a number")
    sign = "负" if match[1] == "-" else ""
    return (*say(sign), *amount(match[2].replace(",", "")))


def _characters(text: str) -> Reading:
    words: list[SpokenWord] = []
    for part in re.findall(r"\d+|[A-Za-z]+|[^\W\d_A-Za-z]", text):
        if part.isdecimal():
            words += digit_words(part)
        elif part.isascii():
            words += spell(part)
        elif is_han(part):
            words += say(part)
    if not words:
        raise ReadingError(f"{text!r} has no characters that can be read")
    return Reading(tuple(words), " ".join(re.findall(r"\w", text)))


def _telephone(text: str) -> Reading:
    groups = re.findall(r"\d+", text)
    if not groups:
        raise ReadingError(f"{text!r} has no figures in it")
    if len(groups) == 1 and re.fullmatch(r"1\d{10}", groups[0]):
        groups = [groups[0][:3], groups[0][3:7], groups[0][7:]]
    words = say("加") if text.lstrip().startswith("+") else []
    for i, group in enumerate(groups):
        read = digit_words(group, yao=True)
        words += read if i + 1 == len(groups) else paused(read)
    return Reading(tuple(words), ", ".join(" ".join(group) for group in groups))


def _date(text: str, form: str) -> tuple[SpokenWord, ...]:
    parts = re.findall(r"\d+", text)
    if not set(form) <= set(_DATE_PARTS) or len(set(form)) != len(form):
        raise ReadingError(f'format="{form}" is no order of y, m and d, such as "ymd" or "md"')
    if len(parts) != len(form):
        raise ReadingError(f'{text!r} is not a date of the format "{form}"')
    found = dict(zip(form, parts, strict=True))
    words: list[SpokenWord] = []
    for part, unit in _DATE_PARTS.items():
        if part == "y" and part in found:
            words += [SpokenWord(numbers.digits(found[part]) + unit, plain=True)]
        elif part in found:
            if not 1 <= int(found[part]) <= (12 if part == "m" else 31):
                raise ReadingError(f"{text!r} is not a date: there is no {found[part]}{unit}")
            words += [SpokenWord(numbers.cardinal(found[part]) + unit, plain=True)]
    return tuple(words)


def _time(text: str) -> tuple[SpokenWord, ...]:
    match = re.fullmatch(
        r"(\d{1,2}):(\d{2})(?::(\d{2}))?\s*([ap])?\.?(?:m\.?)?", text.strip().lower()
    )
    if match is None or int(match[1]) > 24 or int(match[2]) > 59 or int(match[3] or 0) > 59:
        raise ReadingError(f"{text!r} is not a time such as 15:30 or 3:30pm")
    words = say({"a": "上午", "p": "下午", None: ""}[match[4]])
    hour = "两" if int(match[1]) == 2 else numbers.cardinal(match[1])
    words += say(hour + "点")
    if int(match[2]) == 0 and not match[3]:
        return (*words, *say("整"))
    words += say(_under_sixty(match[2]) + "分")
    return (*words, *say(_under_sixty(match[3]) + "秒")) if match[3] else tuple(words)


def _under_sixty(number: str) -> str:
    value = int(number)
    return ("零" if 0 < value < 10 else "") + numbers.cardinal(str(value))
