"""Hotwords: words that a client expects, which replace words that sound similar.

A hotword competes with what the language model says of the written words. Its own probability is
that of a rather frequent word, so it wins over rare words and over what is no word, and an everyday
word stays what it is: whoever expects 世德 also says 是的.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from liusheng.asr.correction.lexicon import HomophoneLexicon

_LOG_PROBABILITY = -4.0
"""log10 probability of a hotword, as of 北京 or 简单. Of 100 names that were written with random
homophones in 293 sentences, 97 % of those of two characters were found and all longer ones. 400
names (100 at a time) in 124 sentences without them were found wrongly 6 times. With -2, more than
any word has, 13 times, among them 你好."""
_COMMON = 1.0
"""Penalty (log10) where all characters that it would change are among the most frequent ones of the
language: a recogniser writes rare ones by mistake, and 你好 where somebody said it. The language
model alone does not tell, as 你好 is rarer in the newspapers that it is made of than 李明."""
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
        changed = False
        common = True
        for i, character in enumerate(self.text):
            recognized = run[at + i]
            if recognized == character:
                continue
            if at + i < keep:
                return None
            cost = _cost(lexicon, character, recognized)
            if cost is None:
                return None
            changed = True
            common = common and lexicon.is_common(recognized)
            near += cost == _NEAR
            if near > self.near:
                return None
            total -= cost
        return total - _COMMON if changed and common else total


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
