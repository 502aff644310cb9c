"""Sound from spectral maps: filtered pulses at F0, filtered noise, and a rest with own phases.

The harmonic-plus-noise model of hibari-tts: for each half frame and bin, lh and theta filter the
spectrum of a train of pulses, ln filters noise, and lr and phi are a spectrum as Vocos predicts it
(Siuzdak, 2023). An inverse Fourier transform makes sound of the sum. All of it is differentiable in
the maps.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

RATE = 24000
HOP = 300
"""Samples of a half frame."""

SIZE = 1200
"""Samples of a transform."""

BINS = SIZE // 2 + 1
MAPS = 5
EDGE = 4
"""Half frames on each side of a stretch that are spoilt: two transforms reach two each."""

_VOICED = 40.0
"""Hertz: F0 is lower only where there is no voice."""

_HIGHEST = 11000.0
"""Hertz of the highest harmonic."""

_LOUDEST = 7.0


def pulses(f0: Tensor) -> Tensor:
    """F0 (batch, half frames) to samples: every harmonic below 11 kHz, each with amplitude 1."""
    f = functional.interpolate(f0[:, None], scale_factor=HOP, mode="linear", align_corners=False)[
        :, 0
    ]
    voiced, f = f > _VOICED, f.clamp(min=_VOICED)
    phase = (f.double().cumsum(1) / RATE).frac().float() * (2 * torch.pi)
    # A sum of cosines of 1 to n times the phase is Dirichlet's kernel.
    count = (_HIGHEST / f).floor() + 0.5
    low = 2 * (phase / 2).sin()
    near = low.abs() <= 2e-3
    train = (count * phase).sin() / low.masked_fill(near, 1)
    return torch.where(near, count, train).sub(0.5).masked_fill(~voiced, 0)


def source(f0: Tensor) -> Tensor:
    """The pulses' spectrum (batch, half frames, bins); a cosine of amplitude 1 peaks at 1."""
    spectrum = torch.stft(
        pulses(f0), SIZE, HOP, window=_window(), pad_mode="reflect", return_complex=True
    )
    return spectrum[..., : f0.shape[1]].transpose(1, 2) / (SIZE / 4)


def sounds(maps: Tensor, f0: Tensor, outside: Tensor | None = None, draws: int = 1) -> list[Tensor]:
    """Samples (batch, 300 * half frames), once for each draw of the noise.

    maps: (batch, half frames, 5 * bins); outside: (batch, half frames), where there is silence.
    """
    lh, theta, ln, lr, phi = torch.chunk(maps.float(), MAPS, 2)
    fixed = torch.polar(lh.clamp(max=_LOUDEST).exp(), torch.pi * theta.tanh()) * source(f0)
    fixed = fixed + torch.polar(lr.clamp(max=_LOUDEST).exp(), phi)
    loud = ln.clamp(max=_LOUDEST).exp()
    found = []
    for _ in range(draws):
        whole = fixed + loud * torch.randn(*ln.shape, dtype=torch.complex64) * 2**0.5
        if outside is not None:
            whole = whole.masked_fill(outside[:, :, None], 0)
        whole = functional.pad(whole.transpose(1, 2), (0, 1))
        length = f0.shape[1] * HOP
        found.append(torch.istft(whole, SIZE, HOP, window=_window(), length=length))
    return found


def _window() -> Tensor:
    return torch.hann_window(SIZE)
