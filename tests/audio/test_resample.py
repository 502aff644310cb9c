from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liusheng.audio.resample import Resampler, resample
from tests.support.examples import examples

RATES = [8_000, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000]


@settings(max_examples=examples(60), deadline=None)
@given(
    st.sampled_from(RATES),
    st.sampled_from(RATES),
    st.lists(st.integers(0, 3_000), min_size=1, max_size=12),
)
def test_how_a_stream_is_cut_does_not_matter(
    rate_in: int, rate_out: int, lengths: list[int]
) -> None:
    signal = np.random.default_rng(0).uniform(-0.5, 0.5, sum(lengths)).astype(np.float32)
    resampler = Resampler(rate_in, rate_out)
    blocks = np.split(signal, np.cumsum(lengths)[:-1])
    out = [resampler.feed(b, last=i == len(blocks) - 1) for i, b in enumerate(blocks)]
    whole = resample(signal, rate_in, rate_out)
    np.testing.assert_array_equal(np.concatenate(out), whole)
    assert abs(len(whole) - len(signal) * rate_out / rate_in) <= 0.5
    assert whole.dtype == np.float32


@pytest.mark.parametrize("rate_in", RATES)
def test_a_tone_stays_the_same_tone(rate_in: int) -> None:
    seconds, hertz = 0.5, 1000.0
    tone = np.sin(2 * np.pi * hertz * np.arange(int(rate_in * seconds)) / rate_in)
    out = resample(tone.astype(np.float32), rate_in, 16_000)
    expected = np.sin(2 * np.pi * hertz * np.arange(len(out)) / 16_000)
    inner = slice(800, -800)  # the edges of a tone are not a tone
    assert np.abs(out - expected)[inner].max() < 1e-3


def test_what_the_lower_rate_cannot_hold_is_filtered_out() -> None:
    tone = np.sin(2 * np.pi * 10_000 * np.arange(48_000) / 48_000).astype(np.float32)
    assert np.abs(resample(tone, 48_000, 16_000)[800:-800]).max() < 1e-4


def test_ended_is_ended() -> None:
    resampler = Resampler(8_000, 16_000)
    resampler.feed(np.zeros(10, np.float32), last=True)
    with pytest.raises(RuntimeError, match="ended"):
        resampler.feed(np.zeros(10, np.float32))


@pytest.mark.parametrize(("rate_in", "rate_out"), [(0, 16_000), (16_000, -1), (500_000, 16_000)])
def test_rates_out_of_range_are_refused(rate_in: int, rate_out: int) -> None:
    with pytest.raises(ValueError, match="is not between 1 and 384000"):
        Resampler(rate_in, rate_out)
