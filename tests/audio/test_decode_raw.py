from __future__ import annotations

import io

import numpy as np
import pytest

from liusheng.audio.decode import RawFormat, decode_file
from liusheng.audio.pcm import Samples


def tone(rate: int) -> Samples:
    return (0.5 * np.sin(2 * np.pi * 440 * np.arange(rate) / rate)).astype(np.float32)


def encoded(codec: str, samples: Samples) -> bytes:
    if codec == "s16le":
        return (samples * 32_767).astype("<i2").tobytes()
    if codec == "f32le":
        return samples.astype("<f4").tobytes()
    # ITU-T G.711, from its definition: a sign, a segment, and the place in it.
    if codec == "mulaw":
        magnitude = np.log1p(255 * np.abs(samples)) / np.log(256)
        code = np.round(magnitude * 127).astype(np.uint8)
        return (~(code | np.where(samples < 0, 0x80, 0).astype(np.uint8))).tobytes()
    folded = np.abs(samples) * 87.6
    magnitude = np.where(folded < 1, folded, 1 + np.log(np.maximum(folded, 1)))
    code = np.round(magnitude / (1 + np.log(87.6)) * 127).astype(np.uint8)
    return ((code | np.where(samples < 0, 0, 0x80).astype(np.uint8)) ^ 0x55).tobytes()


@pytest.mark.parametrize("codec", ["s16le", "f32le", "mulaw", "alaw"])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100])
def test_samples_without_a_container(codec, channels, rate) -> None:
    data = encoded(codec, np.repeat(tone(rate), channels))
    raw = RawFormat(codec, rate, channels)
    blocks = list(decode_file(io.BytesIO(data), 16_000, raw=raw))
    samples, wanted = np.concatenate(blocks), tone(16_000)
    assert len(samples) == len(wanted)
    middle = slice(1_000, -1_000)
    np.testing.assert_allclose(samples[middle], wanted[middle], atol=0.05)
