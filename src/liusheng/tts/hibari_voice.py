"""English voices of the hibari-tts package, a clause at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from liusheng.tts.text.types import Clause
from liusheng.tts.trim import TrimmedBlocks, silence
from liusheng.tts.types import SAMPLE_RATE, Samples
from liusheng.tts.voice import punctuated

_SEED = 1
"""Of the noise in breath and fricatives; fixed, so that the same clause is the same audio."""

_CLAUSE = 60
"""Phonemes that go into one pass where there is a comma to cut at: three to four seconds."""

_MOST = 160
"""Phonemes that go into one pass even where there is none: about ten seconds."""

_COMMA = 0.15
"""Seconds between two passes."""


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
        del urgent  # a first pass takes as long as another voice's first block
        noise = np.random.default_rng(_SEED)
        spoken = False
        for sentence in self._engine.phonemize(punctuated(clause)):
            for phonemes in split_phonemes(sentence):
                if not any(map(str.isalpha, phonemes)):
                    continue  # marks alone would be spoken as a noise
                audio = self._engine.from_ids(self._engine.ids(phonemes), speed, noise)
                if spoken:
                    yield silence(_COMMA / speed)
                # The model puts a third of a second of silence around whatever it says.
                for block in TrimmedBlocks([audio]):
                    spoken = True
                    yield block

    def phones(self, clause: Clause) -> list[str]:
        """See `PhoneticVoice`: IPA, as hibari-tts writes it."""
        return list(self._engine.phonemize(punctuated(clause)))


def split_phonemes(phonemes: str) -> list[str]:
    """Cut a sentence's phonemes into what is spoken in one pass each: at commas where that is
    enough, else between words."""
    pieces: list[str] = []
    for clause in re.findall(r".+?(?:[,;:—]\s+|$)", phonemes):
        if pieces and len(pieces[-1]) + len(clause) <= _CLAUSE:
            pieces[-1] += clause
        else:
            pieces.append(clause)
    return [part for piece in pieces for part in _between_words(piece)]


def _between_words(phonemes: str) -> list[str]:
    parts: list[str] = []
    for word in re.findall(r"\S+\s*", phonemes):
        if parts and len(parts[-1]) + len(word) <= _MOST:
            parts[-1] += word
        else:
            parts += [word[i : i + _MOST] for i in range(0, len(word), _MOST)]
    return parts
