from __future__ import annotations

import av
import numpy as np
import pytest

from liusheng.audio.g711 import Law, expand


@pytest.mark.parametrize("law", ["mulaw", "alaw"])
def test_every_byte_is_what_ffmpeg_says(law: Law) -> None:
    data = bytes(range(256))
    codec = av.CodecContext.create(f"pcm_{law}", "r")
    assert isinstance(codec, av.AudioCodecContext)
    codec.sample_rate = 8_000
    codec.layout = "mono"
    (frame,) = codec.decode(av.Packet(data))
    np.testing.assert_array_equal(expand(data, law), frame.to_ndarray()[0] / 32_768)
