"""Train the tiny model.

    python -m training.tiny.train DATA OUT.pt --minutes 45

DATA is the folder that `tiny.generate` filled (its held-out parts are left alone), or fills: what
comes while training is taken in. Every example is new: utterances strung together and made to sound
different (`augment.py`), more and more so during the first half. The loss is CTC's, the learning
rate falls from its peak along a cosine over the minutes given, and what is kept is an average of
the weights over the last steps. OUT.pt is written every minute, so that a run can be looked at, or
stopped, at any time; `--from` goes on from one.
"""

from __future__ import annotations

import argparse
import copy
import itertools
import math
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, IterableDataset

from training.tiny.augment import Augmenter
from training.tiny.data import load_parts
from training.tiny.features import BINS, features, stretched, warped
from training.tiny.network import Network, output_frames

_WARM_STEPS = 100
_BATCH = 3000
"""Feature frames in a batch, with padding."""

_POOL = 100
"""Examples that are made before they are put together by length."""

_AVERAGE = 0.998
_SOURCES = ("kokoro", "hibari")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--minutes", type=float, default=45)
    parser.add_argument("--from", dest="begin", type=Path, help="weights to go on from")
    parser.add_argument("--peak", type=float, default=3e-3, help="of the learning rate")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    if arguments.begin:
        network = load(arguments.begin)
    else:
        examples = Examples(arguments.data, arguments.seed, torch.zeros(1), 0.0, 1.0)
        seen = np.concatenate([each for each, _ in examples.pool()])
        network = Network(float(seen.mean()), float(seen.std()))
    count = sum(each.numel() for each in network.parameters())
    print(f"{count} parameters", flush=True)
    hardness = torch.zeros(1).share_memory_()
    mean, deviation = float(network.mean), float(network.deviation)
    examples = Examples(arguments.data, arguments.seed, hardness, mean, deviation)
    # Making examples takes as long as learning from them: a process of its own does it.
    batches = DataLoader(examples, batch_size=None, num_workers=1, prefetch_factor=32)
    train(network, batches, hardness, 60 * arguments.minutes, arguments.peak, arguments.out)


def load(path: Path) -> Network:
    """Return the network whose weights `train` wrote, ready for use."""
    network = Network()
    network.load_state_dict(torch.load(path, weights_only=True))
    network.eval()
    return network


class Examples(IterableDataset[tuple[Tensor, Tensor, Tensor, Tensor]]):
    """Batches of examples without end.

    hardness: of the next ones, one number, shared with whoever trains; see `Augmenter`.
    mean, deviation: of features.
    """

    def __init__(
        self, folder: Path, seed: int, hardness: Tensor, mean: float, deviation: float
    ) -> None:
        self._folder = folder
        self._seeds = itertools.count(1000 * seed)
        self._rng = np.random.default_rng(seed)
        self._known = 0
        self._hardness = hardness
        self._mean = mean
        self._quiet = mean - 2 * deviation

    def _look(self) -> None:
        """Take in the parts that have come since the last look."""
        there = sum(len(list(self._folder.glob(f"{source}-*.npz"))) for source in _SOURCES)
        if there > self._known:
            self._known = there
            utterances = [each for source in _SOURCES for each in load_parts(self._folder, source)]
            self._augmenter = Augmenter(utterances, next(self._seeds))
            print(f"{there} parts, {len(utterances)} utterances", flush=True)

    def pool(self) -> list[tuple[np.ndarray, list[int]]]:
        """Return examples that CTC can align, shortest first."""
        self._look()
        self._augmenter.hardness = float(self._hardness)
        made = []
        for _ in range(_POOL):
            samples, labels = self._augmenter.example()
            heard = features(samples)
            if self._rng.random() < 0.5:
                heard = warped(heard, self._rng.uniform(0.88, 1.12))
            if self._rng.random() < 0.6:
                heard = stretched(heard, self._rng.uniform(0.85, 1.6))
            repeated = sum(a == b for a, b in itertools.pairwise(labels))
            if output_frames(len(heard)) > len(labels) + repeated:
                made.append((heard, labels))
        return sorted(made, key=lambda example: len(example[0]))

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor, Tensor, Tensor]]:
        """Yield features (N, 80, T), their output frames, labels end to end, their counts."""
        while True:
            pool = self.pool()
            batches: list[list[tuple[np.ndarray, list[int]]]] = [[]]
            for example in pool:
                if batches[-1] and len(example[0]) * (len(batches[-1]) + 1) > _BATCH:
                    batches.append([])
                batches[-1].append(example)
            self._rng.shuffle(batches)
            for batch in batches:
                longest = len(batch[-1][0])
                x = np.full((len(batch), longest, BINS), self._quiet, np.float32)
                for row, (heard, _) in zip(x, batch, strict=True):
                    row[: len(heard)] = heard
                    self._mask(row[: len(heard)])
                yield (
                    torch.from_numpy(x).permute(0, 2, 1),
                    torch.tensor([output_frames(len(heard)) for heard, _ in batch]),
                    torch.tensor([each for _, labels in batch for each in labels]),
                    torch.tensor([len(labels) for _, labels in batch]),
                )

    def _mask(self, x: np.ndarray) -> None:
        """Hide a few bands and moments (Park et al., SpecAugment)."""
        value = self._mean
        most = 1 + round(11 * float(self._hardness))
        for _ in range(2):
            begin, width = self._rng.integers(0, 70), self._rng.integers(0, most)
            x[:, begin : begin + width] = value
        for _ in range(len(x) // 150):
            begin, width = self._rng.integers(0, len(x)), self._rng.integers(0, most)
            x[begin : begin + width] = value


def train(
    network: Network,
    batches: Iterable[tuple[Tensor, Tensor, Tensor, Tensor]],
    hardness: Tensor,
    seconds: float,
    peak: float,
    out: Path,
) -> None:
    """Train for so long, and write the averaged weights to `out` every minute and at the end."""
    network.train()
    optimizer = torch.optim.AdamW(network.parameters(), peak, (0.9, 0.98), weight_decay=0.02)
    average = copy.deepcopy(network)
    loss_of = nn.CTCLoss(zero_infinity=True)
    begin = written = time.monotonic()
    running = 0.0
    heard = 0
    for step, (x, frames, labels, counts) in enumerate(batches):
        done = (time.monotonic() - begin) / seconds
        if done >= 1:
            break
        hardness.fill_(min(1, 2 * done))
        rate = peak * min(1, (step + 1) / _WARM_STEPS) * (0.5 + 0.5 * math.cos(math.pi * done))
        for group in optimizer.param_groups:
            group["lr"] = rate
        scores, _ = network(x)
        loss = loss_of(scores.permute(1, 0, 2), labels, frames, counts)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 2.0)
        optimizer.step()
        _average(average, network, step)
        heard += int(frames.sum())
        running = loss.item() if step == 0 else 0.98 * running + 0.02 * loss.item()
        if time.monotonic() - written > 60:
            written = time.monotonic()
            save(average, out)
            print(
                f"{100 * done:.0f} %: step {step}, {heard / 90000:.2f} h heard, loss {running:.3f}"
            )
    save(average, out)


def _average(average: Network, network: Network, step: int) -> None:
    """Move the average to the network's weights and statistics; fast at first, when it is wrong."""
    share = max(1 - _AVERAGE, 9 / (10 + step))
    theirs = network.state_dict()
    for name, value in average.state_dict().items():
        if value.is_floating_point():
            value.lerp_(theirs[name], share)
        else:
            value.copy_(theirs[name])


def save(network: Network, out: Path) -> None:
    partial = out.with_suffix(".part")
    torch.save(network.state_dict(), partial)
    partial.replace(out)


if __name__ == "__main__":
    main()
