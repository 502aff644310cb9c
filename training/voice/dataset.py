"""What the teacher said, as training takes it: whole sentences for prosody, stretches for sound."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from training.voice.head import EDGE, HOP, RATE
from training.voice.network import CONTEXT

MARGIN = CONTEXT + EDGE
"""Half frames that a stretch is given on each side."""

_SLACK = 12
"""Half frames that a stretch may reach beyond either end of a sentence."""


@dataclass(frozen=True)
class Sentence:
    """As `training.voice.generate` wrote it; `index` is the phoneme of each frame."""

    tokens: npt.NDArray[np.int16]
    frames: npt.NDArray[np.int16]
    index: npt.NDArray[np.int64]
    f0: npt.NDArray[np.float32]
    energy: npt.NDArray[np.float32]
    audio: npt.NDArray[np.int16]
    turns: float

    @property
    def halves(self) -> int:
        """Half frames."""
        return 2 * len(self.index)


@dataclass(frozen=True)
class Whole:
    """Sentences padded to one length; `padding` (phonemes) and `outside` (frames) tell where."""

    tokens: Tensor
    padding: Tensor
    frames: Tensor
    index: Tensor
    outside: Tensor
    f0: Tensor
    energy: Tensor


@dataclass(frozen=True)
class Stretches:
    """A stretch of each sentence, with `MARGIN` half frames on each side.

    tokens, padding: of the whole sentences. index, f0, energy, outside: (batch, half frames),
    margins included. turns: (batch,), of the teacher's source, `EDGE` half frames before the audio.
    audio: (batch, samples), of the stretches alone.
    """

    tokens: Tensor
    padding: Tensor
    index: Tensor
    f0: Tensor
    energy: Tensor
    outside: Tensor
    turns: Tensor
    audio: Tensor


class Sentences:
    """The sentences of some folders; `refresh` takes in what has been made since."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = folders
        self._known: set[Path] = set()
        self.all: list[Sentence] = []
        self._lengths: list[int] = []
        self.refresh()

    def refresh(self) -> None:
        for folder in self._folders:
            for path in sorted(folder.glob("*.npz")):
                if path not in self._known:
                    self._known.add(path)
                    self.all.append(read(path))
        self._lengths = list(accumulate(each.halves for each in self.all))

    def by_length(self, count: int, rng: random.Random) -> list[Sentence]:
        """Draw sentences, long ones as much more often as they are longer, some twice perhaps."""
        return rng.choices(self.all, cum_weights=self._lengths, k=count)

    @property
    def seconds(self) -> float:
        return sum(len(each.audio) for each in self.all) / RATE


def read(path: Path) -> Sentence:
    with np.load(path) as part:
        frames = part["frames"]
        index = np.repeat(np.arange(len(frames)), frames)
        return Sentence(
            part["tokens"],
            frames,
            index,
            part["f0"],
            part["energy"],
            part["audio"],
            float(part["turns"]),
        )


def whole(chosen: Sequence[Sentence]) -> Whole:
    tokens, padding = _padded([each.tokens for each in chosen])
    frames, _ = _padded([each.frames for each in chosen])
    index, outside = _padded([each.index for each in chosen])
    f0, _ = _padded([each.f0 for each in chosen])
    energy, _ = _padded([each.energy for each in chosen])
    return Whole(tokens.long(), padding, frames, index.long(), outside, f0, energy)


def stretches(chosen: Sequence[Sentence], length: int, rng: random.Random) -> Stretches:
    """Cut `length` half frames of each sentence at random, now and then beyond its ends."""
    tokens, padding = _padded([each.tokens for each in chosen])
    index, f0, energy, outside, turns, audio = [], [], [], [], [], []
    for each in chosen:
        ends = (-_SLACK, each.halves - length + _SLACK)
        at = rng.randint(min(ends), max(ends))
        begin, count = at - MARGIN, length + 2 * MARGIN
        index.append(_cut(each.index.repeat(2), begin, count))
        f0.append(_cut(each.f0, begin, count))
        energy.append(_cut(each.energy, begin, count))
        outside.append(_cut(np.zeros(each.halves, bool), begin, count, True))
        turns.append(np.float64(each.turns + _turns(each.f0, at - EDGE)))
        audio.append(_cut(each.audio, at * HOP, length * HOP).astype(np.float32) / 32767)
    return Stretches(
        tokens.long(),
        padding,
        *(_stacked(each) for each in (index, f0, energy, outside, turns, audio)),
    )


def _turns(f0: npt.NDArray[np.float32], begin: int) -> float:
    """How often the source has turned round from the start to half frame `begin`.

    It turns at F0 of a half frame from the middle of the one before to its own middle.
    """
    if begin < 0:
        return 0.0
    whole = f0[:begin].astype(np.float64).sum() + f0[begin : begin + 1].sum() / 2
    return float(whole) * HOP / RATE


def _cut(
    row: npt.NDArray[np.generic], begin: int, count: int, beyond: float = 0
) -> npt.NDArray[np.generic]:
    """row[begin : begin + count], with `beyond` where the row has nothing."""
    made = np.full(count, beyond, row.dtype)
    first, last = max(begin, 0), min(begin + count, len(row))
    if first < last:
        made[first - begin : last - begin] = row[first:last]
    return made


def _stacked(rows: Sequence[npt.NDArray[np.generic]]) -> Tensor:
    return torch.from_numpy(np.stack(rows))


def _padded(rows: Sequence[npt.NDArray[np.generic]]) -> tuple[Tensor, Tensor]:
    """Rows as one float tensor, and where it is padding."""
    made = torch.zeros(len(rows), max(map(len, rows)))
    empty = torch.ones_like(made, dtype=torch.bool)
    for i, row in enumerate(rows):
        made[i, : len(row)] = torch.from_numpy(row.astype(np.float32))
        empty[i, : len(row)] = False
    return made, empty
