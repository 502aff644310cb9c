"""Word times for an offline model that has none, by another model's forced alignment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol, cast

import numpy as np

from liusheng.asr.offline.engine import Decoded, Effort, OfflineEngine, Window
from liusheng.asr.text.pieces import Piece, letters
from liusheng.asr.types import SAMPLE_RATE
from liusheng.audio.pcm import Samples
from liusheng.models.types import Kind

_FRAME = SAMPLE_RATE // 100
_SILENCE_DB = 35.0
"""Level of silence below the loud frames of a window. It finds pauses in quiet recordings only; a
smaller distance would cut soft sounds off the ends of words."""


_FEW_LETTERS = 8.0
"""A second; people read 12 to 15. A text that lacks half of what was said has fewer."""


class Aligner(Protocol):
    """A model that aligns a given text with a window."""

    @property
    def languages(self) -> tuple[str, ...]: ...

    def align(self, window: Window, lang: str, pieces: Sequence[Piece]) -> tuple[Piece, ...]:
        """Return the pieces of a text with their times in the window."""


class HasEngine(Protocol):
    """A recogniser or second pass with an offline engine."""

    engine: OfflineEngine


def align_words(users: Sequence[tuple[Kind, HasEngine]]) -> None:
    """Have a Whisper model, if there is one, align the words of Moonshine models.

    users: all that have an engine, with the kind of its model. Engines are replaced in place.
    """
    aligners = [cast(Aligner, each.engine) for kind, each in users if kind is Kind.WHISPER]
    for kind, each in users:
        if kind is not Kind.MOONSHINE:
            continue
        for aligner in aligners:
            if not set(aligner.languages).isdisjoint(each.engine.languages):
                each.engine = AlignedEngine(each.engine, aligner)
                break


class AlignedEngine:
    """An `OfflineEngine` whose pieces get their times from an aligner, where times matter.

    An alignment costs as much as a decode: it is left out where there is no time to spare, unless
    there are so few words for so much speech that some may be missing, which only places tell.
    """

    def __init__(self, engine: OfflineEngine, aligner: Aligner) -> None:
        self._engine = engine
        self._aligner = aligner
        self.name = engine.name
        self.languages = engine.languages
        self.max_seconds = engine.max_seconds
        self.punctuates = engine.punctuates
        self.translates = engine.translates
        self.batching = engine.batching

    def prepare(self, window: Window, effort: Effort) -> Window:
        """Have the engine prepare a window; see `OfflineEngine.prepare`."""
        return self._engine.prepare(window, effort)

    def decode(self, windows: Sequence[Window], effort: Effort) -> list[Decoded]:
        """Decode windows; see `OfflineEngine.decode`."""
        return [
            self._aligned(window, decoded)
            for window, decoded in zip(windows, self._engine.decode(windows, effort), strict=True)
        ]

    def _aligned(self, window: Window, decoded: Decoded) -> Decoded:
        aligns = bool(decoded.pieces) and window.timed and (window.spare or _lacks(window, decoded))
        if not aligns or decoded.lang not in self._aligner.languages:
            return decoded
        pieces = self._aligner.align(window, decoded.lang, decoded.pieces)
        return replace(decoded, pieces=without_pauses(window.samples, pieces))


def _lacks(window: Window, decoded: Decoded) -> bool:
    """Whether a text has so few letters for the speech in its window that some may be missing."""
    speech = sum(end - start for start, end in window.certain or ())
    return sum(len(letters(piece.text)) for piece in decoded.pieces) < _FEW_LETTERS * speech


def without_pauses(samples: Samples, pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """Remove the silence at both ends of each piece.

    In an alignment each piece begins where the one before it ends: a pause between them is part of
    one or both. A piece that is all silence is not changed.
    """
    frames = len(samples) // _FRAME
    power = np.square(samples[: frames * _FRAME].reshape(frames, _FRAME)).mean(axis=1)
    sounds = power > np.percentile(power, 95) / 10 ** (_SILENCE_DB / 10) if frames else power > 0

    def trimmed(piece: Piece) -> Piece:
        first, last = (round(at * SAMPLE_RATE / _FRAME) for at in (piece.start, piece.end))
        loud = np.flatnonzero(sounds[first:last])
        if not len(loud):
            return piece
        start = max(piece.start, (first + int(loud[0])) * _FRAME / SAMPLE_RATE)
        end = min(piece.end, (first + int(loud[-1]) + 1) * _FRAME / SAMPLE_RATE)
        return replace(piece, start=start, end=max(start, end))

    return tuple(map(trimmed, pieces))
