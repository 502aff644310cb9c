"""Correction of pieces: their texts change, their number and times do not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from liusheng.asr.correction.corrector import Corrector
from liusheng.asr.correction.hotwords import Hotword
from liusheng.asr.text.pieces import Piece, split_pieces
from liusheng.asr.text.polish import polish, text_of
from liusheng.asr.text.script import to_script
from liusheng.asr.types import Proposal, Propose, Script, StreamParams

Spell = Callable[[Sequence[Piece], Sequence[Piece]], list[Piece]]
"""Takes pieces that do not change and those after them; returns the latter, corrected."""

_MIN_LENGTH_RATIO = 0.8
"""A rival with fewer letters than this part of the other's has been cut short."""


def likelier(
    corrector: Corrector, params: StreamParams, pieces: Sequence[Piece], rival: Sequence[Piece]
) -> Sequence[Piece]:
    """Return the decode that is likelier after correction."""

    def length_and_score(decoded: Sequence[Piece]) -> tuple[int, float]:
        text = to_script("".join(p.text for p in decoded), Script.SIMPLIFIED)
        hotwords = _hotwords(params)
        text = corrector.correct(text, hotwords=hotwords)
        return sum(map(str.isalnum, text)), corrector.likelihood(text, hotwords)

    (length, score), (rival_length, rival_score) = length_and_score(pieces), length_and_score(rival)
    return rival if rival_score > score and rival_length >= _MIN_LENGTH_RATIO * length else pieces


def proposer(corrector: Corrector, params: StreamParams) -> Propose:
    """Return what proposes corrections, in simplified characters, for hypotheses of Mandarin."""
    hotwords = _hotwords(params)

    def propose(hypotheses: Sequence[tuple[str, float]]) -> list[Proposal]:
        texts = [(_written(text), score) for text, score in hypotheses]
        return corrector.propose([each for each in texts if each[0]], hotwords)

    return propose


def _written(text: str) -> str:
    pieces = [Piece(each, 0.0, 0.0) for each in split_pieces(text)]
    return text_of(polish(pieces, "zh", Script.SIMPLIFIED))


def _hotwords(params: StreamParams) -> tuple[Hotword, ...]:
    return tuple(Hotword.of(to_script(word, Script.SIMPLIFIED)) for word in params.hotwords)


def speller(corrector: Corrector, params: StreamParams) -> Spell:
    """Return the correction for the Mandarin of a stream, with its hotwords and script."""
    hotwords = _hotwords(params)

    def spell(before: Sequence[Piece], pieces: Sequence[Piece]) -> list[Piece]:
        context = "".join(p.text for p in before[-corrector.context :])
        text = "".join(p.text for p in pieces)
        corrected = text
        if params.script is Script.SIMPLIFIED:
            corrected = corrector.correct(text, context, hotwords)
        else:
            simple, around = (to_script(t, Script.SIMPLIFIED) for t in (text, context))
            if len(simple) == len(text):
                fixed = corrector.correct(simple, around, hotwords)
                corrected = _in_traditional(text, simple, fixed)
        return _with_text(pieces, corrected)

    return spell


def _in_traditional(text: str, simple: str, fixed: str) -> str:
    """Return a traditional text with the corrections that were made to its simplified form."""
    written = to_script(fixed, Script.TRADITIONAL)
    if len(written) != len(fixed):
        return text
    return "".join(
        new if now != then else old
        for old, then, now, new in zip(text, simple, fixed, written, strict=True)
    )


def _with_text(pieces: Sequence[Piece], text: str) -> list[Piece]:
    """Return pieces with the characters of a text of the same length."""
    written = []
    at = 0
    for piece in pieces:
        written.append(replace(piece, text=text[at : at + len(piece.text)]))
        at += len(piece.text)
    return written
