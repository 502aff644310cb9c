"""The vocoder: a mel spectrogram to audio, in blocks that give the same samples as one pass."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from liusheng.audio.pcm import Samples
from liusheng.models.devices import Device
from liusheng.tts.blocks import FIRST_BLOCK, plan_blocks
from liusheng.tts.fastspeech2.acoustic import FRAME_SAMPLES, Mel, Spectrogram
from liusheng.tts.onnx_session import open_session

CONTEXT = 21
"""Frames of context on each side of a block, the network's receptive field: measured, the
difference to one pass over everything falls to float32 noise at 21 (1e-6; at 18 it is 1e-4, at 14
1.5e-2)."""

MIN_FRAMES = 10
"""The network pads with 9 reflected frames, so it needs 10."""


class Vocoder:
    """Multi-band MelGAN (Yang et al. 2021).

    Raises:
        ValueError: the file is not an ONNX model.
    """

    def __init__(self, path: Path, device: Device = "cpu") -> None:
        self._session = open_session(path, device)

    def whole(self, mel: Mel) -> Samples:
        """The audio of all of `mel` in one pass, shape (300 * frames,)."""
        missing = MIN_FRAMES - len(mel)
        if missing > 0:
            padded = np.pad(mel, ((0, missing), (0, 0)), mode="edge")
            return self.whole(padded)[: len(mel) * FRAME_SAMPLES]
        (audio,) = self._session.run(["audio"], {"mel": mel[None]})
        samples: Samples = audio[0]
        return samples

    def stream(
        self, spectrogram: Spectrogram, first_block: int = FIRST_BLOCK, skip: int = 0
    ) -> Iterator[Samples]:
        """Yield the same audio in blocks, without its first `skip` frames; each `next` is one pass
        of the network, and computes the part of the spectrogram that it needs."""
        frames = len(spectrogram)
        for begin, stop in plan_blocks(frames - skip, first_block, MIN_FRAMES):
            start, end = begin + skip, stop + skip
            left = max(0, start - CONTEXT)
            right = min(frames, end + CONTEXT)
            audio = self.whole(spectrogram.window(left, right))
            yield audio[(start - left) * FRAME_SAMPLES : (end - left) * FRAME_SAMPLES]
