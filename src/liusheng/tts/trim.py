"""Clauses joined without clicks: silence trimmed at both ends, short fades, one loudness.

Whatever blocks a voice cuts a clause into, the same samples come out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from liusheng.tts.types import SAMPLE_RATE, Samples

_WINDOW = SAMPLE_RATE // 200
"""5 ms: what is judged loud or quiet as a whole, and what a fade takes."""

_QUIET = 10 ** (-52 / 20)
"""Root mean square below which a window is silence; speech is brought to about -20 dB."""

_LEAD = 4 * _WINDOW
"""Kept before the first loud window: the onsets of h and f are quieter than the threshold."""

_TAIL = 8 * _WINDOW
"""Kept after the last loud window: the voice dies away."""

_KNEE = 0.85
_FADE_IN = np.linspace(0, 1, _WINDOW, dtype=np.float32)
_FADE_OUT = _FADE_IN[::-1]


def silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * SAMPLE_RATE), np.float32)


def amplify(samples: Samples, gain: float) -> Samples:
    """Apply a gain; what would come near full scale is bent under it instead of clipped."""
    louder: Samples = samples * np.float32(gain)
    level = np.abs(louder)
    peaks = level > _KNEE
    if peaks.any():
        bent = _KNEE + (1 - _KNEE) * np.tanh((level[peaks] - _KNEE) / (1 - _KNEE))
        louder[peaks] = np.copysign(bent, louder[peaks])
    return louder


class TrimmedBlocks(Iterator[Samples]):
    """A clause's audio without the silence around it, faded in and out over 5 ms.

    Quiet samples are held back until it is known whether the clause goes on after them, so a block
    may come out shorter or later than it went in; none is empty. Silence inside stays.

    lead: samples left out before the first block; known when that is there.
    ended: whether the block that was given last is the last.
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
                # The last loud window stays too: should the clause end in it, it is the one to
                # fade.
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
    """Where the clause is to begin, or could begin if the next window is loud."""
    first = int(loud[0]) if loud.size else len(samples) // _WINDOW
    return max(0, first * _WINDOW - _LEAD)


def _faded_out(samples: Samples) -> Samples:
    loud = _loud_windows(samples)
    end = (int(loud[-1]) + 1) * _WINDOW + _TAIL if loud.size else _TAIL
    tail: Samples = samples[:end].copy()
    fade = min(_WINDOW, len(tail))
    tail[len(tail) - fade :] *= _FADE_OUT[_WINDOW - fade :]
    return tail
