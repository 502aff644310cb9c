"""The synthesisers: Kokoro-82M with mixed voices and hibari-tts for training, eSpeak NG for tests.

A style vector of Kokoro's has two halves: the first 128 numbers are the timbre, the others the
prosody. Prosody is mixed from the language's own voices, timbre from all of them, which gives many
more voices than the eight Mandarin ones.
"""

from __future__ import annotations

import io
import json
import random
import subprocess
from collections.abc import Sequence
from pathlib import Path

import hibari
import hibari.dsp
import numpy as np
import onnxruntime
import soundfile
import soxr
from numpy.typing import NDArray

RATE = 16000
"""Samples a second of everything that is made."""

_KOKORO_RATE = 24000
_TIMBRE = 128
_QUIET = 0.01
_MARGIN = 0.04
_VOICED = 40.0
"""Hertz: hibari's pitch is lower only where there is no voice."""

_LOW = 100
"""Bins of hibari's spectra (20 Hz each) in which harmonics are seen."""

_AMERICAN = {"ɔː": "ɔɹ", "ɑː": "ɑɹ", "Q": "O", "ɒ": "ɑ"}
"""Sounds that the voice `heart` was not trained on, and what it says for them."""

HELD_OUT = frozenset("zf_xiaoyi zm_yunxia am_michael am_onyx af_bella bf_emma bm_george".split())
"""Voices that training never hears, in no mixture."""

_ESPEAK_LANGUAGES = {"zh": ["cmn"], "en": ["en-us", "en-gb", "en-gb-scotland", "en-029"]}
_ESPEAK_VARIANTS = [*(f"m{i}" for i in range(1, 8)), *(f"f{i}" for i in range(1, 6))]

_NATIVE = {"zh": ("zf_", "zm_"), "en": ("af_", "am_", "bf_", "bm_")}

Samples = NDArray[np.float32]


class Kokoro:
    """Kokoro-82M.

    Args:
        folder: of Liusheng's model kokoro-82m: kokoro.onnx, vocab.json and voices/*.bin.
    """

    def __init__(self, folder: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(folder / "kokoro.onnx"), options)
        self._ids = json.loads((folder / "vocab.json").read_text("utf-8"))["vocab"]
        self._styles = {
            path.stem: np.fromfile(path, np.float32).reshape(-1, 256)
            for path in sorted((folder / "voices").glob("*.bin"))
        }

    def training_voice(self, rng: random.Random, language: str) -> tuple[str, Samples]:
        """Return a name and a style (lengths, 256) mixed at random."""
        native = self._natives(language, held_out=False)
        a, b = rng.sample(native, 2)
        share = rng.choice([0.0, rng.uniform(0.1, 0.9)])
        style = share * self._styles[a] + (1 - share) * self._styles[b]
        name = f"{a}*{share:.2f}+{b}"
        if rng.random() < 0.65:
            c, d = rng.sample([name for name in self._styles if name not in HELD_OUT], 2)
            part = rng.uniform(0, 1)
            mixed = part * self._styles[c] + (1 - part) * self._styles[d]
            own = rng.uniform(0, 0.5)
            style[:, :_TIMBRE] = own * style[:, :_TIMBRE] + (1 - own) * mixed[:, :_TIMBRE]
            name += f"/{c}*{part:.2f}+{d}"
        return name, style

    def held_out_voice(self, rng: random.Random, language: str) -> tuple[str, Samples]:
        """Return the name and the style (lengths, 256) of one that training never hears."""
        name = rng.choice(self._natives(language, held_out=True))
        return name, self._styles[name]

    def speak(self, phonemes: str, style: Samples, speed: float) -> Samples:
        """Say phonemes; at 16 kHz, without the silence around them."""
        ids = [self._ids[each] for each in phonemes if each in self._ids]
        audio = self._session.run(
            None,
            {
                "tokens": np.array([[0, *ids, 0]]),
                "style": style[len(ids)][None],
                "speed": np.array([speed], np.float32),
            },
        )[0]
        return _finished(audio.ravel(), _KOKORO_RATE)

    def _natives(self, language: str, *, held_out: bool) -> list[str]:
        return [
            name
            for name in self._styles
            if name.startswith(_NATIVE[language]) and (name in HELD_OUT) == held_out
        ]


class Hibari:
    """hibari-tts's voice `heart`, English only, fifty times as fast, made into many voices.

    The model gives a pitch and spectra apart, so that the pitch can be moved (a man's is about
    half) and the spectra stretched (a longer vocal tract has lower formants).
    """

    def __init__(self) -> None:
        self._engine = hibari.Hibari(voice="heart", threads=1)

    def speak(self, phonemes: str, speed: float, rng: random.Random) -> tuple[str, Samples]:
        """Say phonemes as somebody; at 16 kHz, without the silence around them."""
        pitch = rng.choice([1.0, rng.uniform(0.45, 1.35), rng.uniform(0.45, 1.35)])
        liveliness = rng.uniform(0.5, 1.4)
        tract = rng.uniform(0.85, 1.0) if pitch < 0.8 else rng.uniform(0.9, 1.2)
        for british, american in _AMERICAN.items():
            phonemes = phonemes.replace(british, american)
        ids = np.asarray([self._engine.ids(phonemes)], np.int64)
        outputs = self._engine.sess.run(None, {"ids": ids, "speed": np.array([speed], np.float32)})
        harmonic, theta, breath, rest, phase, f0 = (output[0] for output in outputs)
        if pitch != 1:
            voiced = f0 > _VOICED
            middle = float(np.exp(np.log(f0[voiced]).mean())) if voiced.any() else 1.0
            moved = middle * pitch * (np.maximum(f0, 1) / middle) ** liveliness
            f0 = np.where(voiced, np.maximum(moved, _VOICED + 10), f0).astype(np.float32)
            # What the model adds to pulses and noise has something of the old pitch in it.
            rest = rest.copy()
            rest[:_LOW, voiced] -= 1.5
        if tract != 1:
            harmonic, breath, rest = (_stretched(each, tract) for each in (harmonic, breath, rest))
        noise = np.random.default_rng(rng.getrandbits(32))
        audio = hibari.dsp.synth(harmonic, theta, breath, rest, phase, f0, noise)
        return f"heart*{pitch:.2f}/{tract:.2f}", _finished(audio, hibari.SAMPLE_RATE)


def _stretched(spectra: Samples, factor: float) -> Samples:
    """Move what is at a frequency to `factor` times that; (bins, frames)."""
    bins = len(spectra)
    source = np.minimum(np.arange(bins) / factor, bins - 1)
    below = source.astype(int)
    above = np.minimum(below + 1, bins - 1)
    share = (source - below)[:, None]
    return np.asarray((1 - share) * spectra[below] + share * spectra[above], np.float32)


class Espeak:
    """The program espeak-ng, a synthesiser that training never hears; digits and commands only."""

    def speak(self, words: Sequence[str], language: str, rng: random.Random) -> tuple[str, Samples]:
        """Say words with a voice of the language; return its name too."""
        voice = f"{rng.choice(_ESPEAK_LANGUAGES[language])}+{rng.choice(_ESPEAK_VARIANTS)}"
        speed, pitch = rng.randint(110, 190), rng.randint(30, 70)
        text = rng.choice([", ", " "]).join(words)
        command = ["espeak-ng", "--stdout", "-v", voice, "-s", str(speed), "-p", str(pitch), text]
        wav = subprocess.run(command, check=True, capture_output=True).stdout
        audio, rate = soundfile.read(io.BytesIO(wav), dtype="float32")
        return voice, _finished(audio, rate)


def _finished(audio: Samples, rate: int) -> Samples:
    samples = np.asarray(soxr.resample(audio, rate, RATE), np.float32)
    samples = samples / max(float(np.abs(samples).max()), 1e-6)
    (loud,) = np.nonzero(np.abs(samples) > _QUIET)
    margin = int(_MARGIN * RATE)
    return 0.7 * samples[max(0, loud[0] - margin) : loud[-1] + margin]


def joined(pieces: Sequence[Samples]) -> tuple[NDArray[np.int16], NDArray[np.int64]]:
    """Return utterances end to end as 16-bit samples, and the offsets that part them."""
    offsets = np.cumsum([0, *map(len, pieces)])
    return (np.concatenate(pieces) * 32767).astype(np.int16), offsets
