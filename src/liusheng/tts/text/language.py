"""The language of a piece, and the words of an English one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from liusheng.han import has_han
from liusheng.tts.text.clean import Chars
from liusheng.tts.text.growing import Reading
from liusheng.tts.text.normalize import TextToken, mark_kind
from liusheng.tts.text.rules.addresses import ADDRESSES, spoken_address
from liusheng.tts.text.rules.words import latin_kind
from liusheng.tts.text.types import Language

_WORD = re.compile(r"(?<![A-Za-z])[A-Za-z]{2,}(?:'[A-Za-z]+)?(?![A-Za-z])")
_UNIT_LIKE = re.compile(r"\d\s?[A-Za-z/²³]+(?![A-Za-z])|[A-Za-z]+\d+")
_FORMULA = re.compile(r"[=+×÷²³√^≤≥≈]")
_ENDING = " \n.,;:!?…—，。！？；：、"


def piece_language(text: str, before: Language | None) -> Language | None:
    """The language of a piece of cleaned text; None where it does not show and `before` is None.

    Han characters make it Mandarin, an English word makes it English; a piece of digits and marks
    alone has the language `before` it.
    """
    if has_han(text):
        return "zh"
    if _FORMULA.search(text) and not re.search("[A-Za-z]{4,}", text):
        return before
    for match in _WORD.finditer(_UNIT_LIKE.sub(" ", _no_addresses(text))):
        if latin_kind(match[0]) == "english":
            return "en"
    return before


def _no_addresses(text: str) -> str:
    for pattern in ADDRESSES:
        text = pattern.sub(" ", text)
    return text


def english_items(
    chars: Chars, readings: Mapping[int, Reading] | None = None
) -> Iterator[TextToken]:
    """Yield the words of an English piece, addresses spelled out, then its final punctuation.

    readings: replacements of characters, by their position in the original text.
    """
    text = chars.text
    stop = len(text.rstrip(_ENDING))
    for match in re.finditer(r"[^\s_]+", text[:stop]):
        read = _read(chars, match, readings or {})
        if any(char.isalnum() for char in read):
            span = (chars.spans[match.start()][0], chars.spans[match.end() - 1][1])
            yield TextToken("english", read, (span,))
    if stop < len(text):
        span = (chars.spans[stop][0], chars.spans[-1][1])
        yield TextToken(mark_kind(text[stop:]), text[stop:].strip(), (span,))


def _read(chars: Chars, match: re.Match[str], readings: Mapping[int, Reading]) -> str:
    """The spoken form of a word."""
    given = [readings.get(chars.spans[at][0]) for at in range(*match.span())]
    if any(given):
        parts = (each.english if each else char for each, char in zip(given, match[0], strict=True))
        return "".join(parts)
    word = match[0]
    for pattern in ADDRESSES:
        word = pattern.sub(lambda found: spoken_address(found[0]), word)
    return word
