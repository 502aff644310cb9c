"""The vocoder: a mel spectrogram to audio, in blocks that join into what one pass would give."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from liusheng.tts.fastspeech2.acoustic import FRAME_SAMPLES, Mel, Spectrogram
from liusheng.tts.onnx_session import open_session
from liusheng.tts.types import Samples

CONTEXT = 21
"""Frames on each side of a block beyond which nothing is heard of: measured, the difference to one
pass over everything falls to float32 noise at 21 (1e-6; at 18 it is 1e-4, at 14 1.5e-2)."""

MIN_FRAMES = 10
"""The network reflects 9 frames at its edges, so it needs one more."""

FIRST_BLOCK = 16
"""Frames of a first block that somebody waits for: 200 ms, of which up to 110 ms are silent, before
a vowel."""

GROWTH = 2.5
"""Larger growth spends less on context, but who has just begun to listen would run dry where others
go first: simulated with 20 listeners on two cores, that begins at 3."""

MAX_BLOCK = 200
"""Frames. A longer block spends less on context, but keeps other speakers waiting."""


def plan_blocks(frames: int, first: int = FIRST_BLOCK) -> list[tuple[int, int]]:
    """Cut `frames` into half-open ranges that grow from `first`; a short tail joins the last."""
    blocks: list[tuple[int, int]] = []
    start, size = 0, float(first)
    while start < frames:
        end = start + int(size)
        if frames - end < MIN_FRAMES:
            end = frames
        blocks.append((start, end))
        start, size = end, min(size * GROWTH, MAX_BLOCK)
    return blocks


class Vocoder:
    """Multi-band MelGAN (Yang et al. 2021)."""

    def __init__(self, path: Path) -> None:
        self._session = open_session(path)

    def whole(self, mel: Mel) -> Samples:
        """The audio of all of `mel` in one pass, shape (300 frames,)."""
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
        """The same audio block by block, without its first `skip` frames; each `next` is one pass
        of the network, over a part of the spectrogram that is computed then."""
        frames = len(spectrogram)
        for begin, stop in plan_blocks(frames - skip, first_block):
            start, end = begin + skip, stop + skip
            left = max(0, start - CONTEXT)
            right = min(frames, end + CONTEXT)
            audio = self.whole(spectrogram.window(left, right))
            yield audio[(start - left) * FRAME_SAMPLES : (end - left) * FRAME_SAMPLES]
