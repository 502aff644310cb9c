"""Simplified and traditional characters (OpenCC)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from liusheng.asr.text.pieces import Piece
from liusheng.asr.types import Script


@cache
def _opencc(config: str) -> Any:
    from opencc import OpenCC

    return OpenCC(config)


def to_script(text: str, script: Script) -> str:
    """Convert the Han characters of a text."""
    converted: str = _opencc("t2s" if script is Script.SIMPLIFIED else "s2t").convert(text)
    return converted


def in_script(pieces: Sequence[Piece], script: Script) -> list[Piece]:
    """Convert the texts of pieces."""
    texts = [p.text for p in pieces]
    whole = to_script("".join(texts), script)
    if len(whole) != sum(map(len, texts)):
        # A phrase has changed its length: convert each piece by itself, to keep the times.
        return [replace(p, text=to_script(p.text, script)) for p in pieces]
    converted = []
    at = 0
    for piece in pieces:
        converted.append(replace(piece, text=whole[at : at + len(piece.text)]))
        at += len(piece.text)
    return converted
