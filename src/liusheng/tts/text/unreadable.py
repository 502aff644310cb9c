"""What of a text is sure not to be read, found without reading it.

For replies that say so before the audio. It is a part of what `GrowingText.skipped` lists in the
end: what is left out for what stands around it, and what no loaded voice speaks, is not in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from liusheng.han import HAN
from liusheng.tts.text.clean import has_plain_form
from liusheng.tts.text.markup import MarkupReader
from liusheng.tts.text.skipped import is_mark, reason_for
from liusheng.tts.text.types import Skipped, SkipReason

_UNUSUAL = re.compile(rf"[^\x00-\x7f{HAN}\u2010-\u2027\u3000-\u3020\uff00-\uff65]")


def sure_to_be_skipped(text: str, *, markup: bool = False) -> list[Skipped]:
    """The emoji, the letters of scripts that no voice reads and, with mark-up, the code blocks.

    markup: the text is marked up (see `MarkupReader`).
    """
    if not markup:
        return list(_in_plain(text))
    reader = MarkupReader()
    plain = reader.feed(text, last=True)
    found = [Skipped(each.text, reader.origin(each.span), each.reason) for each in _in_plain(plain)]
    return sorted([*found, *reader.skipped], key=lambda each: each.span)


def _in_plain(text: str) -> Iterator[Skipped]:
    start = end = 0
    held: SkipReason | None = None
    for match in _UNUSUAL.finditer(text):
        at = match.start()
        reason = _reason(match[0])
        marks_between = all(map(is_mark, text[end:at]))
        if held and (reason != held or not marks_between):
            yield Skipped(text[start:end], (start, end), held)
            held = None
        if reason is None:
            continue
        start = at if held is None else start
        end, held = at + 1, reason
    if held:
        yield Skipped(text[start:end], (start, end), held)


@lru_cache(maxsize=4096)
def _reason(char: str) -> SkipReason | None:
    """Why a character is not read wherever it stands; None for one that may be."""
    if is_mark(char) or has_plain_form(char):
        return None
    reason = reason_for(char)
    return reason if reason in ("emoji", "no_voice_for_script") else None
