"""Loudness normalisation across voices: a sentence in two languages keeps one loudness."""

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

from liusheng.audio.pcm import Samples
from liusheng.tts.types import SAMPLE_RATE
from liusheng.tts.voice_levels import LUFS

TARGET_LUFS = -21.0
"""LUFS to which every voice is normalised."""

_MAX_GAIN_DB = 12.0


def integrated_loudness(samples: Samples) -> float:
    """Integrated loudness of audio at 24 kHz in LUFS (ITU-R BS.1770-4, by FFmpeg's ebur128);
    -inf for silence."""
    frame = av.AudioFrame.from_ndarray(samples[None], format="flt", layout="mono")
    frame.sample_rate = SAMPLE_RATE
    frame.pts = 0
    # Through a file: PyAV 17, the last for Python 3.10, does not expose the metadata of a frame.
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
    # The meter reports -70 for everything below its absolute gate.
    return measured if measured > -70 else -math.inf


def normalising_gain(voice: str, measured: float) -> float:
    """The factor that brings a voice to TARGET_LUFS, at most 12 dB up or down; 1 for silence.

    voice: its name.
    measured: LUFS of some speech of its model, for a voice whose level is not known.
    """
    level = LUFS.get(voice, measured)
    if not math.isfinite(level):
        return 1.0
    # Rounded to 0.1 dB, so that every machine gets the same factor.
    decibels = round(min(max(TARGET_LUFS - level, -_MAX_GAIN_DB), _MAX_GAIN_DB), 1)
    return float(10 ** (decibels / 20))
