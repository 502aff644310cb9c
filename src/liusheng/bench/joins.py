"""Recordings joined at random: does a recogniser hear every sentence of several?

A model that ends its text at a pause, or that takes a quiet speaker after a loud one for silence,
loses whole sentences, which single recordings do not show.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from liusheng.asr.types import SAMPLE_RATE
from liusheng.audio.pcm import Samples, samples_to_pcm
from liusheng.audio.wav import open_wav
from liusheng.bench.recordings import Recording, read_samples

_PAUSE = (0.2, 1.5)
"""Seconds between two recordings."""
_QUIETER = 20.0
"""Decibels by which one recording may be quieter than another."""
_LEVEL = -26.0
"""Level of the loudest, in decibels below full scale."""
_FLOOR = 10 ** (-75 / 20)
"""Amplitude of the noise in a pause: no microphone gives zeros."""
_LONGEST = 15.0
"""Seconds of a recording that is joined; longer ones are several sentences themselves."""


def join(
    recordings: Sequence[Recording], count: int, folder: Path, seed: int = 0
) -> list[Recording]:
    """Write `count` pairs and triples of recordings, for each language, into a folder.

    Returns:
        them, with the references of their sources as `parts`.

    Raises:
        ValueError: a language has fewer than three recordings of up to 15 s.
        DecodeError, OSError: a recording cannot be read.
    """
    generator = random.Random(seed)
    sources: dict[str, list[tuple[Recording, Samples]]] = {}
    for recording in recordings:
        samples = read_samples(recording.path)
        if len(samples) <= _LONGEST * SAMPLE_RATE:
            sources.setdefault(recording.lang, []).append((recording, samples))
    joined = []
    for lang in sorted({recording.lang for recording in recordings}):
        own = sources.get(lang, [])
        if len(own) < 3:
            raise ValueError(
                f"joins need three recordings of up to {_LONGEST:g} s in {lang}; "
                f"there are {len(own)}"
            )
        joined += [_join(generator, own, folder / f"{lang}-{n}.wav") for n in range(count)]
    return joined


def _join(
    generator: random.Random, sources: Sequence[tuple[Recording, Samples]], path: Path
) -> Recording:
    chosen = generator.sample(sources, generator.choice((2, 3)))
    noise = np.random.default_rng(generator.randrange(1 << 32))
    audio: list[Samples] = []
    for number, (_, samples) in enumerate(chosen):
        if number:
            pause = noise.normal(0, _FLOOR, int(generator.uniform(*_PAUSE) * SAMPLE_RATE))
            audio.append(pause.astype(np.float32))
        audio.append(_at_level(samples, _LEVEL - generator.uniform(0, _QUIETER)))
    with open_wav(path, SAMPLE_RATE) as wav:
        wav.write(samples_to_pcm(np.concatenate(audio)))
    parts = tuple(recording.reference for recording, _ in chosen)
    name = "+".join(recording.id for recording, _ in chosen)
    return Recording(name, chosen[0][0].lang, path, " ".join(parts), parts)


def _at_level(samples: Samples, level: float) -> Samples:
    """Return audio whose loud tenths of a second have a level (decibels below full scale)."""
    block = SAMPLE_RATE // 10
    blocks = samples[: len(samples) // block * block].reshape(-1, block)
    power = float(np.percentile(np.square(blocks).mean(axis=1), 80)) if len(blocks) else 0.0
    if not power:
        return samples
    return np.asarray(samples * np.float32(np.sqrt(10 ** (level / 10) / power)), np.float32)
