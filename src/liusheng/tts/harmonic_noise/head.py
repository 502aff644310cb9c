"""Sound from spectral maps: filtered pulses at F0, filtered noise, and a rest with own phases.

The harmonic-plus-noise model of hibari-tts. For each half frame and bin, lh and theta filter the
spectrum of a train of pulses, ln filters noise, and lr and phi are a spectrum as Vocos predicts it
(Siuzdak, 2023); an inverse Fourier transform makes sound of the sum. `training.voice.head` is the
same in PyTorch.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from liusheng.audio.pcm import Samples
from liusheng.tts.types import SAMPLE_RATE

HOP = 300
"""Samples of a half frame."""

SIZE = 1200
"""Samples of a transform."""

BINS = SIZE // 2 + 1

_OVERLAP = SIZE // HOP
_REACH = _OVERLAP // 2
"""Half frames that a transform reaches to each side of its middle."""

_VOICED = 40.0
"""Hz: F0 is lower only where there is no voice."""

_HIGHEST = 11000.0
"""Hz of the highest harmonic."""

_LOUDEST = 7.0
"""The largest logarithm of a magnitude."""

_NEAR = 2e-3
"""Below this, sin(x) / x is taken for 1."""

_WINDOW = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(SIZE) / SIZE)).astype(np.float32)
_ANALYSIS = _WINDOW / (SIZE / 4)
"""A cosine of amplitude 1 peaks at 1."""

_SYNTHESIS = _WINDOW / np.float32(1.5)
"""The squares of the windows over any sample add up to 1.5."""

_SEED = 1
_NOISE_LENGTH = 1 << 16

Floats = npt.NDArray[np.float32]
Complexes = npt.NDArray[np.complex64]


def _noise() -> Complexes:
    drawn = np.random.default_rng(_SEED).standard_normal((_NOISE_LENGTH + BINS, 2), np.float32)
    return drawn.view(np.complex64)[:, 0]


_NOISE = _noise()
"""Each half frame has another stretch of it: to draw the numbers anew takes ten times as long."""


class Head:
    """The sound of one clause, from its maps in order.

    Half frame t is a transform of the samples around 300 t. All that passes from one to the next
    are sums and a phase, so the sound is the same, however the maps come.

    Args:
        f0: Hz, of every half frame of the clause.
    """

    def __init__(self, f0: Floats) -> None:
        self._f0 = np.pad(f0, (0, 1), mode="edge")
        self._halves = len(f0)
        self._draws = np.random.default_rng(_SEED)
        self._done = 0  # half frames
        self._phase = 0.0  # of the pulses where `_pulses` ends, in turns
        # Pulses and sums that half frames to come need, from the sample 300 * _done - 600.
        self._pulses: Floats = np.zeros(_REACH * HOP, np.float32)
        self._sums: Floats = np.zeros((_OVERLAP - 1, HOP), np.float32)

    def add(self, maps: Floats) -> Samples:
        """Take the maps of the next half frames, shape (n, 5 * 601); return the samples that are
        finished with them: none before the third half frame, 300 for each from then on."""
        count = len(maps)
        pieces = np.fft.irfft(self._spectrum(maps), SIZE, 1).astype(np.float32, copy=False)
        pieces *= _SYNTHESIS
        parts = pieces.reshape(count, _OVERLAP, HOP)
        total = np.concatenate([self._sums, np.zeros((count, HOP), np.float32)])
        for place in range(_OVERLAP):
            total[place : place + count] += parts[:, place]
        before = min(max(0, _REACH - self._done), count)  # what lies before the clause
        self._done += count
        self._sums = total[count:]
        return total[before:count].ravel()

    def rest(self) -> Samples:
        """The last samples of the clause, after all of its maps."""
        return self._sums[:_REACH].ravel()

    def _spectrum(self, maps: Floats) -> Complexes:
        lh, theta, ln, lr, phi = (maps[:, i * BINS : (i + 1) * BINS] for i in range(5))
        found = self._source(len(maps))
        found *= _polar(lh, np.tanh(theta) * np.float32(np.pi))
        found += _polar(lr, phi)
        starts = self._draws.integers(_NOISE_LENGTH, size=len(maps))
        noise = np.lib.stride_tricks.sliding_window_view(_NOISE, BINS)[starts]
        noise *= _magnitude(ln)
        found += noise
        return found

    def _source(self, count: int) -> Complexes:
        """The spectra of the pulses around the next half frames."""
        first = self._done + len(self._pulses) // HOP - _REACH
        last = self._done + count - 1 + _REACH
        self._pulses = np.concatenate([self._pulses, self._train(first, last)])
        windows = np.lib.stride_tricks.sliding_window_view(self._pulses, SIZE)[::HOP][:count]
        spectra = np.fft.rfft(windows * _ANALYSIS, SIZE, 1).astype(np.complex64, copy=False)
        self._pulses = self._pulses[count * HOP :]
        return spectra

    def _train(self, first: int, last: int) -> Floats:
        """The pulses in the half frames from `first` to `last`; none after the clause.

        Every harmonic below 11 kHz, each with amplitude 1: a sum of cosines of 1 to n times the
        phase is Dirichlet's kernel. From the middle of a half frame to that of the next one, the
        phase turns at F0 of the latter, as the teacher's does.
        """
        made = np.zeros((last - first, HOP), np.float32)
        end = min(last, self._halves)
        if first >= end:
            return made.ravel()
        here, after = self._f0[first:end, None], self._f0[first + 1 : end + 1, None]
        middle = HOP // 2
        f = np.empty((end - first, HOP), np.float32)
        f[:, :middle] = here
        f[:, middle:] = after
        turns = self._phase + np.cumsum(f.ravel() / SAMPLE_RATE, dtype=np.float64)
        self._phase = float(turns[-1] % 1)
        phase = (2 * np.pi * (turns % 1)).astype(np.float32).reshape(f.shape)
        harmonics = np.floor(np.float32(_HIGHEST) / np.maximum(f, np.float32(_VOICED)))
        harmonics += np.float32(0.5)
        low = 2 * np.sin(phase / 2)
        near = np.abs(low) <= _NEAR
        low[near] = 1
        train = np.sin(harmonics * phase) / low
        train[near] = harmonics[near]
        train -= np.float32(0.5)
        train[here[:, 0] <= _VOICED] = 0
        made[: len(f)] = train
        return made.ravel()


def _magnitude(logarithm: Floats) -> Floats:
    found: Floats = np.exp(np.minimum(logarithm, np.float32(_LOUDEST)))
    return found


def _polar(logarithm: Floats, angle: Floats) -> Complexes:
    found = np.empty(logarithm.shape, np.complex64)
    magnitude = _magnitude(logarithm)
    np.multiply(magnitude, np.cos(angle), out=found.real)
    np.multiply(magnitude, np.sin(angle), out=found.imag)
    return found
