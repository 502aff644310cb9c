"""Several channels as one: their average, or the loudest where the average cancels them.

Recordings of two microphones, balanced lines taken for stereo and some telephone systems have the
same speech on both channels in opposite phase. Their average is silence.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from liusheng.audio.pcm import Samples

_BLOCK_SECONDS = 0.01
_KEPT = 0.99
"""Share of the energies that is kept from one block to the next: they are those of a second."""

_CANCELS, _ADDS_UP = 0.1, 0.2
"""Energy of the average, as a share of the loudest channel's, under which the channels cancel each
other, and over which they do no more. If they have nothing in common, or all but one are silent, it
is 1/n² at least, for n channels: 1/4 for two."""


class ChannelMixer:
    """Mixes a stream's channels. What comes out does not depend on how the stream is cut.

    channels: at least 2.
    rate: hertz.
    """

    def __init__(self, channels: int, rate: int) -> None:
        self._channels = channels
        self._block = max(1, round(rate * _BLOCK_SECONDS))
        share = min(1.0, 4 / channels**2)  # of the thresholds, with more channels than two
        self._cancels, self._adds_up = _CANCELS * share, _ADDS_UP * share
        self._energies = [0.0] * channels
        self._average = 0.0
        self._chosen: int | None = None
        self._incomplete: npt.NDArray[np.float32] = np.zeros((0, channels), np.float32)

    def feed(self, samples: npt.NDArray[np.float32]) -> Samples:
        """Return the mix of the blocks that are complete.

        samples: shape (n, channels).
        """
        if len(self._incomplete):
            samples = np.concatenate([self._incomplete, samples])
        whole = len(samples) - len(samples) % self._block
        self._incomplete = samples[whole:].copy()
        return self._mixed(samples[:whole])

    def rest(self) -> Samples:
        """Return the mix of what is left; `feed` may be called after it."""
        left, self._incomplete = self._incomplete, self._incomplete[:0]
        return self._mixed(left)

    def _mixed(self, samples: npt.NDArray[np.float32]) -> Samples:
        if not len(samples):
            return np.zeros(0, np.float32)
        mixed: Samples = samples.mean(axis=1, dtype=np.float32)
        # Only the last block of a stream is shorter.
        starts = np.arange(0, len(samples), self._block)
        channels = np.add.reduceat(np.square(samples, dtype=np.float64), starts, axis=0)
        averages = np.add.reduceat(np.square(mixed, dtype=np.float64), starts)
        pairs = zip(channels.tolist(), averages.tolist(), strict=True)
        for start, (energies, average) in zip(starts.tolist(), pairs, strict=True):
            self._look(energies, average)
            if self._chosen is not None:
                end = start + self._block
                mixed[start:end] = samples[start:end, self._chosen]
        return mixed

    def _look(self, energies: list[float], average: float) -> None:
        """Decide what stands for a block, by the energies of its channels and of their average."""
        kept = [_KEPT * before + now for before, now in zip(self._energies, energies, strict=True)]
        self._energies = kept
        self._average = _KEPT * self._average + average
        loudest = max(kept)
        limit = self._cancels if self._chosen is None else self._adds_up
        if self._average >= limit * loudest:
            self._chosen = None
        elif self._chosen is None:
            self._chosen = kept.index(loudest)
