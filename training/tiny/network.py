"""The tiny model's network: causal convolutions over features, a token score every 40 ms.

Two strided convolutions take 80 bins every 10 ms to `width` channels every 40 ms; then come blocks
of a depthwise convolution over the past and two pointwise ones, each added to its input (as in
Collobert et al., "Wav2Letter", and Kriman et al., "QuartzNet", with only the past to look at).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.tiny.features import BINS
from training.tiny.vocabulary import TRAINED

STRIDE = 4
"""Feature frames from one output frame to the next."""

SPAN = 13
"""Feature frames that the strided convolutions look at for one output frame."""


class Block(nn.Module):
    """Adds to its input what it makes of its last `kernel` frames."""

    def __init__(self, width: int, inner: int, kernel: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv1d(width, width, kernel, groups=width, bias=False)
        self.norm = nn.BatchNorm1d(width)
        self.widen = nn.Conv1d(width, inner, 1)
        self.narrow = nn.Conv1d(inner, width, 1, bias=False)
        self.out_norm = nn.BatchNorm1d(width)

    def forward(self, x: Tensor, past: Tensor) -> tuple[Tensor, Tensor]:
        """Map (N, width, T) and the frames before it (N, width, kernel - 1) to the like."""
        both = torch.cat([past, x], 2)
        y = self.widen(self.norm(self.depthwise(both))).relu()
        return x + self.out_norm(self.narrow(y)), both[:, :, -past.shape[2] :]


class Network(nn.Module):
    """See above.

    Args:
        mean, deviation: of the features of the training data.
    """

    def __init__(
        self,
        mean: float = 0.0,
        deviation: float = 1.0,
        *,
        width: int = 176,
        inner: int = 352,
        blocks: int = 6,
        kernel: int = 9,
    ) -> None:
        super().__init__()
        self.width, self.blocks, self.kernel = width, blocks, kernel
        self.register_buffer("mean", torch.tensor(mean))
        self.register_buffer("deviation", torch.tensor(deviation))
        self.first = nn.Conv1d(BINS, 128, 5, 2)
        self.first_norm = nn.BatchNorm1d(128)
        self.second = nn.Conv1d(128, width, 5, 2)
        self.second_norm = nn.BatchNorm1d(width)
        self.body = nn.ModuleList([Block(width, inner, kernel) for _ in range(blocks)])
        self.head = nn.Conv1d(width, len(TRAINED), 1)

    @property
    def memory(self) -> int:
        """Frames of all blocks' pasts together."""
        return self.blocks * (self.kernel - 1)

    def forward(self, x: Tensor, past: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Map features (N, 80, T) to log-probabilities (N, T', tokens).

        past: (N, width, memory), what the blocks remember; None at the beginning. The other
            result is what they remember after this.
        """
        if past is None:
            past = x.new_zeros(x.shape[0], self.width, self.memory)
        x = (x - self.mean) / self.deviation
        x = functional.relu(self.first_norm(self.first(x)))
        x = functional.relu(self.second_norm(self.second(x)))
        pasts = []
        for block, old in zip(self.body, past.split(self.kernel - 1, 2), strict=True):
            x, new = block(x, old)
            pasts.append(new)
        return self.head(x).permute(0, 2, 1).log_softmax(-1), torch.cat(pasts, 2)


def output_frames(frames: int) -> int:
    """Return how many output frames so many feature frames give."""
    return max(0, (frames - SPAN) // STRIDE + 1)
