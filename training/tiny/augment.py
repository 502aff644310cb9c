"""Makes training examples of utterances: strung together, and sounding different each time.

What a real microphone would add, drawn anew for each example: speed and pitch together, rooms,
noise of several kinds, other people talking, telephone lines, gain, clipping, pauses.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.signal import oaconvolve

from training.tiny.vocabulary import GARBAGE, TRAINED
from training.tiny.voices import RATE

Samples = NDArray[np.float32]
_NOISE_SECONDS = 20
_SHARES = {
    ("digits", "zh"): 27,
    ("digits", "en"): 22,
    ("commands", "zh"): 12,
    ("commands", "en"): 10,
    ("other", "zh"): 16,
    ("other", "en"): 13,
}
"""How often each kind is said, whatever there is more of; the synthesisers share alike."""
_IDS = {token: number for number, token in enumerate(TRAINED)}


@dataclass(frozen=True)
class Utterance:
    """Samples as they were made (int16, 16 kHz, nothing around them), and what they say.

    source: the synthesiser.
    parts: what it falls into at its pauses, if it has any.
    """

    pcm: NDArray[np.int16]
    tokens: tuple[str, ...]
    language: str
    kind: str
    source: str
    parts: tuple[Utterance, ...] = ()

    @property
    def samples(self) -> Samples:
        """The samples in [-1, 1]."""
        return np.asarray(self.pcm / np.float32(32768), np.float32)


class Augmenter:
    """Makes examples of `utterances`, from random numbers of its own.

    hardness: 0 for clean short examples, which a beginner needs, to 1.
    """

    def __init__(self, utterances: Sequence[Utterance], seed: int) -> None:
        self._utterances = utterances
        pools: dict[tuple[str, str, str], list[Utterance]] = {}
        for each in utterances:
            pools.setdefault((each.kind, each.language, each.source), []).append(each)
        self._pools = list(pools.values())
        sources = Counter((kind, language) for kind, language, _ in pools)
        shares = np.array([_SHARES[key[:2]] / sources[key[:2]] for key in pools])
        self._shares = shares / shares.sum()
        self.hardness = 1.0
        self._rng = np.random.default_rng(seed)
        self._noises = [noise(_NOISE_SECONDS * RATE, self._rng) for _ in range(24)]

    def example(self) -> tuple[Samples, list[int]]:
        """Return samples and the numbers of the tokens that they say."""
        rng = self._rng
        if rng.random() < 0.05:
            return self._finish(np.zeros(int(RATE * rng.uniform(1, 6)), np.float32)), []
        wanted = RATE * rng.choice([1.0, 3.0, 6.0]) * (0.4 + 0.6 * self.hardness)
        pieces = [self._pause(0.0, 0.8)]
        labels: list[int] = []
        while True:
            samples, tokens = self._spoken(begins=not labels)
            pieces.append(samples)
            labels += tokens
            if sum(map(len, pieces)) > wanted:
                break
            # Words are said in the middle of other speech, too.
            pieces.append(self._pause(0.0, 0.1) if rng.random() < 0.2 else self._pause(0.15, 1.2))
        pieces.append(self._pause(0.35, 1.0))
        return self._finish(np.concatenate(pieces)), labels

    def perturbed(self, utterance: Utterance) -> Samples:
        """Return one utterance as an example would have it, with pauses around it."""
        pieces = [self._pause(0.1, 0.5), self._altered(utterance.samples), self._pause(0.4, 0.8)]
        return self._finish(np.concatenate(pieces))

    def _pause(self, least: float, most: float) -> Samples:
        return np.zeros(int(RATE * self._rng.uniform(least, most)), np.float32)

    def _spoken(self, *, begins: bool) -> tuple[Samples, list[int]]:
        """Return an utterance, or the end of one, with its own speed, room and loudness."""
        rng = self._rng
        pool = self._pools[rng.choice(len(self._pools), p=self._shares)]
        utterance = pool[rng.integers(len(pool))]
        if utterance.parts and rng.random() < 0.5:
            utterance = utterance.parts[rng.integers(len(utterance.parts))]
        samples = utterance.samples
        tokens = [_IDS[token] for token in utterance.tokens]
        if begins and utterance.kind == "other" and len(tokens) > 2 and rng.random() < 0.4:
            # The recogniser begins anew in the middle of other speech, too.
            samples = samples[int(len(samples) * rng.uniform(0.1, 0.6)) :]
            tokens = [_IDS[GARBAGE]] * max(1, len(tokens) // 2)
        return self._altered(samples), tokens

    def _altered(self, samples: Samples) -> Samples:
        rng = self._rng
        if rng.random() < 0.85:
            samples = resampled(samples, rng.uniform(0.72, 1.2))
        if rng.random() < 0.5 * self.hardness:
            samples = in_room(samples, rng)
        return np.asarray(samples * 10 ** (rng.uniform(-6, 6) / 20), np.float32)

    def _finish(self, samples: Samples) -> Samples:
        rng = self._rng
        power = float(np.sqrt((samples**2).mean())) or 0.05
        silent = rng.random() < 0.15  # digital silence between and around the words
        if not silent:
            level = power * 10 ** (-rng.uniform(25 - 20 * self.hardness, 40) / 20)
            samples = samples + np.float32(level) * self._noise(len(samples))
            if rng.random() < 0.15 * self.hardness:
                samples = samples + power * 10 ** (-rng.uniform(3, 30) / 20) * sounds(
                    len(samples), rng
                )
            if rng.random() < 0.15 * self.hardness:
                samples = samples + self._babble(len(samples)) * np.float32(
                    power * 10 ** (-rng.uniform(12, 28) / 20)
                )
        if rng.random() < 0.45 * self.hardness:
            samples = through_line(samples, rng)
        peak = float(np.abs(samples).max()) or 1.0
        samples = samples / peak * 10 ** (-rng.uniform(0, 30) / 20)
        if rng.random() < 0.05:
            samples = np.clip(samples * rng.uniform(1.5, 4), -1, 1)
        return (np.rint(np.clip(samples, -1, 1) * 32767) / 32768).astype(np.float32)

    def _noise(self, count: int) -> Samples:
        made = self._noises[self._rng.integers(len(self._noises))]
        made = np.roll(made, self._rng.integers(len(made)))[:count]
        made = np.resize(made, count)
        if self._rng.random() < 0.3:  # coming and going
            knots = self._rng.uniform(0.1, 1, count // 4000 + 2)
            steps = np.arange(len(knots)) * 4000
            made = made * np.interp(np.arange(count), steps, knots).astype(np.float32)
        return made

    def _babble(self, count: int) -> Samples:
        chosen = self._rng.integers(len(self._utterances), size=6)
        lines = [np.resize(self._utterances[each].samples, count) for each in chosen]
        total = np.sum(lines[: self._rng.integers(2, 7)], 0, dtype=np.float32)
        return np.asarray(total / max(float(total.std()), 1e-6), np.float32)


def resampled(samples: Samples, factor: float) -> Samples:
    """Play `factor` times as fast, with the pitch that goes with it."""
    places = np.arange(0, len(samples) - 1, factor)
    return np.asarray(np.interp(places, np.arange(len(samples)), samples), np.float32)


def in_room(samples: Samples, rng: np.random.Generator) -> Samples:
    """Add a few early reflections and a tail of noise that dies away in 0.1 to 0.7 s."""
    seconds = rng.uniform(0.1, 0.7)
    count = int(RATE * seconds)
    decay = np.exp(-6.9 * np.arange(count) / count)
    tail = rng.standard_normal(count) * decay
    tail[: int(RATE * rng.uniform(0.002, 0.02))] = 0
    for _ in range(rng.integers(0, 6)):
        tail[rng.integers(10, int(RATE * 0.04))] += rng.uniform(-3, 3)
    tail *= 10 ** (rng.uniform(-20, -1) / 20) / np.sqrt((tail**2).sum())
    tail[0] = 1
    heard = oaconvolve(samples, tail.astype(np.float32))
    return np.asarray(heard, np.float32)[: len(samples) + count // 3]


def noise(count: int, rng: np.random.Generator) -> Samples:
    """Return noise of deviation 1, from white to brown."""
    spectrum = fft.rfft(rng.standard_normal(count, np.float32))
    frequencies = np.maximum(np.arange(len(spectrum), dtype=np.float32) * RATE / count, 30)
    made = fft.irfft(spectrum / frequencies ** np.float32(rng.choice([0, 0.5, 0.5, 1.0])), count)
    return np.asarray(made / made.std(), np.float32)


def sounds(count: int, rng: np.random.Generator) -> Samples:
    """Return what is no voice, of deviation 1: hum, tones like music, or clicks like keys."""
    time = np.arange(count, dtype=np.float32) / RATE
    made = np.zeros(count, np.float32)
    kind = rng.integers(3)
    if kind == 0:
        for harmonic in range(1, 8):
            made += np.sin(2 * np.pi * harmonic * rng.choice([50, 60]) * time) / harmonic
    elif kind == 1:
        length = int(RATE * rng.uniform(0.12, 0.5))
        for begin in range(0, count, length):
            part = time[begin : begin + length] - time[begin]
            for _ in range(rng.integers(1, 4)):
                pitch = 110 * 2 ** (rng.integers(0, 36) / 12)
                for harmonic in range(1, 4):
                    tone = np.sin(2 * np.pi * harmonic * pitch * part) * np.exp(-4 * part)
                    made[begin : begin + length] += tone / harmonic
    else:
        for _ in range(max(1, int(count / RATE * rng.uniform(2, 8)))):
            length = int(RATE * rng.uniform(0.003, 0.03))
            begin = int(rng.integers(max(1, count - length)))
            click = rng.standard_normal(length) * np.exp(-5 * np.arange(length) / length)
            made[begin : begin + length] += click[: count - begin]
    return made / max(float(made.std()), 1e-6)


def through_line(samples: Samples, rng: np.random.Generator) -> Samples:
    """Limit the band as telephones and cheap microphones do, and tilt the spectrum."""
    size = fft.next_fast_len(len(samples), real=True)
    spectrum = fft.rfft(samples, size)
    frequencies = np.linspace(0, RATE / 2, len(spectrum), dtype=np.float32)
    high = rng.choice([3400, 3400, 3800, 5500, 7000, 9000])
    low = rng.choice([0, 60, 150, 300])
    shape = 1 / (1 + np.exp((frequencies - high) / 60)) / (1 + np.exp((low - frequencies) / 30))
    shape *= 10 ** (rng.uniform(-12, 12) * (frequencies / 8000 - 0.3) / 20)
    made = fft.irfft(spectrum * shape.astype(np.float32), size)[: len(samples)]
    if rng.random() < 0.3:  # G.711, u-law: 8 bits on a logarithmic scale
        scale = max(float(np.abs(made).max()), 1e-6) / rng.uniform(0.2, 1)
        small = np.sign(made) * np.log1p(255 * np.abs(made / scale)) / np.log(256)
        small = np.rint(small * 127) / 127
        made = np.sign(small) * np.expm1(np.abs(small) * np.log(256)) / 255 * scale
    return np.asarray(made, np.float32)
