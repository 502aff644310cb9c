"""English voices of the hibari-tts package, a clause at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from liusheng.audio.pcm import Samples
from liusheng.tts.misaki import english
from liusheng.tts.text.types import Clause
from liusheng.tts.trim import TrimmedBlocks, silence
from liusheng.tts.types import SAMPLE_RATE
from liusheng.tts.voice import punctuated

_SEED = 1
"""Seed of the noise in breath and fricatives; fixed, so that audio is reproducible."""

_PASS_PHONEMES = 60
"""Phonemes in one pass of the network where there is a comma to cut at: three to four seconds."""

_MAX_PASS_PHONEMES = 160
"""Phonemes in one pass where there is no comma: about ten seconds."""

_PASS_PAUSE = 0.15
"""Seconds of silence between two passes."""


class HibariVoice:
    """A voice of hibari-tts. It reads the model file that it is given and downloads nothing.

    Args:
        name: one of the package's voices: "heart", "emma", ...
        model: the voice's ONNX file.

    Raises:
        ValueError: there is no such voice, or the package's sample rate is not ours.
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
            raise ValueError(
                f"hibari-tts gives audio at {hibari.SAMPLE_RATE} Hz, not {SAMPLE_RATE} Hz"
            )
        self.name = name
        self.gender: str = VOICES[name]["gender"]
        g2p = english.front_end(british=VOICES[name]["british"])
        self._engine: Any = hibari.Hibari(voice=name, model=str(model), threads=1, g2p=g2p)

    def speak(self, clause: Clause, *, speed: float, urgent: bool) -> Iterator[Samples]:
        """See `ClauseVoice.speak`."""
        del urgent  # a pass is already as short as another voice's first block
        noise = np.random.default_rng(_SEED)
        spoken = False
        for sentence in self._engine.phonemize(punctuated(clause)):
            for phonemes in split_phonemes(sentence):
                if not any(map(str.isalpha, phonemes)):
                    continue  # the model makes a noise of punctuation alone
                audio = self._engine.from_ids(self._engine.ids(phonemes), speed, noise)
                if spoken:
                    yield silence(_PASS_PAUSE / speed)
                # The model puts a third of a second of silence around each pass.
                for block in TrimmedBlocks([audio]):
                    spoken = True
                    yield block

    def phones(self, clause: Clause) -> list[str]:
        """See `PhoneticVoice.phones`: IPA, as hibari-tts writes it."""
        return list(self._engine.phonemize(punctuated(clause)))


def split_phonemes(phonemes: str) -> list[str]:
    """Cut a sentence's phonemes into the input of one pass each: at commas where that is enough,
    else between words."""
    pieces: list[str] = []
    for clause in re.findall(r".+?(?:[,;:—]\s+|$)", phonemes):
        if pieces and len(pieces[-1]) + len(clause) <= _PASS_PHONEMES:
            pieces[-1] += clause
        else:
            pieces.append(clause)
    return [part for piece in pieces for part in _between_words(piece)]


def _between_words(phonemes: str) -> list[str]:
    parts: list[str] = []
    for word in re.findall(r"\S+\s*", phonemes):
        if parts and len(parts[-1]) + len(word) <= _MAX_PASS_PHONEMES:
            parts[-1] += word
        else:
            parts += [
                word[i : i + _MAX_PASS_PHONEMES] for i in range(0, len(word), _MAX_PASS_PHONEMES)
            ]
    return parts
