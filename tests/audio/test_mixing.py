"""Several channels as one."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liusheng.audio.mixing import ChannelMixer

RATE = 16_000
Channels = npt.NDArray[np.float32]


def mixed(samples: Channels, cuts: tuple[int, ...] = ()) -> npt.NDArray[np.float32]:
    mixer = ChannelMixer(samples.shape[1], RATE)
    parts = np.split(samples, sorted(cut % (len(samples) + 1) for cut in cuts))
    return np.concatenate([*(mixer.feed(part) for part in parts), mixer.rest()])


def noise(seed: int, seconds: float = 1.0) -> npt.NDArray[np.float32]:
    generator = np.random.default_rng(seed)
    return (0.1 * generator.standard_normal(round(seconds * RATE))).astype(np.float32)


def level(samples: npt.NDArray[np.float32]) -> float:
    return float(np.sqrt(np.square(samples, dtype=np.float64).mean()))


@pytest.mark.parametrize("gain", [1.0, 0.8, 1.25])
def test_the_louder_of_two_channels_in_opposite_phase_is_kept(gain: float) -> None:
    speech = noise(1)
    both = np.stack([speech, -gain * speech], axis=1).astype(np.float32)
    louder = both[:, 1] if gain > 1 else both[:, 0]
    assert np.array_equal(mixed(both), louder)


def test_a_delay_between_opposite_channels_does_not_silence_them() -> None:
    speech = noise(2)
    both = np.stack([speech[1:], -speech[:-1]], axis=1)
    assert level(mixed(both)) > 0.5 * level(speech)


@pytest.mark.parametrize("channels", [2, 3, 6, 8])
def test_channels_that_do_not_cancel_are_averaged(channels: int) -> None:
    for others in (
        np.zeros((RATE, channels - 1)),
        np.stack([noise(n) for n in range(channels - 1)], 1),
    ):
        samples = np.concatenate([noise(99)[:, None], others], axis=1).astype(np.float32)
        assert np.array_equal(mixed(samples), samples.mean(axis=1, dtype=np.float32))


def test_what_cancels_for_a_while_only_is_averaged_afterwards() -> None:
    opposite, same = noise(3, 2.0), noise(4, 4.0)
    left = np.concatenate([opposite, same])
    right = np.concatenate([-opposite, same])
    out = mixed(np.stack([left, right], axis=1))
    assert np.array_equal(out[:RATE], left[:RATE])
    assert np.array_equal(out[-RATE:], same[-RATE:])


def test_silence_stays_silent() -> None:
    assert not mixed(np.zeros((RATE, 2), np.float32)).any()


@given(
    seed=st.integers(0, 100),
    cuts=st.lists(st.integers(0, 3_000), max_size=6),
    opposite=st.booleans(),
)
def test_the_mix_does_not_depend_on_the_cuts(seed: int, cuts: list[int], opposite: bool) -> None:
    one = noise(seed, 0.15)
    samples = np.stack([one, -one if opposite else noise(seed + 1, 0.15)], axis=1)
    assert np.array_equal(mixed(samples), mixed(samples, tuple(cuts)))
