"""How far the student is from its teacher, in sound and in prosody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from training.voice.dataset import Stretches, Whole
from training.voice.head import EDGE, HOP, sound
from training.voice.network import CONTEXT, ENERGY_UNIT, F0_UNIT, Decoder, Prosody
from training.voice.spectra import Spectra


@dataclass(frozen=True)
class Said:
    """The student's sound of some stretches and the teacher's, each (batch, samples)."""

    made: Tensor
    real: Tensor


def said(decoder: Decoder, batch: Stretches, *, half: bool = False) -> Said:
    """The stretches as the decoder says them with the teacher's prosody and its source's phase.

    half: compute in bfloat16 what does not turn into sound at once.
    """
    with torch.autocast("cpu", torch.bfloat16, enabled=half):
        text = decoder.text(batch.tokens, batch.padding)
        inside = decoder.inside(text, batch.index, batch.f0, batch.energy, batch.outside, CONTEXT)
    maps = decoder.maps(inside.float())
    inner = slice(CONTEXT, -CONTEXT)
    made = sound(maps, batch.f0[:, inner], batch.outside[:, inner], batch.turns)
    return Said(made[:, EDGE * HOP : -EDGE * HOP], batch.audio)


def distance(each: Said, spectra: Spectra, sizes: Sequence[int]) -> Tensor:
    """The sum of mean absolute differences of all features; see `Spectra`."""
    pairs = zip(spectra(each.made, sizes), spectra(each.real, sizes), strict=True)
    return sum(((x - y).abs().mean() for x, y in pairs), torch.zeros(()))


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
