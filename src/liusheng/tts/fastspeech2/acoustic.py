"""The acoustic model: phones to a mel spectrogram."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from liusheng.tts.onnx_session import open_session

FRAME_SAMPLES = 300
"""Samples of 24 kHz audio in one frame (12.5 ms)."""

_MAX_FRAMES = 2048
"""The positions that the decoder has embeddings for."""

Mel = npt.NDArray[np.float32]
"""float32, shape (frames, 80)."""


@dataclass(frozen=True)
class Spectrogram:
    """What is to be heard, and when.

    durations: int64 frames of each phone; their sum is the number of frames.
    """

    mel: Mel
    durations: npt.NDArray[np.int64]


class AcousticModel:
    """FastSpeech 2 (Ren et al. 2021), cut in two at its length regulator."""

    def __init__(self, encoder: Path, decoder: Path) -> None:
        self._encoder = open_session(encoder)
        self._decoder = open_session(decoder)

    def __call__(self, phone_ids: Sequence[int], speed: float = 1.0) -> Spectrogram:
        """Make the spectrogram of a clause of phones; `speed` 2.0 takes half the time."""
        hidden, predicted = self._encoder.run(
            ["hidden", "durations"],
            {
                "ids": np.array([phone_ids], np.int64),
                "duration_scale": np.array([1 / speed], np.float32),
            },
        )
        durations = np.rint(predicted[0]).astype(np.int64)
        total = int(durations.sum())
        if total > _MAX_FRAMES:  # very slow and very long at once: as slow as the model can go
            durations = np.floor(predicted[0] * (_MAX_FRAMES / total)).astype(np.int64)
        frames = np.repeat(hidden[0], durations, axis=0)[None]
        (mel,) = self._decoder.run(["mel"], {"frames": frames})
        return Spectrogram(mel[0], durations)
