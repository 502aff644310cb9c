"""What sounds are compared by: magnitudes of several transforms, and bands of the mel scale."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from training.voice.head import HOP, RATE

SIZES = (256, 512, 1024, 2048)
"""Samples of the transforms: short ones tell when, long ones at what frequency."""

_MEL_SIZE = 1024
_BANDS = 100
_FLOOR = 1e-4
_PHASED = 1000.0
"""Hertz up to which a voice's phases are compared: the teacher's source has harmonics so far."""

_POWER = 0.3
"""What magnitudes of complex spectra are raised to, so that quiet parts count too."""


class Spectra:
    """Features of sounds (batch, samples): lists of (batch, bins, time)."""

    def __init__(self) -> None:
        self._bands = mel_bands(_MEL_SIZE, _BANDS)
        self._windows = {size: torch.hann_window(size) for size in SIZES}

    def __call__(self, sound: Tensor, voiced: Tensor, sizes: Sequence[int] = SIZES) -> list[Tensor]:
        """Magnitudes, their logarithms, complex spectra, and for a size of 1024 mel bands too.

        voiced: (batch, half frames), where complex spectra are left out above 1 kHz. Phases that
        cannot be predicted are matched best by noise, which sounds hoarse where there is a voice;
        magnitudes are matched best by harmonics.

        The logarithms and the mel bands count most. (A student with a thousand steps was 0.03, 0.2,
        0.09 and 0.2 from its teacher, by magnitudes, logarithms, complex spectra and mel bands.)
        """
        found = []
        for size in sizes:
            parts = self._parts(sound, size)
            magnitude = _magnitude(parts)
            compressed = parts * magnitude[..., None] ** (_POWER - 1)
            compressed = compressed * _phased(voiced, size, magnitude.shape[2])[..., None]
            found += [magnitude * 4, (magnitude + _FLOOR).log() * 0.5, compressed]
            if size == _MEL_SIZE:
                found.append(self._mel(magnitude))
        return found

    def mel(self, sound: Tensor) -> Tensor:
        """The logarithms of mel bands (batch, 100, time)."""
        return self._mel(_magnitude(self._parts(sound, _MEL_SIZE)))

    def _mel(self, magnitude: Tensor) -> Tensor:
        return ((self._bands @ magnitude) + _FLOOR).log()

    def _parts(self, sound: Tensor, size: int) -> Tensor:
        """The spectrum (batch, bins, time, 2), real and imaginary."""
        window = self._windows[size]
        spectrum = torch.stft(
            sound, size, size // 4, window=window, center=False, return_complex=True
        )
        return torch.view_as_real(spectrum) / window.sum() ** 0.5


def _phased(voiced: Tensor, size: int, count: int) -> Tensor:
    """1 where phases of a spectrum (batch, bins, time) are compared, else 0."""
    middles = torch.arange(count) * (size // 4) + size // 2
    high = torch.linspace(0, RATE / 2, size // 2 + 1) > _PHASED
    return 1 - (high[None, :, None] & voiced[:, None, middles // HOP]).float()


def _magnitude(parts: Tensor) -> Tensor:
    found: Tensor = (parts.square().sum(-1) + 1e-9).sqrt()
    return found


def mel_bands(size: int, bands: int) -> Tensor:
    """Triangles of equal area over Slaney's mel scale (bands, size // 2 + 1), up to 12 kHz.

    The scale is linear up to 1 kHz and logarithmic above (Slaney, Auditory Toolbox, 1998).
    """
    step = torch.log(torch.tensor(6.4)) / 27
    top = 15 + (torch.log(torch.tensor(RATE / 2 / 1000)) / step)
    mels = torch.linspace(0, float(top), bands + 2)
    edges = torch.where(mels < 15, mels * 200 / 3, 1000 * ((mels - 15) * step).exp())
    hertz = torch.linspace(0, RATE / 2, size // 2 + 1)
    low, middle, high = (edges[i : i + bands, None] for i in range(3))
    rise, fall = (hertz - low) / (middle - low), (high - hertz) / (high - middle)
    return torch.minimum(rise, fall).clamp(min=0) * 2 / (high - low)
