"""Words that a client expects: names, terms. They win over what sounds like them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from liusheng.asr.correction.lexicon import Lexicon

_WORTH = -2.0
"""log10 probability of a hotword: that of a frequent word."""
_CHANGED, _TONE, _ACCENT, _NEAR = 0.5, 0.75, 1.25, 2.5
"""What a changed character costs, log10: with the same sound, another tone, an accent, or with only
the consonant or the vowel in common."""


@dataclass(frozen=True)
class Hotword:
    """A word of Han characters that is expected.

    near: how many of its characters may be heard with another consonant or vowel.
    """

    text: str
    near: int

    @classmethod
    def of(cls, text: str) -> Hotword:
        """Short words must sound right; of longer ones every third character may be off."""
        return cls(text, len(text) // 3)

    def gain(self, lexicon: Lexicon, run: str, at: int, keep: int) -> float | None:
        """Return the log10 probability of the word in a place, or None if it does not fit there."""
        if at + len(self.text) > len(run):
            return None
        total = _WORTH
        near = 0
        for i, character in enumerate(self.text):
            heard = run[at + i]
            if heard == character:
                continue
            if at + i < keep:
                return None
            cost = _cost(lexicon, character, heard)
            if cost is None:
                return None
            near += cost == _NEAR
            if near > self.near:
                return None
            total -= cost
        return total


@lru_cache(maxsize=1 << 16)
def _cost(lexicon: Lexicon, wanted: str, heard: str) -> float | None:
    """Return what it costs to write a character for another one; None: too much."""
    syllables = lexicon.syllables
    pairs = [(a, b) for a in lexicon.readings(wanted) for b in lexicon.readings(heard)]
    if any(a == b for a, b in pairs):
        return _CHANGED
    if any(syllables.plain(a) == syllables.plain(b) for a, b in pairs):
        return _TONE
    if any(syllables.sound(a) == syllables.sound(b) for a, b in pairs):
        return _ACCENT
    if any(syllables.near(a, b) for a, b in pairs):
        return _NEAR
    return None
