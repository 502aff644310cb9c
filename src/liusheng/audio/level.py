"""The level of audio: quiet speech made as loud as speech usually is."""

from __future__ import annotations

import numpy as np

from liusheng.audio.pcm import Samples

BLOCK = 320
"""Samples whose power is one value; 20 ms at 16 kHz."""
USUAL_POWER = 10 ** (-26 / 10)
"""Power of the loud blocks of speech that is recorded as usual."""
QUIET_POWER = 10 ** (-38 / 10)
"""Power below which it is quiet."""
_LARGEST_GAIN = 10 ** (36 / 20)


def louder(samples: Samples) -> Samples:
    """Return quiet audio as loud as speech usually is, amplified by 36 dB at most.

    Other audio is returned as it is.
    """
    blocks = len(samples) // BLOCK
    if not blocks:
        return samples
    power = np.square(samples[: blocks * BLOCK].reshape(blocks, BLOCK)).mean(axis=1)
    loud = float(np.percentile(power, 90))
    peak = float(np.abs(samples).max())
    if loud >= QUIET_POWER or not loud:
        return samples
    gain = min(float(np.sqrt(USUAL_POWER / loud)), _LARGEST_GAIN, 1 / peak)
    return np.asarray(samples * np.float32(gain), np.float32) if gain > 1 else samples
