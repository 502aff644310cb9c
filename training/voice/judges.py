"""The adversarial stage: small networks that tell the student's spectra from the teacher's.

One for each size of transform, as UnivNet (Jang and others, 2021) and EnCodec (Défossez and others,
2022) have them: two-dimensional convolutions over a complex spectrum whose magnitudes are
compressed. Kept small, so that a step with them costs about twice one without. The transforms are
short, of one period of the voice or a few, where the shape of each pulse shows: judges of these
learn to tell a student soon, those of longer ones, or of magnitudes alone, hardly at all.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import weight_norm

SIZES = (128, 256, 512)
"""Samples of the transforms."""

_CHANNELS = (16, 16, 32, 32)
_DILATIONS = (1, 1, 2, 4)
"""Of the convolutions' three taps over time."""

_SLOPE = 0.2
_POWER = 0.3
"""What magnitudes are raised to, so that quiet parts are seen too."""


class Judge(nn.Module):
    """Real or not, patch by patch of a spectrum."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self._size = size
        self._window = torch.hann_window(size)
        widths = (2, *_CHANNELS)
        self.convs = nn.ModuleList(
            weight_norm(
                nn.Conv2d(
                    before, after, (9, 3), (2, 1), padding=(4, dilation), dilation=(1, dilation)
                )
            )
            for before, after, dilation in zip(widths, widths[1:], _DILATIONS, strict=False)
        )
        self.out = weight_norm(nn.Conv2d(widths[-1], 1, (3, 3), padding=(1, 1)))

    def forward(self, sound: Tensor) -> list[Tensor]:
        """Sounds (batch, samples) to the outputs of each layer; the last are the verdicts."""
        x = self._spectrum(sound)
        found = []
        for conv in self.convs:
            x = functional.leaky_relu(conv(x), _SLOPE)
            found.append(x)
        return [*found, self.out(x)]

    def _spectrum(self, sound: Tensor) -> Tensor:
        """(batch, 2, bins, time), real and imaginary, compressed."""
        spectrum = torch.stft(
            sound, self._size, self._size // 4, window=self._window, center=False,
            return_complex=True,
        )  # fmt: skip
        parts = torch.view_as_real(spectrum[:, :-1]) / self._window.sum() ** 0.5
        power = parts.square().sum(-1, keepdim=True) + 1e-7
        return (parts * power ** ((_POWER - 1) / 2)).permute(0, 3, 1, 2)


class Judges(nn.ModuleDict):
    """A judge for each size of transform."""

    def __init__(self) -> None:
        super().__init__({str(size): Judge(size) for size in SIZES})

    def of(self, size: int) -> Judge:
        judge = self[str(size)]
        assert isinstance(judge, Judge)
        return judge


def judging_loss(real: Sequence[Tensor], made: Sequence[Tensor]) -> Tensor:
    """What a judge learns from: the hinge loss (Lim and Ye, 2017) of its verdicts."""
    return (
        functional.relu(1 - real[-1].float()).mean() + functional.relu(1 + made[-1].float()).mean()
    )


def deceiving_loss(made: Sequence[Tensor]) -> Tensor:
    """What the student learns from the verdicts on what it made."""
    return -made[-1].float().mean()


def likeness_loss(real: Sequence[Tensor], made: Sequence[Tensor]) -> Tensor:
    """The difference of a judge's inner layers (Larsen and others, 2016), by their size."""
    pairs = zip(real[:-1], made[:-1], strict=True)
    apart = [
        (a - b).abs().mean() / (a.abs().mean() + 1e-6)
        for a, b in ((x.detach().float(), y.float()) for x, y in pairs)
    ]
    return torch.stack(apart).mean()
