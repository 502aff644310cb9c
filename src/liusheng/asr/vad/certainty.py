"""Where a detector is certain of speech, from its probabilities."""

from __future__ import annotations

import numpy as np

from liusheng.asr.options import VadOptions
from liusheng.asr.vad.segments import FRAME_SECONDS

Stretch = tuple[float, float]
"""Start and end in seconds."""

_ABOVE = 0.1
"""By how much a frame that is certain is more probable than one that opens an utterance."""
_GAP = 4
"""Frames between certain ones that belong to them: closures of plosives, soft sounds."""
_SHORTEST = 3
"""Frames of a stretch; less may be a click."""


def certain_speech(
    probabilities: bytes, begin: float, threshold: float = VadOptions.threshold
) -> tuple[Stretch, ...]:
    """Return the stretches of certain speech; between them are pauses of more than 0.13 s.

    probabilities: float32, 4 bytes for each frame.
    begin: where the first frame begins (seconds).
    threshold: probability that opens an utterance.
    """
    least = min(threshold + _ABOVE, (threshold + 1.0) / 2)
    certain = np.flatnonzero(np.frombuffer(probabilities, "<f4") >= least)
    if not len(certain):
        return ()
    breaks = np.flatnonzero(np.diff(certain) > _GAP + 1)
    firsts = certain[np.concatenate([[0], breaks + 1])].tolist()
    lasts = certain[np.concatenate([breaks, [len(certain) - 1]])].tolist()
    return tuple(
        (begin + first * FRAME_SECONDS, begin + (last + 1) * FRAME_SECONDS)
        for first, last in zip(firsts, lasts, strict=True)
        if last - first + 1 >= _SHORTEST
    )


def covers(stretch: Stretch, other: Stretch) -> bool:
    """Whether more than half of the other stretch lies in a stretch."""
    (first, last), (start, end) = stretch, other
    return min(end, last) - max(start, first) > (end - start) / 2
