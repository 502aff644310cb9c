"""The acoustic model: phones to a mel spectrogram, computed from the front as it is needed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime

from liusheng.models.devices import Device
from liusheng.tts.onnx_session import open_session

FRAME_SAMPLES = 300
"""Samples of 24 kHz audio in one frame (12.5 ms)."""

MELS = 80

_MAX_FRAMES = 2048
"""Positions for which the decoder has embeddings."""

_CONTEXT = 12
"""Frames of context on each side that the last convolutions use: twice 1 in the decoder, five
times 2 in the postnet."""

Mel = npt.NDArray[np.float32]
"""float32, shape (frames, 80)."""


class Spectrogram:
    """The mel spectrogram of a clause, computed up to the last frame that was requested.

    durations: int64, shape (phones,): frames of each phone; they add up to `len(self)`.
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
        self._computed = 0

    def __len__(self) -> int:
        """Frames."""
        return int(self._deep.shape[1])

    def window(self, start: int, end: int) -> Mel:
        """Frames `start` to `end`, shape (end - start, 80).

        The result does not depend on earlier calls. Frames before `start` that are missing are
        computed too: windows are expected to move forward from the start.
        """
        if end > self._computed:
            left = max(0, self._computed - _CONTEXT)
            right = min(len(self), end + _CONTEXT)
            (mel,) = self._postnet.run(
                ["mel"],
                {"deep": self._deep[:, left:right], "keys": self._keys, "values": self._values},
            )
            self._mel[self._computed : end] = mel[0, self._computed - left : end - left]
            self._computed = end
        return self._mel[start:end]


class AcousticModel:
    """FastSpeech 2 (Ren et al. 2021), in the three parts that the conversion cuts it into.

    Raises:
        ValueError: a file is not an ONNX model.
    """

    def __init__(self, encoder: Path, decoder: Path, postnet: Path, device: Device = "cpu") -> None:
        self._encoder = open_session(encoder, device)
        self._decoder = open_session(decoder, device)
        self._postnet = open_session(postnet, device)

    def __call__(self, phone_ids: Sequence[int], speed: float = 1.0) -> Spectrogram:
        """The spectrogram of a clause.

        phone_ids: see `Phones.ids`.
        speed: 2.0 takes half the time; limited so that the clause fits the decoder.
        """
        hidden, predicted = self._encoder.run(
            ["hidden", "durations"],
            {
                "ids": np.array([phone_ids], np.int64),
                "duration_scale": np.array([1 / speed], np.float32),
            },
        )
        durations = np.rint(predicted[0]).astype(np.int64)
        total = int(durations.sum())
        if total > _MAX_FRAMES:  # slow speech of a long clause: as slow as fits
            durations = np.floor(predicted[0] * (_MAX_FRAMES / total)).astype(np.int64)
        frames = np.repeat(hidden[0], durations, axis=0)[None]
        decoded = self._decoder.run(["deep", "keys", "values"], {"frames": frames})
        return Spectrogram(durations, decoded, self._postnet)
