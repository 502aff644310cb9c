"""The first cut: a text into short pieces at places that are safe before anything is understood."""

from __future__ import annotations

import re
from collections.abc import Iterator

from liusheng.tts.text.types import Span

LONGEST_PIECE = 120
"""Characters; text without a safe place is cut about here."""

LONGEST_WHOLE = 200
"""Characters; a URL or a number up to this length stays in one piece."""

_CLOSERS = "”’」』》〉】〕）)\\]\"'"
_ALNUM = "A-Za-z0-9０-９Ａ-Ｚａ-ｚ"
_SCAN = re.compile(
    # Kept whole: what one breath or one rule reads. Each is bounded, so a scan is linear.
    r"(?P<whole>“[^”\n]{0,40}”|‘[^’\n]{0,40}’|「[^」\n]{0,40}」|『[^』\n]{0,40}』"
    r"|《[^》\n]{0,40}》|【[^】\n]{0,40}】|（[^）\n]{0,40}）|\([^)\n]{0,40}\)|\"[^\"\n]{0,40}\""
    r"|(?:Mr|Mrs|Ms|Dr|Prof|St|No|vs|etc|e\.g|i\.e|U\.S|U\.K|a\.m|p\.m|Inc|Ltd|Co|Jr|Sr)\.(?=\s?\S)"
    rf"|[{_ALNUM}](?:[{_ALNUM}.,:：/@_%+\-~&=?#'’\u00b7•．]{{0,{LONGEST_WHOLE}}}[{_ALNUM}])?)"
    rf"|(?P<stop>(?:[。！？!?…\n｡，、；,;､]|[：:](?!\s?[0-9０-９])|—{{2,}}|\.(?=[\s{_CLOSERS}]|$))+[{_CLOSERS}]*)"
)

_SPACE = re.compile(r"(?<!\d)\s|\s(?!\d)")


def pieces(text: str) -> Iterator[Span]:
    """Cut `text` after its punctuation, never inside a number, a URL or a short quotation.

    Lazy: a piece costs its own length, wherever it is. The spans follow one another and cover the
    text. A piece ends with its punctuation and holds at most about `LONGEST_PIECE` characters
    (plus one thing kept whole).
    """
    start = at = 0
    while start < len(text):
        latest = start + LONGEST_PIECE
        found = _SCAN.search(text, at, min(len(text), latest + LONGEST_WHOLE + 64))
        if found is None or found.start() >= latest:
            end = _forced(text, start, latest)
        elif found["stop"] is None and found.end() < latest:
            at = found.end()
            continue
        elif found["stop"] is None and found.start() > start and found.end() > latest:
            end = found.start()
        else:
            end = found.end()
        yield start, end
        start = at = end


def _forced(text: str, start: int, latest: int) -> int:
    """An end for a piece with no punctuation: its last space in the second half, or `latest`."""
    if latest >= len(text):
        return len(text)
    spaces = list(_SPACE.finditer(text, start + LONGEST_PIECE // 2, latest))
    return spaces[-1].end() if spaces else latest
