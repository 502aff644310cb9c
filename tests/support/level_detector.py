"""A speech detector without a model."""

from __future__ import annotations

import numpy as np

from liusheng.asr.vad.segments import FRAME
from liusheng.audio.pcm import Samples


class LevelDetector:
    """Speech is whatever is not zero. Its state is what does not fill a frame yet."""

    def open(self) -> Samples:
        return np.zeros(0, np.float32)

    def probabilities(self, state: Samples, samples: Samples) -> tuple[Samples, Samples]:
        audio = np.concatenate([state, samples])
        whole = len(audio) - len(audio) % FRAME
        loud = np.abs(audio[:whole]).reshape(-1, FRAME).mean(axis=1) > 0.01
        return audio[whole:], np.where(loud, 0.9, 0.1).astype(np.float32)
