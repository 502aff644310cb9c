"""The student cut in three for streaming, as modules that export to plain graphs.

What takes tokens apart and spreads them over time stays outside, a line of numpy each: the graphs
are then convolutions, products and attention alone.

    text      tokens (1, n)                to log_frames (n,), prosody (192, n), sound (128, n)
    curves    prosody by frame (192, t)    to f0 (2 t,), energy (2 t,)
    decoder   sound (128, h), f0 (h,) and energy (h,) by half frame    to maps (m, 5 * bins)

The decoder takes a clause bit by bit: what each of its convolutions is to see again, `first` and
`others`, goes from one run to the next. The maps lag `CONTEXT` half frames behind what was given,
until the last run, which has `after`: three zeros for each convolution, as many as it sees at the
end of a clause. At the beginning `first` and `others` are three zeros likewise.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.voice.network import ENERGY_UNIT, F0_UNIT, Block, Student, TextEncoder

SEEN = 3
"""Half frames that a convolution of the decoder sees on each side."""


class Text(nn.Module):
    def __init__(self, student: Student) -> None:
        super().__init__()
        self._prosody, self._decoder = student.pn, student.m

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        text = encoded(self._prosody.text, tokens)
        return self._prosody.durations(text)[0], text[0], encoded(self._decoder.text, tokens)[0]


def encoded(encoder: TextEncoder, tokens: Tensor) -> Tensor:
    """What a phoneme encoder makes of one sentence, in operations that hold for any length.

    PyTorch's own layer of attention exports the length of the example as a constant.
    """
    x = encoder.emb(tokens).transpose(1, 2)
    for block in encoder.convs:
        x = block(x)
    x = x.transpose(1, 2)[0]
    layer = encoder.attn
    for _ in range(encoder.loops):
        x = x + _attention(layer.self_attn, layer.norm1(x))
        x = x + layer.linear2(functional.gelu(layer.linear1(layer.norm2(x))))
    found: Tensor = encoder.norm(x).t()[None]
    return found


def _attention(layer: nn.MultiheadAttention, x: Tensor) -> Tensor:
    """x: (n, channels)."""
    heads, width = layer.num_heads, layer.head_dim
    mixed = functional.linear(x, layer.in_proj_weight, layer.in_proj_bias)
    query, key, value = (
        each.reshape(-1, heads, width).transpose(0, 1) for each in mixed.chunk(3, 1)
    )
    weights = (query @ key.transpose(1, 2) / width**0.5).softmax(2)
    heard = (weights @ value).transpose(0, 1).reshape(-1, heads * width)
    found: Tensor = layer.out_proj(heard)
    return found


class Curves(nn.Module):
    def __init__(self, student: Student) -> None:
        super().__init__()
        self._prosody = student.pn

    def forward(self, prosody: Tensor) -> tuple[Tensor, Tensor]:
        """F0 in Hz, energy as the decoder takes it."""
        x = self._prosody.pro_in(prosody[None])
        for block in self._prosody.pro:
            x = block(x)
        pairs = self._prosody.pro_out(x)[0].reshape(2, 2, -1).transpose(1, 2).reshape(2, -1)
        return pairs[0] * F0_UNIT, pairs[1] * ENERGY_UNIT


class Maps(nn.Module):
    def __init__(self, student: Student) -> None:
        super().__init__()
        self._decoder = student.m

    def forward(
        self,
        sound: Tensor,
        f0: Tensor,
        energy: Tensor,
        first: Tensor,
        others: Tensor,
        after: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        pitch = torch.log1p(f0.clamp(min=0)) / 5
        given = torch.cat([sound, pitch[None], energy[None] / ENERGY_UNIT])[None]
        decoder = self._decoder
        seen = torch.cat([first, given, after[:, : given.shape[1]]], 2)
        next_first = seen[:, :, -2 * SEEN :]
        x = functional.conv1d(seen, decoder.dec_in.weight, decoder.dec_in.bias)
        kept = []
        for number, block in enumerate(decoder.dec):
            seen = torch.cat([others[number : number + 1], x, after], 2)
            kept.append(seen[:, :, -2 * SEEN :])
            x = seen[:, :, SEEN:-SEEN] + _block(block, seen)
        return decoder.head(decoder.dec_norm(x[0].t())), next_first, torch.cat(kept)


def _block(block: Block, seen: Tensor) -> Tensor:
    """What a block adds in the middle of what it sees, (1, channels, time)."""
    y = functional.conv1d(seen, block.dw.weight, block.dw.bias, groups=seen.shape[1])
    y = functional.gelu(block.pw1(block.norm(y[0].t())))
    added: Tensor = (block.gamma * block.pw2(y)).t()[None]
    return added
