"""One loudness for all voices."""

from __future__ import annotations

import math

import numpy as np
import pytest

from liusheng.audio.pcm import Samples
from liusheng.tts.loudness import TARGET_LUFS, integrated_loudness, normalising_gain
from liusheng.tts.trim import silence


def tone(level: float) -> Samples:
    t = np.arange(24_000) / 24_000
    return (level * np.sin(2 * np.pi * 997 * t)).astype(np.float32)


def test_a_full_scale_tone_has_the_loudness_of_the_standard() -> None:
    """ITU-R BS.1770-4: a 997 Hz sine at 0 dBFS in one channel measures -3.01 LKFS."""
    assert integrated_loudness(tone(1.0)) == pytest.approx(-3.01, abs=0.1)


def test_half_is_six_decibels_less() -> None:
    assert integrated_loudness(tone(1.0)) - integrated_loudness(tone(0.5)) == pytest.approx(
        6.02, abs=0.1
    )


@pytest.mark.parametrize("level", [0.05, 0.1, 0.3])
def test_a_voice_is_brought_to_the_target(level: float) -> None:
    voice = tone(level)
    gain = normalising_gain("somebody", integrated_loudness(voice))
    assert integrated_loudness(voice * gain) == pytest.approx(TARGET_LUFS, abs=0.1)


def test_a_gain_has_limits() -> None:
    assert normalising_gain("somebody", integrated_loudness(tone(0.001))) == pytest.approx(
        10 ** (12 / 20)
    )
    assert normalising_gain("somebody", -math.inf) == 1
    assert integrated_loudness(silence(1)) == -math.inf


def test_a_measured_voice_needs_no_sample() -> None:
    assert normalising_gain("baker-zh", -math.inf) == pytest.approx(10 ** (0.7 / 20))
