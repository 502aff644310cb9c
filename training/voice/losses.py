"""How far the student is from its teacher, in sound and in prosody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from training.voice.dataset import Stretches, Whole
from training.voice.head import EDGE, HOP, VOICED, sounds
from training.voice.network import CONTEXT, ENERGY_UNIT, F0_UNIT, Decoder, Prosody
from training.voice.spectra import Spectra

_SPREAD = 0.5
"""Part of the distance between two draws that counts where there is a voice."""


@dataclass(frozen=True)
class Two:
    """Two sounds of the same stretches, each with noise of its own, and the teacher's.

    Each (batch, samples); voiced: (batch, half frames).
    """

    one: Tensor
    two: Tensor
    real: Tensor
    voiced: Tensor


def said_twice(decoder: Decoder, batch: Stretches, *, half: bool = False) -> Two:
    """The stretches as the decoder says them, with the teacher's prosody and its source's phase.

    half: compute in bfloat16 what does not turn into sound at once.
    """
    with torch.autocast("cpu", torch.bfloat16, enabled=half):
        text = decoder.text(batch.tokens, batch.padding)
        inside = decoder.inside(
            text, batch.index, batch.f0, batch.energy, batch.outside, inner=True
        )
    maps = decoder.maps(inside.float())
    inner = slice(CONTEXT, -CONTEXT)
    one, two = sounds(maps, batch.f0[:, inner], batch.outside[:, inner], batch.turns, draws=2)
    cut = slice(EDGE * HOP, -EDGE * HOP)
    voiced = batch.f0[:, CONTEXT + EDGE : -CONTEXT - EDGE] > VOICED
    return Two(one[:, cut], two[:, cut], batch.audio, voiced)


def energy_distance(two: Two, spectra: Spectra, sizes: Sequence[int]) -> Tensor:
    """The spectral energy distance (Gritsenko and others, 2020) over transforms of `sizes`.

    The distance to the teacher, less half the distance between two draws of the noise. A plain
    distance is least for a sound without noise, the mean of all those that would be right; this
    one is least for the teacher's distribution of sounds, without a discriminator.

    Where there is a voice, less of the latter counts: what a student cannot predict there, it would
    make noise of, which sounds hoarse; so it tries harmonics first.
    """
    one, other, real = (spectra(each, two.voiced, sizes) for each in (two.one, two.two, two.real))
    near = (distance(one, real) + distance(other, real)) / 2
    return near - distance(one, other, two.voiced) / 2


def distance(a: Sequence[Tensor], b: Sequence[Tensor], voiced: Tensor | None = None) -> Tensor:
    """The sum over features of their mean absolute difference.

    voiced: (batch, half frames), where `_SPREAD` of it counts; None: all counts.
    """
    total = torch.zeros(())
    for x, y in zip(a, b, strict=True):
        apart = (x - y).abs().transpose(1, 2).flatten(2)  # (batch, time, features)
        if voiced is not None:
            times = torch.linspace(0, voiced.shape[1] - 1, apart.shape[1]).round().long()
            apart = apart * torch.where(voiced[:, times, None], _SPREAD, 1.0)
        total = total + apart.mean()
    return total


def prosody_losses(prosody: Prosody, batch: Whole) -> tuple[Tensor, Tensor, Tensor]:
    """Mean absolute errors of log(1 + frames), of F0 / 100 Hz and of energy / 5."""
    text = prosody.text(batch.tokens, batch.padding)
    guess = prosody.durations(text)
    f0, energy = prosody.curves(text, batch.index, batch.outside)
    spoken, halves = ~batch.padding, ~batch.outside.repeat_interleave(2, 1)
    frames = (guess - torch.log1p(batch.frames)).abs()[spoken].mean()
    pitch = (f0 - batch.f0 / F0_UNIT).abs()[halves].mean()
    loud = (energy - batch.energy / ENERGY_UNIT).abs()[halves].mean()
    return frames, pitch, loud
