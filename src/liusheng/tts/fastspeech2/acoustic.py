"""The acoustic model: phones to a mel spectrogram, the first frames first."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime

from liusheng.tts.onnx_session import open_session

FRAME_SAMPLES = 300
"""Samples of 24 kHz audio in one frame (12.5 ms)."""

MELS = 80

_MAX_FRAMES = 2048
"""The positions that the decoder has embeddings for."""

_CONTEXT = 12
"""Frames that the last convolutions see on each side: twice 1 in the decoder, five times 2 in the
postnet."""

Mel = npt.NDArray[np.float32]
"""float32, shape (frames, 80)."""


class Spectrogram:
    """A clause's spectrogram, of which only what was asked for has been computed.

    durations: int64 frames of each phone; their sum is the number of frames.
    """

    def __init__(
        self,
        durations: npt.NDArray[np.int64],
        decoded: Sequence[npt.NDArray[np.float32]],
        postnet: onnxruntime.InferenceSession,
    ) -> None:
        self.durations = durations
        self._deep, self._keys, self._values = decoded
        self._postnet = postnet
        self._mel: Mel = np.empty((len(self), MELS), np.float32)
        self._known = 0

    def __len__(self) -> int:
        """Frames."""
        return int(self._deep.shape[1])

    def window(self, start: int, end: int) -> Mel:
        """Frames `start` to `end`, the same whatever was asked for before.

        Frames before `start` that nobody asked for are computed too; windows are expected to
        move on from the front.
        """
        if end > self._known:
            left = max(0, self._known - _CONTEXT)
            right = min(len(self), end + _CONTEXT)
            (mel,) = self._postnet.run(
                ["mel"],
                {"deep": self._deep[:, left:right], "keys": self._keys, "values": self._values},
            )
            self._mel[self._known : end] = mel[0, self._known - left : end - left]
            self._known = end
        return self._mel[start:end]


class AcousticModel:
    """FastSpeech 2 (Ren et al. 2021), in the three parts that the conversion cuts it into.

    Raises:
        ValueError: a file is not an ONNX model.
    """

    def __init__(self, encoder: Path, decoder: Path, postnet: Path) -> None:
        self._encoder = open_session(encoder)
        self._decoder = open_session(decoder)
        self._postnet = open_session(postnet)

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
        decoded = self._decoder.run(["deep", "keys", "values"], {"frames": frames})
        return Spectrogram(durations, decoded, self._postnet)
