"""Telephone samples, ITU-T G.711, as linear ones: each byte is looked up."""

from __future__ import annotations

from typing import Literal

import numpy as np

from liusheng.audio.pcm import Samples

Law = Literal["mulaw", "alaw"]


def _mulaw_table() -> Samples:
    code = ~np.arange(256, dtype=np.uint8)
    exponent, mantissa = (code >> 4) & 7, (code & 15).astype(np.int32)
    magnitude = (((mantissa << 3) + 132) << exponent) - 132
    return (np.where(code & 128, -magnitude, magnitude) / 32768).astype(np.float32)


def _alaw_table() -> Samples:
    code = np.arange(256, dtype=np.uint8) ^ 0x55
    exponent, mantissa = (code >> 4) & 7, (code & 15).astype(np.int32)
    magnitude = np.where(
        exponent == 0,
        (mantissa << 4) + 8,
        ((mantissa << 4) + 264) << np.maximum(exponent, 1) - 1,
    )
    return (np.where(code & 128, magnitude, -magnitude) / 32768).astype(np.float32)


_TABLES: dict[Law, Samples] = {"mulaw": _mulaw_table(), "alaw": _alaw_table()}


def expand(data: bytes, law: Law) -> Samples:
    """Return the samples that `data` is, one for each byte."""
    samples: Samples = _TABLES[law][np.frombuffer(data, np.uint8)]
    return samples
