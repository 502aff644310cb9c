"""Loops: what attention decoders do when they lose their place in the audio."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence

from liusheng.asr.offline import Piece

# A unit of four or more characters at once again, or a shorter one five times.
_REPEAT = re.compile(r"(.{4,}?)\1+|(.{1,3}?)\2{4,}", re.DOTALL)
_MANY = 3


def has_loop(text: str, compression: float) -> bool:
    """Whether a text looks like a loop: an immediate repeat, or it compresses too well."""
    data = text.encode()
    if len(data) > 40 and len(data) / len(zlib.compress(data)) > compression:
        return True
    return _REPEAT.search(_bare(text)) is not None


def without_loops(pieces: Sequence[Piece], compression: float) -> tuple[Piece, ...]:
    """Keep one of what is repeated over and over.

    A unit that comes twice may have been said twice; three times and more, or in a text that
    compresses too well, it is a loop.
    """
    text = "".join(p.text for p in pieces)
    if not has_loop(text, compression):
        return tuple(pieces)
    owners = [i for i, p in enumerate(pieces) for c in p.text if c.isalnum()]
    dropped: set[int] = set()
    for match in _REPEAT.finditer(_bare(text)):
        unit = match.group(1) or match.group(2)
        times = (match.end() - match.start()) // len(unit)
        if times >= _MANY:
            first = match.start() + len(unit)
            keep = set(owners[:first])
            dropped.update(i for i in owners[first : match.end()] if i not in keep)
    return tuple(p for i, p in enumerate(pieces) if i not in dropped)


def _bare(text: str) -> str:
    # Case folding can lengthen a character; the length must stay.
    return "".join(c.casefold()[:1] for c in text if c.isalnum())
