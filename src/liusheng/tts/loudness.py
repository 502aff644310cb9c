"""Bringing voices to one loudness, so that a sentence in two languages does not jump."""

from __future__ import annotations

import contextlib
import math
import re
import tempfile
from fractions import Fraction
from pathlib import Path

import av
import av.error
import av.filter

from liusheng.tts.types import SAMPLE_RATE, Samples

TARGET = -21.0
"""LUFS that every voice is brought to."""

_MEASURED = {"baker-zh": -21.9, "heart": -26.0}
"""LUFS of voices whose loudness was measured over ten sentences (docs/voices.md)."""

_MOST_DB = 12.0


def loudness(samples: Samples) -> float:
    """Integrated loudness in LUFS (ITU-R BS.1770-4, FFmpeg's ebur128); -inf for silence."""
    frame = av.AudioFrame.from_ndarray(samples[None], format="flt", layout="mono")
    frame.sample_rate = SAMPLE_RATE
    frame.pts = 0
    # Through a file: PyAV 17, the last for Python 3.10, does not show a frame's metadata.
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "log")
        graph = av.filter.Graph()
        source = graph.add_abuffer(
            format="flt", sample_rate=SAMPLE_RATE, layout="mono", time_base=Fraction(1, SAMPLE_RATE)
        )
        graph.link_nodes(
            source,
            graph.add("ebur128", "metadata=1"),
            graph.add("ametadata", mode="print", key="lavfi.r128.I", file=str(log), direct="1"),
            graph.add("abuffersink"),
        ).configure()
        source.push(frame)
        source.push(None)
        with contextlib.suppress(av.error.EOFError):
            while True:
                graph.pull()
        readings = re.findall(r"lavfi\.r128\.I=(\S+)", log.read_text())
    measured = float(readings[-1]) if readings else -math.inf
    # The meter's floor is -70.
    return measured if measured > -70 else -math.inf


def gain_of(voice: str, sample: Samples) -> float:
    """The factor that brings a voice to TARGET, at most 12 dB up or down.

    voice: its name.
    sample: some speech of it, measured where the voice is not one that was measured once for all.
    """
    level = _MEASURED[voice] if voice in _MEASURED else loudness(sample)
    if not math.isfinite(level):
        return 1.0
    # Tenths, so that measuring on another machine gives the same factor.
    decibels = round(min(max(TARGET - level, -_MOST_DB), _MOST_DB), 1)
    return float(10 ** (decibels / 20))
