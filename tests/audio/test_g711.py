from __future__ import annotations

import av
import numpy as np
import pytest

from liusheng.audio.g711 import Law, compress, expand


@pytest.mark.parametrize("law", ["mulaw", "alaw"])
def test_every_byte_is_what_ffmpeg_says(law: Law) -> None:
    data = bytes(range(256))
    codec = av.CodecContext.create(f"pcm_{law}", "r")
    assert isinstance(codec, av.AudioCodecContext)
    codec.sample_rate = 8_000
    codec.layout = "mono"
    (frame,) = codec.decode(av.Packet(data))
    np.testing.assert_array_equal(expand(data, law), frame.to_ndarray()[0] / 32_768)


@pytest.mark.parametrize("law", ["mulaw", "alaw"])
def test_compression_chooses_the_nearest_level(law: Law) -> None:
    codes = bytes(range(256))
    levels = np.round(expand(codes, law) * 32_768).astype("<i2")
    again = np.round(expand(compress(levels.tobytes(), law), law) * 32_768)
    np.testing.assert_array_equal(again, levels)
    samples = np.arange(-32_768, 32_768, 97).astype("<i2")
    coded = np.round(expand(compress(samples.tobytes(), law), law) * 32_768)
    nearest = np.abs(levels[None].astype(int) - samples[:, None].astype(int)).min(axis=1)
    np.testing.assert_array_equal(np.abs(coded - samples.astype(int)), nearest)
