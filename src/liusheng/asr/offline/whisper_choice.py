"""The text of a final decode, chosen among proposals by how well the audio fits them.

A language model that proposes texts of one sound, or nearly one, has only heard what the hypotheses
say. Whisper's decoder gives the probability of any text given the audio, in one pass over all its
tokens, so that the last word is the acoustic model's. (Not of its end: CTranslate2 does not tell
the probability of the token after the last. How long a text is likely to be is in its prior.)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from liusheng.asr.offline.whisper_encoder import Floats
from liusheng.asr.types import Proposal
from liusheng.han import HAN

_SCORED_SILENCE = 50
"""Frames of the encoder after the speech that a text is scored with; the encoder saw all of it."""
_SPACE = re.compile(f"(?<![^{HAN}]) +| +(?![^{HAN}])")

Score = Callable[[Sequence[str]], Sequence[float]]
"""Returns the log probability of each of some texts given the audio (natural logarithm)."""


def choose(proposals: Sequence[Proposal], score: Score) -> str:
    """Return the text of the best proposal. Marks are not scored: they have no sound."""
    if len(proposals) < 2:
        return proposals[0].text
    heard = score([spoken(each.text) for each in proposals])
    best = max(range(len(proposals)), key=lambda i: proposals[i].score + heard[i])
    return proposals[best].text


def spoken(text: str) -> str:
    """Return a text without marks, and without spaces beside Han characters."""
    words = "".join(char if char.isalnum() else " " for char in text).split()
    return _SPACE.sub("", " ".join(words))


def scored_part(encoded: Floats, samples: int, stride: int) -> Floats:
    """Return the part of an encoded window that its texts are scored with, (1, frames, d).

    samples: of the window, without padding.
    stride: samples of a frame.
    """
    return encoded[:, : samples // stride + _SCORED_SILENCE]
