"""The student: text to prosody, and text with prosody to spectra. About 6.15 million parameters.

The architecture is that of hibari-tts (Apache-2.0), whose English voice the training starts from;
the code is ours, and the names of the weights are those in its ONNX file. ConvNeXt blocks (Liu and
others, 2022) over time, as Vocos (Siuzdak, 2023) has them, and one layer of attention for each of
the two phoneme encoders, run several times over (Dehghani and others, 2018).

Rates: durations and the prosody network count frames of 25 ms; F0, energy and the decoder half
frames of 12.5 ms (300 samples). Only the phoneme encoders see a whole clause; the decoder sees
`CONTEXT` half frames to each side, so that a clause can be streamed in blocks.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.voice.head import BINS, MAPS

TOKENS = 178
"""Kokoro's inventory of phonemes; 0 stands before the first and after the last."""

_REACH = 3
"""Half frames on each side that a convolution over 7 sees."""

_LAYERS = 9
"""Convolutions of the decoder."""

CONTEXT = _LAYERS * _REACH
"""Half frames that the decoder sees on each side."""

F0_UNIT, ENERGY_UNIT = 100.0, 5.0
"""What F0 (Hz) and the teacher's energy are divided by, so that both are near 1."""


class Block(nn.Module):
    """ConvNeXt over time.

    x: (batch, channels, time). Where `outside` (batch, time) is true there is nothing: what stands
    there is not seen, just as a convolution sees nothing beyond the end.
    """

    def __init__(self, channels: int, inner: int, kernel: int, dilation: int = 1) -> None:
        super().__init__()
        self.dw = nn.Conv1d(
            channels,
            channels,
            kernel,
            padding=kernel // 2 * dilation,
            groups=channels,
            dilation=dilation,
        )
        self.norm = nn.LayerNorm(channels, eps=1e-5)
        self.pw1 = nn.Linear(channels, inner)
        self.pw2 = nn.Linear(inner, channels)
        self.gamma = nn.Parameter(torch.ones(channels))

    def forward(self, x: Tensor, outside: Tensor | None = None) -> Tensor:
        x = hidden(x, outside)
        y = self.norm(self.dw(x).transpose(1, 2))
        y = self.gamma * self.pw2(functional.gelu(self.pw1(y)))
        after: Tensor = x + y.transpose(1, 2)
        return after


class TextEncoder(nn.Module):
    """Phonemes: two blocks, then one layer of attention run `loops` times."""

    def __init__(self, channels: int, loops: int) -> None:
        super().__init__()
        self.loops = loops
        self.emb = nn.Embedding(TOKENS, channels)
        self.convs = nn.ModuleList(Block(channels, 2 * channels, 5) for _ in range(2))
        self.attn = nn.TransformerEncoderLayer(
            channels, 2, 2 * channels, 0.0, "gelu", batch_first=True, norm_first=True
        )
        self.norm = nn.LayerNorm(channels)

    def forward(self, tokens: Tensor, padding: Tensor | None = None) -> Tensor:
        """tokens (batch, n), padding true where there is none, to (batch, channels, n)."""
        x = self.emb(tokens).transpose(1, 2)
        for block in self.convs:
            x = block(x, padding)
        x = x.transpose(1, 2)
        for _ in range(self.loops):
            x = self.attn(x, src_key_padding_mask=padding)
        return hidden(self.norm(x).transpose(1, 2), padding)


class Prosody(nn.Module):
    """Phonemes to frames of each; their frames to F0 and energy."""

    def __init__(self, channels: int = 192) -> None:
        super().__init__()
        self.text = TextEncoder(channels, 6)
        self.dur = nn.Sequential(
            nn.Conv1d(channels, channels, 3, padding=1), nn.GELU(), nn.Conv1d(channels, 1, 1)
        )
        self.pro_in = nn.Conv1d(channels, channels, 1)
        self.pro = nn.ModuleList(Block(channels, 2 * channels, 7, d) for d in (1, 2, 4, 8, 1, 2))
        self.pro_out = nn.Conv1d(channels, 4, 1)

    def durations(self, text: Tensor) -> Tensor:
        """text (batch, channels, n) to log(1 + frames) of each phoneme (batch, n)."""
        found: Tensor = self.dur(text)[:, 0]
        return found

    def curves(
        self, text: Tensor, index: Tensor, outside: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """F0 / 100 Hz and energy / 5, each (batch, 2 * frames).

        index: (batch, frames), the phoneme of each frame; outside: where there is none.
        """
        x = self.pro_in(spread(text, index))
        for block in self.pro:
            x = block(x, outside)
        y = self.pro_out(x)  # F0 of the first half of a frame, of the second; energy likewise
        batch, _, frames = y.shape
        y = y.reshape(batch, 2, 2, frames).transpose(2, 3).reshape(batch, 2, 2 * frames)
        return y[:, 0], y[:, 1]


class Decoder(nn.Module):
    """Phonemes, F0 and energy to the five maps that `training.voice.head` makes sound of."""

    def __init__(self, channels: int = 128, width: int = 256, inner: int = 768) -> None:
        super().__init__()
        self.text = TextEncoder(channels, 4)
        self.dec_in = nn.Conv1d(channels + 2, width, 2 * _REACH + 1, padding=_REACH)
        self.dec = nn.ModuleList(Block(width, inner, 2 * _REACH + 1) for _ in range(_LAYERS - 1))
        self.dec_norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, MAPS * BINS)

    def forward(
        self,
        text: Tensor,
        index: Tensor,
        f0: Tensor,
        energy: Tensor,
        outside: Tensor | None = None,
    ) -> Tensor:
        """Maps (batch, half frames, 5 * bins); see `inside`."""
        return self.maps(self.inside(text, index, f0, energy, outside))

    def inside(
        self,
        text: Tensor,
        index: Tensor,
        f0: Tensor,
        energy: Tensor,
        outside: Tensor | None = None,
        *,
        inner: bool = False,
    ) -> Tensor:
        """What the maps are made of, (batch, channels, half frames).

        text: of `self.text`. index: (batch, half frames), the phoneme of each. f0: Hz. energy: as
        the teacher has it. inner: the first and the last `CONTEXT` half frames only give context.
        """
        pitch = torch.log1p(f0.clamp(min=0)) / 5
        x = torch.cat([spread(text, index), pitch[:, None], energy[:, None] / ENERGY_UNIT], 1)
        x = self.dec_in(hidden(x, outside))
        for block in self.dec:
            if inner:
                x, outside = _narrowed(x, outside)
            x = block(x, outside)
        return _narrowed(x, outside)[0] if inner else x

    def maps(self, inside: Tensor) -> Tensor:
        """Maps (batch, half frames, 5 * bins) of what `inside` gives."""
        maps: Tensor = self.head(self.dec_norm(inside.transpose(1, 2)))
        return maps


class Student(nn.Module):
    """Both networks; the names are those of hibari's weights."""

    def __init__(self) -> None:
        super().__init__()
        self.pn = Prosody()
        self.m = Decoder()

    def forward(self, tokens: Tensor, speed: float = 1.0) -> tuple[Tensor, Tensor, Tensor]:
        """One clause (1, n) to maps (1, half frames, 5 * bins), F0 in Hz, and frames."""
        text = self.pn.text(tokens)
        frames = (self.pn.durations(text).expm1() / speed).round().clamp(min=1).long()
        index = torch.arange(frames.shape[1]).repeat_interleave(frames[0])[None]
        f0, energy = self.pn.curves(text, index)
        f0, energy = f0 * F0_UNIT, energy * ENERGY_UNIT
        maps = self.m(self.m.text(tokens), index.repeat_interleave(2, 1), f0, energy)
        return maps, f0, frames


def spread(text: Tensor, index: Tensor) -> Tensor:
    """text (batch, channels, n) by index (batch, time) to (batch, channels, time)."""
    return text.gather(2, index[:, None].expand(-1, text.shape[1], -1))


def _narrowed(x: Tensor, outside: Tensor | None) -> tuple[Tensor, Tensor | None]:
    """Without what a convolution has spoilt on both sides."""
    inner = slice(_REACH, -_REACH)
    return x[:, :, inner], None if outside is None else outside[:, inner]


def hidden(x: Tensor, outside: Tensor | None) -> Tensor:
    """x (batch, channels, time) with zeros where `outside` (batch, time) is true."""
    return x if outside is None else x.masked_fill(outside[:, None], 0)
