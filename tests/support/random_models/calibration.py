"""Fit the output layer of a random model: tokens in sound, blanks in silence.

The sound is synthetic: syllables of a buzzing voice with pauses between phrases, which have the
rhythm, spectrum and level of speech.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from liusheng.models.recipes.onnx_graph import INT64
from tests.support.random_models.encoders import MELS, Encoder

Floats = npt.NDArray[np.float32]
RATE = 16_000


def babble(seconds: float, seed: int = 0) -> Floats:
    """Return sound like speech: float32 in [-1, 1], 16 kHz, shape (n,).

    Phrases of 1 to 2.5 s of syllables, pauses of 0.3 to 1.8 s, faint noise throughout.
    """
    random = np.random.default_rng(seed)
    n = int(seconds * RATE)
    envelope = np.zeros(n, np.float32)
    pitch = np.full(n, 120.0)
    formant = np.full(n, 700.0)
    at = int(0.3 * RATE)
    while at < n:
        end = at + int(random.uniform(1.0, 2.5) * RATE)
        while at < min(end, n):
            length = int(random.uniform(0.12, 0.28) * RATE)
            here = slice(at, min(at + length, n))
            shape = np.hanning(length)[: here.stop - here.start]
            envelope[here] = random.uniform(0.5, 1.0) * np.sqrt(shape)
            pitch[here] = random.uniform(90, 220)
            formant[here] = random.uniform(300, 2500)
            at += length
        at += int(random.uniform(0.3, 1.8) * RATE)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    loud = envelope > 0
    phase, pitch, formant = phase[loud], pitch[loud], formant[loud]
    voice = np.zeros(n)
    voice[loud] = sum(
        np.sin(k * phase) * np.exp(-(((k * pitch - formant) / 600) ** 2)) for k in range(1, 25)
    )
    noise = random.standard_normal(n)
    sound = envelope * (0.12 * voice + 0.02 * noise) + 2e-4 * noise
    return np.asarray(np.clip(sound, -1, 1), np.float32)


@dataclass(frozen=True)
class Sound:
    """The sound that models are calibrated on.

    frames: log-mel features as sherpa-onnx computes them, shape (n, 80).
    voiced: for each feature frame whether there is sound, shape (n,).
    """

    frames: Floats
    voiced: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, frames: Floats) -> Sound:
        """Separate sound from pauses at the level half-way between quiet and loud frames."""
        energy = frames.mean(1)
        low, high = np.quantile(energy, (0.05, 0.95))
        return cls(frames, energy > (low + high) / 2)

    @property
    def seconds(self) -> float:
        """Seconds of sound, pauses not counted."""
        return float(self.voiced.sum()) / 100


@cache
def features(seconds: float = 12.0, seed: int = 1) -> Sound:
    """Return features of babble: Kaldi's filter bank, with sherpa-onnx's settings."""
    return Sound.of(filter_bank(babble(seconds, seed)))


def filter_bank(samples: Floats) -> Floats:
    """Return log energies of 80 mel bands every 10 ms, shape (n, 80), as Kaldi computes them.

    25 ms Povey windows, pre-emphasis 0.97, 20 to 7600 Hz, no dither (Kaldi's feature-fbank.cc).
    """
    length, hop, size = 400, 160, 512
    count = 1 + (len(samples) - length) // hop
    index = np.arange(length) + hop * np.arange(count)[:, None]
    frames = samples[index] - samples[index].mean(1, keepdims=True)
    frames -= 0.97 * np.concatenate([frames[:, :1], frames[:, :-1]], 1)
    power = np.abs(np.fft.rfft(frames * np.hanning(length) ** 0.85, size)) ** 2

    def mel(hertz: npt.ArrayLike) -> npt.NDArray[np.float64]:
        return 1127 * np.log1p(np.asarray(hertz) / 700)

    edges = np.linspace(mel(20), mel(7600), MELS + 2)
    bins = mel(np.arange(size // 2 + 1) * RATE / size)
    rise = (bins[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    fall = (edges[2:] - bins[:, None]) / (edges[2:] - edges[1:-1])
    banks = np.maximum(0, np.minimum(rise, fall))
    return np.asarray(np.log(np.maximum(power @ banks, np.finfo(np.float32).eps)), np.float32)


def hidden_frames(path: Path, encoder: Encoder, sound: Sound) -> Floats:
    """Run an encoder over sound, chunk by chunk; return its first output, shape (n, width)."""
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [value.name for value in session.get_inputs()]
    states = [
        np.zeros(
            [1 if isinstance(axis, str) else axis for axis in state.shape],
            np.int64 if state.dtype == INT64 else np.float32,
        )
        for state in encoder.states
    ]
    outputs = []
    skipped = len(session.get_outputs()) - 1 - len(states)  # NeMo gives lengths second
    for at in range(0, len(sound.frames) - encoder.frames, encoder.shift):
        x = sound.frames[None, at : at + encoder.frames]
        if skipped:
            x = x.transpose(0, 2, 1)
            given = [x, np.array([encoder.frames]), *states]
        else:
            given = [x, *states]
        out, *rest = session.run(None, dict(zip(names, given, strict=True)))
        states = rest[skipped:]
        outputs.append(out[0])
    return np.concatenate(outputs)


def random_head(hidden: Floats, sound: Sound, tokens: int, seed: int) -> tuple[Floats, Floats]:
    """Return an output layer, weights (width, tokens) and biases (tokens,), for hidden frames.

    The tokens' logits are random mixtures of the whitened frames, as random encoders' outputs vary
    little around their mean and one token would win always. The blank (0) falls by about 60 from
    silence to sound (a ridge regression of "silence" on the frames), the other special symbols
    (1, 2) never win.
    """
    random = np.random.default_rng(seed + 1)
    mean = hidden.mean(0)
    centred = (hidden - mean).astype(np.float64)
    variance, axes = np.linalg.eigh(centred.T @ centred / len(centred))
    floor = 0.01 * variance[-1]
    whitening = axes / np.sqrt(variance + floor)
    mixtures = random.standard_normal((len(mean), tokens)) * 6 / np.sqrt(len(mean))
    weight = whitening @ mixtures
    target = _silence(len(hidden), sound)
    correlation = axes.T @ (centred.T @ (target - target.mean()) / len(centred))
    weight[:, 0] = 60 * axes @ (correlation / (variance + floor))
    weight[:, 1:3] = 0
    bias = -mean @ weight
    bias[1:3] = -1e4
    return weight.astype(np.float32), bias.astype(np.float32)


def _silence(count: int, sound: Sound) -> npt.NDArray[np.float64]:
    """Return for each of `count` output frames how much of it is silent."""
    width = round(len(sound.voiced) / count)
    padded = np.resize(sound.voiced, width * count).reshape(count, width)
    return np.asarray(1.0 - padded.mean(1), np.float64)


def rate_of_ctc(logits: Floats, blank: float, sound: Sound) -> float:
    """Return the tokens per second of sound that greedy CTC search finds."""
    shifted = logits.copy()
    shifted[:, 0] += blank
    best = shifted.argmax(1)
    given = (best != 0) & (best != np.concatenate([[0], best[:-1]]))
    return float(given.sum()) / sound.seconds


def search_bias(measured: Callable[[float], float], rate: float) -> float:
    """Find the blank bias at which `measured(bias)`, tokens per second, falls to `rate`."""
    low, high = -120.0, 120.0
    for _ in range(14):
        middle = (low + high) / 2
        if measured(middle) > rate:
            low = middle
        else:
            high = middle
    return high
