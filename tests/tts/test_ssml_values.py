"""Attribute values of SSML as numbers."""

from __future__ import annotations

import pytest

from liusheng.tts.ssml_values import break_seconds, rate_factor, volume_factor


@pytest.mark.parametrize(
    ("time", "strength", "seconds"),
    [
        (None, None, 0.4),
        (None, "none", 0.0),
        (None, "x-strong", 1.0),
        ("500ms", None, 0.5),
        (" 1.5s ", "weak", 1.5),
        ("10s", None, 10.0),
    ],
)
def test_breaks(time: str | None, strength: str | None, seconds: float) -> None:
    assert break_seconds(time, strength) == seconds


@pytest.mark.parametrize(
    ("rate", "factor"),
    [(None, 1.0), ("slow", 0.75), ("150%", 1.5), ("0.5", 0.5), ("+50%", 1.5), ("-20%", 0.8)],
)
def test_rates(rate: str | None, factor: float) -> None:
    assert rate_factor(rate) == pytest.approx(factor)


@pytest.mark.parametrize(
    ("volume", "factor"),
    [
        (None, 1.0), ("silent", 0.0), ("loud", 1.6), ("50", 0.5), ("100%", 1.0), ("+6dB", 1.995),
        ("-20dB", 0.1), ("+90dB", 3.0),
    ],
)  # fmt: skip
def test_volumes(volume: str | None, factor: float) -> None:
    assert volume_factor(volume) == pytest.approx(factor, abs=0.001)


@pytest.mark.parametrize("time", ["1", "-1s", "10.1s", "1h", ""])
def test_durations_that_are_not_valid(time: str) -> None:
    with pytest.raises(ValueError, match="is not a duration up to 10 s"):
        break_seconds(time, None)


def test_a_strength_that_does_not_exist() -> None:
    with pytest.raises(ValueError, match='strength="huge" is none of none, x-weak'):
        break_seconds("1s", "huge")


@pytest.mark.parametrize("rate", ["9", "40%", "+1", "+150%", "quick", ""])
def test_rates_that_are_not_valid(rate: str) -> None:
    with pytest.raises(ValueError, match="nor from 50% to 200%"):
        rate_factor(rate)


@pytest.mark.parametrize("volume", ["101", "-5", "+6", "loudest", ""])
def test_volumes_that_are_not_valid(volume: str) -> None:
    with pytest.raises(ValueError, match="nor from 0 to 100"):
        volume_factor(volume)
