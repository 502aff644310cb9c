"""Hotwords: words that a client expects, which replace words that sound similar."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from liusheng.asr.correction.lexicon import HomophoneLexicon

_LOG_PROBABILITY = -2.0
"""log10 probability of a hotword, as of a frequent word."""
_CHANGED, _TONE, _ACCENT, _NEAR = 0.5, 0.75, 1.25, 2.5
"""Penalties (log10) for a changed character: of the same sound, of another tone, of an accent, or
with only the initial or the final in common."""


@dataclass(frozen=True)
class Hotword:
    """An expected word of Han characters.

    near: how many of its characters may differ in their initial or final.
    """

    text: str
    near: int

    @classmethod
    def of(cls, text: str) -> Hotword:
        """Return a hotword of which every third character may differ in its initial or final."""
        return cls(text, len(text) // 3)

    def score(self, lexicon: HomophoneLexicon, run: str, at: int, keep: int) -> float | None:
        """Return the log10 probability of the word at a position; None if it does not fit."""
        if at + len(self.text) > len(run):
            return None
        total = _LOG_PROBABILITY
        near = 0
        for i, character in enumerate(self.text):
            recognized = run[at + i]
            if recognized == character:
                continue
            if at + i < keep:
                return None
            cost = _cost(lexicon, character, recognized)
            if cost is None:
                return None
            near += cost == _NEAR
            if near > self.near:
                return None
            total -= cost
        return total


@lru_cache(maxsize=1 << 16)
def _cost(lexicon: HomophoneLexicon, expected: str, recognized: str) -> float | None:
    """Return the penalty for replacing a character by another; None if it must not be."""
    syllables = lexicon.syllables
    pairs = [(a, b) for a in lexicon.readings(expected) for b in lexicon.readings(recognized)]
    if any(a == b for a, b in pairs):
        return _CHANGED
    if any(syllables.plain(a) == syllables.plain(b) for a, b in pairs):
        return _TONE
    if any(syllables.sound(a) == syllables.sound(b) for a, b in pairs):
        return _ACCENT
    if any(syllables.near(a, b) for a, b in pairs):
        return _NEAR
    return None
