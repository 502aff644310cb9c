"""Attribute values of SSML as numbers: durations of breaks, rates, volumes.

W3C, Speech Synthesis Markup Language 1.1, sections 3.2.3 (break) and 3.2.4 (prosody).
"""

from __future__ import annotations

import re

MAX_BREAK = 10.0
"""Seconds."""

MAX_VOLUME = 3.0
"""Factor; about 9.5 dB."""

_STRENGTHS = {
    "none": 0.0, "x-weak": 0.1, "weak": 0.2, "medium": 0.4, "strong": 0.7, "x-strong": 1.0
}  # fmt: skip
_RATES = {
    "x-slow": 0.5, "slow": 0.75, "medium": 1.0, "default": 1.0, "fast": 1.25, "x-fast": 1.75
}  # fmt: skip
_VOLUMES = {
    "silent": 0.0, "x-soft": 0.25, "soft": 0.5, "medium": 1.0, "default": 1.0, "loud": 1.6,
    "x-loud": 2.4,
}  # fmt: skip


def break_seconds(time: str | None, strength: str | None) -> float:
    """The duration of a break in seconds; `time` takes precedence.

    Raises:
        ValueError: a value that is not valid, or longer than MAX_BREAK.
    """
    strength = "medium" if strength is None else strength
    if strength not in _STRENGTHS:
        raise ValueError(f'strength="{strength}" is none of {", ".join(_STRENGTHS)}')
    if time is None:
        return _STRENGTHS[strength]
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s)", time.strip())
    seconds = float(match[1]) / (1_000 if match[2] == "ms" else 1) if match else -1.0
    if not 0 <= seconds <= MAX_BREAK:
        raise ValueError(
            f'time="{time}" is not a duration up to {MAX_BREAK:g} s, such as 500ms or 1.5s'
        )
    return seconds


def rate_factor(rate: str | None) -> float:
    """The factor of a `rate`: a name, "150%", "1.5", or relative to 1, "+50%".

    Raises:
        ValueError: a value that is not valid, or not from 0.5 to 2.
    """
    value = "default" if rate is None else rate.strip()
    if value in _RATES:
        return _RATES[value]
    match = re.fullmatch(r"([+-])?(\d+(?:\.\d+)?)(%)?", value)
    factor = 0.0
    if match and not (match[1] and not match[3]):
        factor = float(match[2]) / (100 if match[3] else 1)
        factor = 1 + factor if match[1] == "+" else 1 - factor if match[1] else factor
    if not 0.5 <= factor <= 2:
        raise ValueError(f'rate="{value}" is neither {", ".join(_RATES)} nor from 50% to 200%')
    return factor


def volume_factor(volume: str | None) -> float:
    """The factor of a `volume`: a name, 0 to 100 (with or without "%"), or decibels, "+6dB".

    Raises:
        ValueError: a value that is not valid.
    """
    value = "default" if volume is None else volume.strip()
    if value in _VOLUMES:
        return _VOLUMES[value]
    if match := re.fullmatch(r"([+-]\d+(?:\.\d+)?)dB", value):
        return min(float(10 ** (float(match[1]) / 20)), MAX_VOLUME)
    if (match := re.fullmatch(r"(\d+(?:\.\d+)?)%?", value)) and float(match[1]) <= 100:
        return float(match[1]) / 100
    raise ValueError(
        f'volume="{value}" is neither {", ".join(_VOLUMES)}, nor from 0 to 100, nor in decibels '
        "such as +6dB"
    )
