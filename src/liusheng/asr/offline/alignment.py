"""Places for the words of an offline model that has none, by another model's alignment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol, cast

import numpy as np

from liusheng.asr.offline.engine import Decoded, Effort, OfflineEngine, Window
from liusheng.asr.text.pieces import Piece
from liusheng.asr.types import SAMPLE_RATE, Samples
from liusheng.models.types import Kind

_FRAME = SAMPLE_RATE // 100
_SILENT = 35.0
"""Decibels below the loud frames of a window, under which nothing is said. That finds the pauses in
quiet recordings only; closer, it would cut soft sounds off the ends of words."""


class Aligner(Protocol):
    """A model that can tell where in its window a given text was said."""

    languages: tuple[str, ...]

    def align(self, window: Window, lang: str, pieces: Sequence[Piece]) -> tuple[Piece, ...]:
        """Return the pieces of a text, in places of the window's audio."""


class Hearing(Protocol):
    """Whatever has an engine that hears windows."""

    engine: OfflineEngine


def place_by_alignment(hearing: Sequence[tuple[Kind, Hearing]]) -> None:
    """Let Whisper, where it is there, say where the words are that Moonshine hears.

    hearing: all that have engines, and the kinds of these.
    """
    aligners = [cast(Aligner, each.engine) for kind, each in hearing if kind is Kind.WHISPER]
    for kind, each in hearing:
        if kind is not Kind.MOONSHINE:
            continue
        for aligner in aligners:
            if not set(aligner.languages).isdisjoint(each.engine.languages):
                each.engine = AlignedEngine(each.engine, aligner)
                break


class AlignedEngine:
    """An `OfflineEngine` whose pieces are placed by an aligner, where places matter.

    While others wait they are left as the engine has them: an alignment costs as much as a look.
    """

    def __init__(self, engine: OfflineEngine, aligner: Aligner) -> None:
        self._engine = engine
        self._aligner = aligner
        self.name = engine.name
        self.languages = engine.languages
        self.max_seconds = engine.max_seconds
        self.punctuates = engine.punctuates

    def decode(self, windows: Sequence[Window], effort: Effort) -> list[Decoded]:
        """Decode windows; see `OfflineEngine.decode`."""
        return [
            self._placed(window, decoded)
            for window, decoded in zip(windows, self._engine.decode(windows, effort), strict=True)
        ]

    def _placed(self, window: Window, decoded: Decoded) -> Decoded:
        wanted = window.timed and window.spare and bool(decoded.pieces)
        if not wanted or decoded.lang not in self._aligner.languages:
            return decoded
        pieces = self._aligner.align(window, decoded.lang, decoded.pieces)
        return replace(decoded, pieces=without_pauses(window.samples, pieces))


def without_pauses(samples: Samples, pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """Take the silence at both ends out of each piece's place.

    An alignment is a path: where one piece ends the next begins, and a pause between them is part
    of one or of both. A piece in which all is silent stays where it is.
    """
    frames = len(samples) // _FRAME
    power = np.square(samples[: frames * _FRAME].reshape(frames, _FRAME)).mean(axis=1)
    sounds = power > np.percentile(power, 95) / 10 ** (_SILENT / 10) if frames else power > 0

    def trimmed(piece: Piece) -> Piece:
        first, last = (round(at * SAMPLE_RATE / _FRAME) for at in (piece.start, piece.end))
        loud = np.flatnonzero(sounds[first:last])
        if not len(loud):
            return piece
        start = max(piece.start, (first + int(loud[0])) * _FRAME / SAMPLE_RATE)
        end = min(piece.end, (first + int(loud[-1]) + 1) * _FRAME / SAMPLE_RATE)
        return replace(piece, start=start, end=max(start, end))

    return tuple(map(trimmed, pieces))
