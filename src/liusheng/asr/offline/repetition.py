"""Loops: what attention decoders do when they lose their place in the audio."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence

from liusheng.asr.text.pieces import Piece, letters

_LONG = 4
"""Pieces in a unit that people rarely say twice at once."""
_TIMES_SINGLE, _TIMES_SHORT, _TIMES_LONG = 6, 4, 3
"""How often a unit of one piece, of a few, and a long one come at once in what is surely a loop."""
_SHORTEST_TEXT = 40
"""Bytes; shorter texts say nothing by how well they compress."""


def has_loop(texts: Sequence[str], compression: float) -> bool:
    """Whether pieces look like a loop: a long unit at once again, a shorter one over and over, or a
    text that zlib shrinks by more than `compression`.
    """
    data = "".join(texts).encode()
    if len(data) > _SHORTEST_TEXT and len(data) / len(zlib.compress(data)) > compression:
        return True
    return any(unit >= _LONG or _is_sure(unit, times) for _, unit, times in _repeats(_keys(texts)))


def without_loops(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """Keep one of each unit that is repeated over and over."""
    kept = [p for p in pieces if letters(p.text)]
    changed = False
    while True:
        found = _repeats(_keys([p.text for p in kept]))
        sure = next(((at, n, times) for at, n, times in found if _is_sure(n, times)), None)
        if sure is None:
            return tuple(kept) if changed else tuple(pieces)
        at, unit, times = sure
        del kept[at + unit : at + unit * times]
        changed = True


def _is_sure(unit: int, times: int) -> bool:
    if unit == 1:
        return times >= _TIMES_SINGLE
    return times >= (_TIMES_SHORT if unit < _LONG else _TIMES_LONG)


def _repeats(keys: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """Yield (first piece, pieces in the unit, times it comes at once), times at least 2."""
    for unit in range(1, len(keys) // 2 + 1):
        at = 0
        while at + 2 * unit <= len(keys):
            same = 0
            while at + unit + same < len(keys) and keys[at + same] == keys[at + unit + same]:
                same += 1
            if same >= unit:
                yield at, unit, same // unit + 1
            at += same + 1


def _keys(texts: Sequence[str]) -> list[str]:
    return [key for text in texts if (key := letters(text))]
