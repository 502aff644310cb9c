"""Converters that begin in the middle of a stream."""

from __future__ import annotations

import numpy as np
import pytest

from liusheng.audio.convert import PacketConverter, SampleFormat
from liusheng.audio.restart import restart_at

SECONDS = 6


def spoken(rate: int, channels: int) -> bytes:
    """Return a sound that all channels have, each with noise of its own."""
    chance = np.random.default_rng(0)
    common = chance.normal(0, 6_000, (SECONDS * rate, 1))
    own = chance.normal(0, 600, (SECONDS * rate, channels))
    return (common + own).clip(-32_000, 32_000).astype("<i2").tobytes()


@pytest.mark.parametrize("rate", [8_000, 11_025, 12_345, 16_000, 22_050, 44_100, 48_000])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("sample", [0, 1, 15_999, 60_001])
def test_what_follows_is_as_if_it_had_not_been_cut(rate: int, channels: int, sample: int) -> None:
    pcm = spoken(rate, channels)
    form: SampleFormat = "s16le"

    def converted(audio: bytes) -> np.ndarray:
        converter = PacketConverter(form, rate, channels, 16_000)
        return np.frombuffer(converter.feed(audio) + converter.rest(), "<i2").astype(int)

    at = restart_at(sample, rate, channels, 16_000)
    assert at.frame >= 0
    assert at.drop >= 0
    assert at.frame / rate <= sample / 16_000
    assert sample / 16_000 - at.frame / rate < 1.5
    whole = converted(pcm)[sample:]
    rest = converted(pcm[2 * channels * at.frame :])[at.drop :]
    assert abs(len(whole) - len(rest)) <= 1
    size = min(len(whole), len(rest)) - 200  # the end of a stream is a filter's edge
    assert np.abs(whole[:size] - rest[:size]).max() <= 1, "rounding at most"
    if rate == 16_000 and channels == 1:
        assert (at.frame, at.drop) == (sample, 0)
