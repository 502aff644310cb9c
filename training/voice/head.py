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

VOICED = 40.0
"""Hertz: F0 is lower only where there is no voice."""

_HIGHEST = 11000.0
"""Hertz of the highest harmonic."""

_LOUDEST = 7.0


def pulses(f0: Tensor, turns: Tensor | None = None) -> Tensor:
    """F0 (batch, half frames) to samples: every harmonic below 11 kHz, each with amplitude 1.

    From the middle of a half frame to that of the next one, the phase turns at F0 of the latter, as
    in Kokoro's source (a neural source filter: Wang and others, 2019). So the pulses have the
    teacher's phase, and the sound can be compared with the teacher's waveform.

    turns: (batch,), of the source at the start, float64; None: 0.
    """
    after = torch.cat([f0[:, 1:], f0[:, -1:]], 1)
    f = torch.stack([f0, after], 2).repeat_interleave(HOP // 2, 2).flatten(1)
    whole = (f.double() / RATE).cumsum(1)
    if turns is not None:
        whole = whole + turns[:, None]
    phase = whole.frac().float() * (2 * torch.pi)
    voiced = (f0 > VOICED).repeat_interleave(HOP, 1)
    # A sum of cosines of 1 to n times the phase is Dirichlet's kernel.
    count = (_HIGHEST / f.clamp(min=VOICED)).floor() + 0.5
    low = 2 * (phase / 2).sin()
    near = low.abs() <= 2e-3
    train = (count * phase).sin() / low.masked_fill(near, 1)
    return torch.where(near, count, train).sub(0.5).masked_fill(~voiced, 0)


def source(f0: Tensor, turns: Tensor | None = None) -> Tensor:
    """The pulses' spectrum (batch, half frames, bins); a cosine of amplitude 1 peaks at 1."""
    spectrum = torch.stft(
        pulses(f0, turns), SIZE, HOP, window=_window(), pad_mode="reflect", return_complex=True
    )
    return spectrum[..., : f0.shape[1]].transpose(1, 2) / (SIZE / 4)


def sounds(
    maps: Tensor,
    f0: Tensor,
    outside: Tensor | None = None,
    turns: Tensor | None = None,
    draws: int = 1,
) -> list[Tensor]:
    """Samples (batch, 300 * half frames), once for each draw of the noise.

    maps: (batch, half frames, 5 * bins); outside: (batch, half frames), where there is silence;
    turns: see `pulses`.
    """
    lh, theta, ln, lr, phi = torch.chunk(maps.float(), MAPS, 2)
    fixed = torch.polar(lh.clamp(max=_LOUDEST).exp(), torch.pi * theta.tanh()) * source(f0, turns)
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
