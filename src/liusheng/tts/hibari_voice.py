"""English voices of the hibari-tts package, a clause at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from liusheng.tts.text.types import Clause
from liusheng.tts.types import SAMPLE_RATE, Samples
from liusheng.tts.voice import punctuated

_SEED = 1
"""Of the noise in breath and fricatives; fixed, so that the same clause is the same audio."""

_MAX_PHONEMES = 160
"""About ten seconds: what one `next` may cost. Only text without any punctuation is longer."""


class HibariVoice:
    """A voice of hibari-tts. It reads the files it is given and never fetches any.

    Args:
        name: one of the package's voices: "heart", "emma", ...
        model: the voice's ONNX file.

    Raises:
        ValueError: there is no such voice, or the package has changed under us.
    """

    languages = ("en",)

    def __init__(self, name: str, model: Path) -> None:
        import hibari
        from hibari.voices import VOICES

        if name not in VOICES:
            raise ValueError(
                f"hibari-tts has no voice {name!r}; it has {', '.join(sorted(VOICES))}"
            )
        if hibari.SAMPLE_RATE != SAMPLE_RATE:
            raise ValueError(f"hibari-tts speaks at {hibari.SAMPLE_RATE} Hz, not {SAMPLE_RATE} Hz")
        self.name = name
        self.gender: str = VOICES[name]["gender"]
        self._engine: Any = hibari.Hibari(voice=name, model=str(model), threads=1)

    def speak(self, clause: Clause, *, speed: float, urgent: bool) -> Iterator[Samples]:
        del urgent  # a whole clause takes as long as another voice's first block
        noise = np.random.default_rng(_SEED)
        for sentence in self._engine.phonemize(punctuated(clause)):
            for phonemes in split_phonemes(sentence, _MAX_PHONEMES):
                audio = self._engine.from_ids(self._engine.ids(phonemes), speed, noise)
                if len(audio):
                    yield np.asarray(audio, np.float32)


def split_phonemes(phonemes: str, limit: int) -> list[str]:
    """Cut phonemes into pieces of at most `limit` characters, between words where there are any."""
    pieces: list[str] = []
    for word in re.findall(r"\S+\s*", phonemes):
        if pieces and len(pieces[-1]) + len(word) <= limit:
            pieces[-1] += word
        else:
            pieces += [word[i : i + limit] for i in range(0, len(word), limit)]
    return pieces
