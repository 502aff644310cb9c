"""Whisper's encoder, for windows cut to the speech and batches of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ctranslate2
import numpy as np
import numpy.typing as npt
from faster_whisper.feature_extractor import FeatureExtractor

from liusheng.asr.offline.engine import Window
from liusheng.asr.types import SAMPLE_RATE

MAX_SECONDS = 30.0
"""What the model takes at once."""
HOP = 160
"""Samples per frame of features."""
STRIDE = 2 * HOP
"""Samples per frame of the encoder's output."""

Floats = npt.NDArray[np.float32]


class WhisperEncoder:
    """Encodes windows, without the padding to 30 s."""

    def __init__(self, model: Any) -> None:
        """model: `ctranslate2.models.Whisper`."""
        self._model = model
        self._features = FeatureExtractor(feature_size=model.n_mels)
        self._silence = self._encode_silence()

    def encode(self, window: Window, pad: float) -> Floats:
        """Return the output for a window and its padding, shape (1, frames, d)."""
        samples = window.samples
        length = min(len(samples) + int(pad * SAMPLE_RATE), int(MAX_SECONDS * SAMPLE_RATE))
        length -= length % STRIDE
        audio = np.zeros(length, np.float32)
        n = min(len(samples), length)
        audio[:n] = samples[:n]
        features = self._features(audio, padding=0)[:, : length // HOP]
        storage = ctranslate2.StorageView.from_array(np.ascontiguousarray(features[None]))
        return np.asarray(self._model.encode(storage, to_cpu=True))

    def stacked(self, encoded: Sequence[Floats]) -> Any:
        """Concatenate outputs to a batch.

        Shorter ones are padded with the encoded silence of the same frames: as accurate as padding
        the audio, and free. (Repeating their last frame doubles the error rate.)
        """
        longest = max(e.shape[1] for e in encoded)
        rows = [
            np.concatenate([e, self._silence[:, e.shape[1] : longest]], axis=1) for e in encoded
        ]
        return self.storage(np.concatenate(rows))

    def storage(self, encoded: Floats) -> Any:
        """Return outputs, shape (batch, frames, d), as the decoder takes them.

        CTranslate2 takes as many frames as there are mel bands for features that are not encoded
        yet. One more, of silence, tells them apart.
        """
        frames = encoded.shape[1]
        if frames == self._model.n_mels:
            silence = self._silence[:, frames : frames + 1]
            more = np.repeat(silence, len(encoded), axis=0)
            encoded = np.concatenate([encoded, more], axis=1)
        return ctranslate2.StorageView.from_array(encoded)

    def _encode_silence(self) -> Floats:
        """Return the output for silence, shape (1, frames, d), which pads batches."""
        # -0.7 is about the floor of the log-mel features of speech (8 below their peak).
        frames = int(MAX_SECONDS * SAMPLE_RATE) // HOP
        features = np.full((1, self._model.n_mels, frames), -0.7, np.float32)
        storage = ctranslate2.StorageView.from_array(features)
        return np.asarray(self._model.encode(storage, to_cpu=True))
