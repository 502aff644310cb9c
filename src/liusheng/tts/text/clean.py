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

from liusheng.han import is_han
from liusheng.tts.text.symbols import GREEK
from liusheng.tts.text.types import Span

KEPT_PUNCTUATION = "，！？；：（）、。．…—·•“”‘’「」『』《》〈〉【】〔〕"
SYMBOLS = "°℃℉′″±×÷√∞≈≠≤≥≡∑∏∫∂∈∵∴∠⊥∥∅∪∩⊂‰Ω№¥€£₩₽₹¢→←↑↓"
_SUPERSCRIPTS = "²³"
_POWERS = {char: f"^{digit}" for char, digit in zip("⁰¹⁴⁵⁶⁷⁸⁹", "01456789", strict=True)}
_ROMAN = {chr(0x2160 + n): str(n + 1) for n in range(12)}
_CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"
_HAN_ZERO = {"〇": "零"}
_PLAIN = {
    "￥": "¥", "￡": "£", "￦": "₩", "〜": "~", "～": "~", "∼": "~", "−": "-", "‐": "-", "‑": "-",
    "–": "-", "‒": "-", "―": "—", "─": "—", "━": "—", "⋯": "…", "・": "·", "∶": ":", "∕": "/",
    "⁄": "/", "µ": "μ", "Ω": "Ω", "º": "°", "˚": "°", "•": "·", "．": ".", "’": "'", "＇": "'",
    "﹣": "-", "－": "-", "｡": "。", "､": "、", "«": "“", "»": "”", "„": "“", "‧": "·", "⋅": "·",
}  # fmt: skip

_FIGURE_COLON = re.compile(r"(?<=\d)：(?=\d)")


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
    for at in range(start, end):
        for char in _plain(text[at]):
            chars.append(char)
            spans.append((at, at + 1))
    plain = _FIGURE_COLON.sub(":", "".join(chars))
    return Chars(_simplified(plain), tuple(spans))


@lru_cache(maxsize=8192)
def _plain(char: str) -> str:
    if char.isascii():
        return char if char.isprintable() else _space(char)
    if char in _PLAIN:
        return _PLAIN[char]
    if char in _POWERS:
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
    if len(converted) == len(text):
        return converted
    one_by_one = (_converter().convert(char) for char in text)
    return "".join(new if len(new) == 1 else old for new, old in zip(one_by_one, text, strict=True))
