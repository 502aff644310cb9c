"""Characters before anything is read: one plain form for each, and where it came from.

Full-width and compatibility forms become ASCII or the usual Han character, traditional characters
simplified ones, every decimal digit an ASCII digit; control characters vanish, emoji and what no
voice can read become a space.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from liusheng.han import HAN, has_han, is_han
from liusheng.tts.text.symbols import GREEK
from liusheng.tts.text.types import Span

KEPT_PUNCTUATION = "，！？；：（）、。．…—·•“”‘’「」『』《》〈〉【】〔〕"
SYMBOLS = "°℃℉′″±×÷√∞≈≠≤≥≡∑∏∫∂∈∉∵∴∠⊥∥∅∪∩⊂⊃∀∃¬≌∽△‰‱Ω№¥€£₩₽₹¢→←↑↓⇒➜✓✔✗✘"
_SUPERSCRIPTS = "²³"
_POWERS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ", "0123456789+-n", strict=True))
_SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉"
_ROMAN = {chr(0x2160 + n): str(n + 1) for n in range(12)}
_CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"
_HAN_ZERO = {"〇": "零"}
_PLAIN = {
    "￥": "¥", "￡": "£", "￦": "₩", "〜": "~", "～": "~", "∼": "~", "−": "-", "‐": "-", "‑": "-",
    "–": "-", "‒": "-", "―": "—", "─": "—", "━": "—", "⋯": "…", "・": "·", "∶": ":", "∕": "/",
    "⁄": "/", "µ": "μ", "Ω": "Ω", "º": "°", "˚": "°", "•": "·", "．": ".", "’": "'", "＇": "'",
    "﹣": "-", "－": "-", "｡": "。", "､": "、", "«": "“", "»": "”", "„": "“", "‧": "·", "⋅": "·",
}  # fmt: skip

_AGAIN = "々"
"""Stands for the Han character before it."""

_LETTERS = {
    "ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "đ": "d",
    "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ł": "l", "Ł": "L", "ı": "i", "ħ": "h",
    "Ħ": "H", "ŋ": "ng", "Ŋ": "NG",
}  # fmt: skip
"""Latin letters that Unicode does not take apart."""

_FIGURE_COLON = re.compile(r"(?<=\d)：(?=\d)")

_SPACED = re.compile(
    # Spaced as pangu spacing and language models write: 有 2 个, 50 %, 3 - 5 天, 下午 3 : 30.
    # A space before a list's number stays: it begins an item ("分为 1. 苹果").
    rf"(?<=[{HAN}]) (?=[+±-]?\d)(?!\d{{1,2}}[.、)）](?!\d))"
    rf"|(?<=\d) (?=[{HAN}%‰°℃℉])"
    r"|(?<=\d) (?=[:：~-] ?\d)|(?<=\d[:：~-]) (?=\d)|(?<=\d [:：~-]) (?=\d)"
)
"""Spaces inside what is read as one."""


@dataclass(frozen=True)
class Chars:
    """Plain characters, each with the characters of the original text it stands for.

    `spans` is as long as `text` and never decreases.
    """

    text: str
    spans: tuple[Span, ...]


def clean(text: str, start: int, end: int) -> Chars:
    """The plain form of `text[start:end]`, with spans in `text`."""
    chars: list[str] = []
    spans: list[Span] = []
    between = "又" if has_han(text[start:end]) else " "
    for at in range(start, end):
        if text[at] == _AGAIN and chars and is_han(chars[-1]):
            chars.append(chars[-1])
            spans.append((at, at + 1))
            continue
        if (power := _power(text, at, start, end)) is not None:
            chars.extend(power)
            spans += [(at, at + 1)] * len(power)
            continue
        mixed = chars and chars[-1].isdecimal() and "⁄" in unicodedata.normalize("NFKD", text[at])
        for char in (between if mixed else "") + _plain(text[at]):
            chars.append(char)
            spans.append((at, at + 1))
    plain = _FIGURE_COLON.sub(":", "".join(chars))
    plain, spans = _unspaced(plain, spans)
    return Chars(_simplified(plain), tuple(spans))


def _power(text: str, at: int, start: int, end: int) -> str | None:
    """The plain form of a superscript: x⁻³ is x^-3 (x² and x³ alone stay); of log₂, log_2."""
    char = text[at]
    if char in _SUBSCRIPTS:
        is_base = text[max(start, at - 3) : at] == "log"
        return "_" + str(unicodedata.digit(char)) + " " if is_base else None
    if char not in _POWERS:
        return None
    goes_on = at > start and text[at - 1] in _POWERS
    alone = not goes_on and not (at + 1 < end and text[at + 1] in _POWERS)
    if alone and char in _SUPERSCRIPTS:
        return char
    return _POWERS[char] if goes_on else "^" + _POWERS[char]


def _unspaced(plain: str, spans: list[Span]) -> tuple[str, list[Span]]:
    """Leave out the spaces that `_SPACED` finds."""
    found = [match.start() for match in _SPACED.finditer(plain)]
    for at in reversed(found):
        plain = plain[:at] + plain[at + 1 :]
        del spans[at]
    return plain, spans


@lru_cache(maxsize=8192)
def _plain(char: str) -> str:
    if char.isascii():
        return char if char.isprintable() else _space(char)
    if char in _PLAIN:
        return _PLAIN[char]
    if char in _LETTERS:
        return _LETTERS[char]
    if char in _POWERS and char not in _SUPERSCRIPTS:
        return _POWERS[char]
    if char in KEPT_PUNCTUATION or char in SYMBOLS or char in _SUPERSCRIPTS:
        return char
    if char in _ROMAN or char in _HAN_ZERO:
        return _ROMAN.get(char) or _HAN_ZERO[char]
    if char in _CIRCLED:
        return f"{int(unicodedata.numeric(char))}、"
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    if char.lower() in GREEK:
        return char
    # Compatibility ideographs have a usual form, too.
    plain = unicodedata.normalize("NFKD", char)
    if plain != char:
        return "".join(_plain(part) for part in plain)
    return char if is_han(char) else _space(char)


def has_plain_form(char: str) -> bool:
    """Whether more than a space may stay of a character."""
    return char.isascii() or char == _AGAIN or bool(_plain(char).strip())


def _space(char: str) -> str:
    category = unicodedata.category(char)
    if char in "\n\r\v\f\u0085\u2028\u2029":
        return "\n"
    # Marks and format characters (variation selectors, joiners) belong to the character before.
    return "" if category in ("Cc", "Cf", "Mn", "Me") and char != "\t" else " "


@lru_cache(maxsize=1)
def _converter() -> Any:
    import opencc

    return opencc.OpenCC("t2s")


def _simplified(text: str) -> str:
    """Simplified by phrase (乾坤 stays, 乾燥 becomes 干燥), one character for one."""
    if text.isascii():
        return text
    converted: str = _converter().convert(text)
    if len(converted) != len(text):
        each = (_converter().convert(char) for char in text)
        converted = "".join(
            new if len(new) == 1 else old for new, old in zip(each, text, strict=True)
        )
    if converted != text and any(char in _IN_BOTH for char in text) and _is_simplified(text):
        return "".join(
            old if old in _IN_BOTH else new for new, old in zip(converted, text, strict=True)
        )
    return converted


_IN_BOTH = frozenset("乾徵")
"""Characters of simplified text, too, where they are read otherwise: 乾县, 宫商角徵羽."""


def _is_simplified(text: str) -> bool:
    """Whether a text shows a simplified character and no traditional one."""
    characters = [char for char in text if is_han(char) and char not in _IN_BOTH]
    return all(map(_in_gb2312, characters)) and not all(map(_is_usual_in_big5, characters))


@lru_cache(maxsize=8192)
def _in_gb2312(char: str) -> bool:
    return bool(char.encode("gb2312", "ignore"))


@lru_cache(maxsize=8192)
def _is_usual_in_big5(char: str) -> bool:
    """Whether a character is among the 5,401 of Big5's first level."""
    encoded = char.encode("big5", "ignore")
    return bool(encoded) and encoded[0] < 0xC9
