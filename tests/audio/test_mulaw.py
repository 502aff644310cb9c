"""PCM as mu-law."""

from __future__ import annotations

import numpy as np

from liusheng.audio.g711 import compress, expand


def test_every_code_is_the_code_of_its_own_level() -> None:
    codes = bytes(range(256))
    pcm = (expand(codes, "mulaw") * 32_768).astype("<i2").tobytes()
    back = compress(pcm, "mulaw")
    zeros = (0x7F, 0xFF)
    assert [each for each in range(256) if back[each] != each] in ([zeros[0]], [zeros[1]])


def test_every_level_becomes_one_beside_it() -> None:
    levels = np.arange(-32_635, 32_636)
    back = expand(compress(levels.astype("<i2").tobytes(), "mulaw"), "mulaw") * 32_768
    # The steps of a segment are as wide as its smallest magnitude divided by 16.
    step = 2.0 ** (np.floor(np.log2(np.abs(levels) + 132)) - 4)
    assert np.all(np.abs(back - levels) <= step / 2)
    assert np.all(np.diff(back) >= 0)
    loudest = np.array([-32_768, 32_767], "<i2").tobytes()
    samples = expand(compress(loudest, "mulaw"), "mulaw")
    assert list(samples) == [-32_124 / 32_768, 32_124 / 32_768]
