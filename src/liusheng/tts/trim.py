"""Clauses joined without clicks: leading and trailing silence trimmed, short fades, gain.

The result does not depend on how a voice cuts a clause into blocks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from liusheng.audio.pcm import Samples
from liusheng.tts.types import SAMPLE_RATE

_WINDOW = SAMPLE_RATE // 200
"""5 ms: the analysis window of the silence detection, and the length of a fade."""

_QUIET = 10 ** (-52 / 20)
"""Root mean square below which a window is silence: -52 dBFS. Speech is at about -20 dB."""

_LEAD = 4 * _WINDOW
"""Samples kept before the first loud window: onsets of h and f are below the threshold."""

_TAIL = 8 * _WINDOW
"""Samples kept after the last loud window: the voice decays."""

_KNEE = 0.85
"""Level from which on `amplify` limits softly."""

_FADE_IN = np.linspace(0, 1, _WINDOW, dtype=np.float32)
_FADE_OUT = _FADE_IN[::-1]


def silence(seconds: float) -> Samples:
    """Zeros of this duration at 24 kHz."""
    return np.zeros(round(seconds * SAMPLE_RATE), np.float32)


def amplify(samples: Samples, gain: float) -> Samples:
    """Apply a gain; peaks are limited softly (tanh above 0.85) instead of clipped."""
    scaled: Samples = samples * np.float32(gain)
    level = np.abs(scaled)
    peaks = level > _KNEE
    if peaks.any():
        limited = _KNEE + (1 - _KNEE) * np.tanh((level[peaks] - _KNEE) / (1 - _KNEE))
        scaled[peaks] = np.copysign(limited, scaled[peaks])
    return scaled


class TrimmedBlocks(Iterator[Samples]):
    """A clause's audio without the silence around it, faded in and out over 5 ms.

    Quiet samples are held back until it is known whether the clause continues after them, so a
    block may come out shorter or later than it went in; none is empty. Silence inside stays.

    lead: samples trimmed before the first block; known once that block is there.
    ended: whether the block yielded last is the last one.
    """

    def __init__(self, blocks: Iterable[Samples]) -> None:
        self.lead = 0
        self.ended = False
        self._trimming = self._trim(blocks)

    def __next__(self) -> Samples:
        return next(self._trimming)

    def _trim(self, blocks: Iterable[Samples]) -> Iterator[Samples]:
        held: Samples = np.zeros(0, np.float32)
        started = False
        for block in blocks:
            held = np.concatenate([held, block])
            loud = _loud_windows(held)
            if not started:
                lead = _lead_in(held, loud)
                self.lead += lead
                held = held[lead:]
                if not loud.size:
                    continue
                loud = _loud_windows(held)
                held[:_WINDOW] *= _FADE_IN
                started = True
            if loud.size:
                # The last loud window is held too: if the clause ends in it, it is faded out.
                ready = int(loud[-1]) * _WINDOW
                if ready:
                    yield held[:ready]
                    held = held[ready:].copy()
        if started:
            self.ended = True
            yield _faded_out(held)


def _loud_windows(samples: Samples) -> npt.NDArray[np.intp]:
    """Indices of the whole windows that are not silence."""
    whole = len(samples) // _WINDOW
    windows = samples[: whole * _WINDOW].reshape(whole, _WINDOW)
    return np.flatnonzero(np.sqrt(np.mean(windows * windows, axis=1)) >= _QUIET)


def _lead_in(samples: Samples, loud: npt.NDArray[np.intp]) -> int:
    """Where the clause begins, or would begin if the next window is loud; in samples."""
    first = int(loud[0]) if loud.size else len(samples) // _WINDOW
    return max(0, first * _WINDOW - _LEAD)


def _faded_out(samples: Samples) -> Samples:
    loud = _loud_windows(samples)
    end = (int(loud[-1]) + 1) * _WINDOW + _TAIL if loud.size else _TAIL
    tail: Samples = samples[:end].copy()
    fade = min(_WINDOW, len(tail))
    tail[len(tail) - fade :] *= _FADE_OUT[_WINDOW - fade :]
    return tail
