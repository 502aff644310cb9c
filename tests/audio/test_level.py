from __future__ import annotations

import numpy as np
import pytest

from liusheng.audio.level import USUAL_POWER, louder
from liusheng.audio.pcm import Samples


def noise(level: float) -> Samples:
    """Return a second of noise of a level in decibels below full scale."""
    generator = np.random.default_rng(1)
    return generator.normal(0, 10 ** (level / 20), 16_000).astype(np.float32)


def level(samples: Samples) -> float:
    return float(10 * np.log10(np.square(samples).mean()))


@pytest.mark.parametrize("quiet", [-40.0, -50.0, -60.0])
def test_quiet_audio_becomes_as_loud_as_usual(quiet: float) -> None:
    assert level(louder(noise(quiet))) == pytest.approx(10 * np.log10(USUAL_POWER), abs=1.5)


def test_loud_audio_stays() -> None:
    audio = noise(-20.0)
    assert louder(audio) is audio


def test_next_to_nothing_does_not_become_loud() -> None:
    assert level(louder(noise(-90.0))) == pytest.approx(-54.0, abs=1.0)


def test_a_peak_is_not_clipped() -> None:
    audio = noise(-50.0)
    audio[8_000] = 0.5
    assert np.abs(louder(audio)).max() == pytest.approx(1.0)


@pytest.mark.parametrize("audio", [np.zeros(0, np.float32), np.zeros(5_000, np.float32)])
def test_silence_stays_silence(audio: Samples) -> None:
    assert np.array_equal(louder(audio), audio)
