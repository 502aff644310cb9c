from __future__ import annotations

import io

import numpy as np
import pytest

from liusheng.audio.decode import RawFormat, decode_file
from liusheng.audio.g711 import Law, expand


@pytest.mark.parametrize("law", ["mulaw", "alaw"])
def test_every_byte_is_what_ffmpeg_says(law: Law) -> None:
    data = bytes(range(256))
    (samples,) = decode_file(io.BytesIO(data), 8_000, raw=RawFormat(law, 8_000))
    np.testing.assert_array_equal(expand(data, law), samples)
