"""What of a text was not read: every character is read, is a mark, or is listed here.

Marks are white space, control and format characters, variation selectors, punctuation, brackets,
quotation marks and list bullets. `& @ # % * \\` are punctuation for Unicode, but mean something and
are no marks.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from liusheng.han import is_han
from liusheng.tts.text.clean import has_plain_form
from liusheng.tts.text.pypinyin_data import characters
from liusheng.tts.text.types import Skipped, SkipReason, Span

if TYPE_CHECKING:
    from liusheng.tts.text.normalize import TextToken

_MARK_CATEGORIES = frozenset("Zs Zl Zp Cc Cf Mn Me Pd Ps Pe Pi Pf Po Pc".split())
_MEANINGFUL = frozenset("&@#%*\\‰‱§¶†‡※＆＠＃％＊＼")
_OTHER_MARKS = frozenset("~～〜∼`´¨˜¯ˉ|｜¦│┃─━■□●○◆◇▪▫◦▶►▸")
_SPEECHLESS = frozenset(("none", "weak", "comma", "sentence"))


def recorded(
    items: Iterable[TextToken], text: str, piece: Span, skipped: list[Skipped]
) -> Iterator[TextToken]:
    """The same items; when they are at their end, what they leave out of `piece` is in `skipped`.

    text: the original text, in which `piece` and the items' spans are.
    """
    start, end = piece
    read = bytearray(end - start)
    for item in items:
        if item.kind not in _SPEECHLESS:
            for at, (low, high) in enumerate(item.spans):
                if item.kind != "han" or has_reading(item.text[at]):
                    read[low - start : high - start] = b"\1" * (high - low)
        yield item
    skipped.extend(_unread(text, start, read))


def is_mark(char: str) -> bool:
    """Whether a character is no more than a mark, which a reader does not read aloud."""
    if char in _MEANINGFUL:
        return False
    return char in _OTHER_MARKS or unicodedata.category(char) in _MARK_CATEGORIES


def _unread(text: str, start: int, read: bytearray) -> Iterator[Skipped]:
    """The longest stretches for one reason; marks and spaces inside of them belong to them."""
    low = high = 0
    held: SkipReason | None = None
    for at, covered in enumerate(read, start):
        # 3П½ is read as 3½: what became a space inside a number was not read.
        done = covered and has_plain_form(text[at])
        reason = None if done or is_mark(text[at]) else reason_for(text[at])
        if held is not None and (done or (reason is not None and reason != held)):
            yield Skipped(text[low:high], (low, high), held)
            held = None
        if reason is not None:
            low = at if held is None else low
            high, held = at + 1, reason
    if held is not None:
        yield Skipped(text[low:high], (low, high), held)


@lru_cache(maxsize=16384)
def has_reading(char: str) -> bool:
    """Whether the dictionary knows how a Han character is read."""
    return char in characters()


@lru_cache(maxsize=4096)
def reason_for(char: str) -> SkipReason:
    """Why a character that is no mark was not read."""
    if is_han(char):
        return "no_reading"
    category = unicodedata.category(char)
    if category[0] == "L" or category in ("Mc", "Nl", "No", "Nd"):
        return "no_voice_for_script"
    is_emoji = category == "So" and (char >= "\U0001f000" or "\u2600" <= char <= "\u27bf")
    return "emoji" if is_emoji or "\U0001f3fb" <= char <= "\U0001f3ff" else "symbol"
