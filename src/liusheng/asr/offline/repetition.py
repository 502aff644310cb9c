"""Loops: attention decoders repeat themselves when they lose their place in the audio."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence

from liusheng.asr.text.pieces import Piece, letters

_LONG = 4
"""Pieces in a unit that speakers rarely repeat."""
_TIMES_SINGLE, _TIMES_SHORT, _TIMES_LONG = 6, 4, 3
"""Repetitions of a unit of one piece, of a few pieces, and of a long unit that make a loop."""
_MIN_BYTES = 40
"""The compression of shorter texts is not significant."""


def has_loop(texts: Sequence[str], compression: float) -> bool:
    """Whether pieces contain a loop: a long unit twice in a row, a shorter one many times, or a
    zlib compression ratio above `compression`.
    """
    data = "".join(texts).encode()
    if len(data) > _MIN_BYTES and len(data) / len(zlib.compress(data)) > compression:
        return True
    return any(unit >= _LONG or _is_loop(unit, times) for _, unit, times in _repeats(_keys(texts)))


def without_loops(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """Keep one of each unit that is certainly a loop."""
    kept = [p for p in pieces if letters(p.text)]
    changed = False
    while True:
        found = _repeats(_keys([p.text for p in kept]))
        loop = next(((at, n, times) for at, n, times in found if _is_loop(n, times)), None)
        if loop is None:
            return tuple(kept) if changed else tuple(pieces)
        at, unit, times = loop
        del kept[at + unit : at + unit * times]
        changed = True


def _is_loop(unit: int, times: int) -> bool:
    if unit == 1:
        return times >= _TIMES_SINGLE
    return times >= (_TIMES_SHORT if unit < _LONG else _TIMES_LONG)


def _repeats(keys: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """Yield (first piece, pieces in the unit, repetitions), with at least 2 repetitions."""
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
