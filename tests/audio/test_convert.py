from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liusheng.audio.convert import PacketConverter, SampleFormat
from liusheng.audio.pcm import pcm_to_samples, samples_to_pcm

SECOND = np.sin(np.arange(8_000) * 2 * np.pi * 440 / 8_000).astype(np.float32) * 0.5


def mulaw(samples: np.ndarray) -> bytes:
    """ITU-T G.711, by search: the code whose value is nearest."""
    from liusheng.audio.g711 import expand

    table = expand(bytes(range(256)), "mulaw")
    return bytes(int(np.argmin(np.abs(table - s))) for s in samples)


def converted(form: SampleFormat, data: bytes, rate: int, channels: int, cuts: list[int]) -> bytes:
    converter = PacketConverter(form, rate, channels, 16_000)
    ends = sorted({min(c, len(data)) for c in cuts} | {len(data)})
    out = b""
    at = 0
    for end in ends:
        out += converter.feed(data[at:end])
        at = end
    return out + converter.rest()


@pytest.mark.parametrize(
    ("form", "data"),
    [
        ("s16le", samples_to_pcm(SECOND)),
        ("f32le", SECOND.astype("<f4").tobytes()),
        ("mulaw", mulaw(SECOND)),
    ],
)
def test_every_form_gives_the_same_sound(form: SampleFormat, data: bytes) -> None:
    out = pcm_to_samples(converted(form, data, 8_000, 1, []))
    assert len(out) == 16_000
    wanted = np.sin(np.arange(16_000) * 2 * np.pi * 440 / 16_000) * 0.5
    assert np.abs(out - wanted)[200:-200].max() < 0.02


@given(st.lists(st.integers(0, 1_000), max_size=8), st.sampled_from([1, 2]))
def test_packets_may_be_cut_anywhere(cuts: list[int], channels: int) -> None:
    data = SECOND[: 125 * channels].astype("<f4").tobytes()
    assert converted("f32le", data, 8_000, channels, cuts) == converted(
        "f32le", data, 8_000, channels, []
    )


def test_channels_are_averaged() -> None:
    stereo = np.stack([SECOND, np.zeros_like(SECOND)], axis=1).tobytes()
    half = (SECOND / 2).astype("<f4").tobytes()
    assert converted("f32le", stereo, 16_000, 2, []) == converted("f32le", half, 16_000, 1, [])


def test_what_is_ours_passes_as_it_is() -> None:
    data = samples_to_pcm(SECOND)
    assert converted("s16le", data, 16_000, 1, [3, 7]) == data


def test_samples_that_are_no_numbers_are_silence_and_loud_ones_are_clipped() -> None:
    wild = np.array([np.nan, np.inf, -np.inf, 7.0, -7.0], "<f4").tobytes()
    out = pcm_to_samples(converted("f32le", wild, 16_000, 1, []))
    assert out.tolist() == [0.0, 0.0, 0.0, pytest.approx(1.0, abs=1e-4), -1.0]
