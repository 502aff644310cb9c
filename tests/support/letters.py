"""Speech whose every letter is a level, and an engine that reads it exactly.

What is done to a model's text and windows can be seen with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from liusheng.asr.capabilities import Batching
from liusheng.asr.offline.engine import Decoded, Effort, Window
from liusheng.asr.text.pieces import Piece
from liusheng.asr.types import SAMPLE_RATE
from liusheng.asr.vad.segments import FRAME
from liusheng.audio.pcm import Samples

LETTER = 5 * FRAME
"""Samples that a letter of our speech lasts."""


def speak(text: str) -> Samples:
    """Return audio that the engines here understand: a level for each letter, zeros for a space."""
    return np.concatenate(
        [np.full(LETTER, 0 if c == " " else ord(c) / 200, np.float32) for c in text]
        or [np.zeros(0, np.float32)]
    )


class LetterEngine:
    """Reads the levels. With `doubt`, a partial's last letters come out wrong, and then right."""

    name = "letters"
    languages: tuple[str, ...] = ("en",)
    max_seconds = 28.0
    punctuates = False
    translates = False
    batching = Batching.DECODER

    def __init__(self, doubt: int = 0) -> None:
        self.doubt = doubt
        self.decodes: list[tuple[Effort, float]] = []
        self.windows: list[Window] = []

    def prepare(self, window: Window, effort: Effort) -> Window:
        return replace(window, encoded=self._read(window.samples, effort))

    def decode(self, windows: Sequence[Window], effort: Effort) -> list[Decoded]:
        self.windows += windows
        self.decodes += [(effort, len(w.samples) / SAMPLE_RATE) for w in windows]
        return [Decoded(w.encoded or self._read(w.samples, effort), "en") for w in windows]

    def _read(self, samples: Samples, effort: Effort) -> tuple[Piece, ...]:
        levels = np.rint(samples * 200).astype(int)
        edges = np.flatnonzero(np.diff(levels, prepend=-1, append=-1))
        pieces = []
        for start, end in pairwise(edges.tolist()):
            # Half a letter or less is heard by the window that has the rest of it.
            if levels[start] and 2 * (end - start) > LETTER:
                text = " " + chr(levels[start])
                pieces.append(Piece(text, start / SAMPLE_RATE, end / SAMPLE_RATE))
        if effort is Effort.PARTIAL and self.doubt:
            doubtful = len(samples) // FRAME % (self.doubt + 1)
            for i in range(max(0, len(pieces) - doubtful), len(pieces)):
                pieces[i] = Piece(f" {doubtful}", pieces[i].start, pieces[i].end)
        return tuple(pieces)
