"""ITU-T G.711 (telephony), by a table for each law."""

from __future__ import annotations

from functools import cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from liusheng.audio.pcm import Samples, pcm_to_samples

Law = Literal["mulaw", "alaw"]


def _samples(linear: npt.NDArray[np.integer]) -> Samples:
    """Return 16-bit integers as samples."""
    return pcm_to_samples(linear.astype("<i2").tobytes())


def _mulaw_table() -> Samples:
    code = ~np.arange(256, dtype=np.uint8)
    exponent, mantissa = (code >> 4) & 7, (code & 15).astype(np.int32)
    magnitude = (((mantissa << 3) + 132) << exponent) - 132
    return _samples(np.where(code & 128, -magnitude, magnitude))


def _alaw_table() -> Samples:
    code = np.arange(256, dtype=np.uint8) ^ 0x55
    exponent, mantissa = (code >> 4) & 7, (code & 15).astype(np.int32)
    magnitude = np.where(
        exponent == 0,
        (mantissa << 4) + 8,
        ((mantissa << 4) + 264) << np.maximum(exponent, 1) - 1,
    )
    return _samples(np.where(code & 128, magnitude, -magnitude))


_TABLES: dict[Law, Samples] = {"mulaw": _mulaw_table(), "alaw": _alaw_table()}


def expand(data: bytes, law: Law) -> Samples:
    """Return the samples of `data`, one for each byte."""
    samples: Samples = _TABLES[law][np.frombuffer(data, np.uint8)]
    return samples


@cache
def _codes(law: Law) -> npt.NDArray[np.uint8]:
    """Return the nearest code of each 16-bit sample, by the sample as an unsigned number."""
    levels = (_TABLES[law] * 32_768).round().astype(np.int32)
    order = np.argsort(levels, kind="stable")
    between = (levels[order][:-1] + levels[order][1:]) / 2
    samples = np.arange(65_536, dtype=np.uint16).view(np.int16)
    codes: npt.NDArray[np.uint8] = order[np.searchsorted(between, samples)].astype(np.uint8)
    return codes


def compress(pcm: bytes, law: Law) -> bytes:
    """Return 16-bit samples as G.711, one byte for each."""
    coded: bytes = _codes(law)[np.frombuffer(pcm, "<u2")].tobytes()
    return coded
