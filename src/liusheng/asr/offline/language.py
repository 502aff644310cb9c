"""Which language a window is decoded in, by the probabilities that a model gives languages."""

from __future__ import annotations

from collections.abc import Sequence

from liusheng.asr.offline.engine import Window
from liusheng.asr.types import SAMPLE_RATE

_SURE_SHARE, _SURE_PROBABILITY, _SURE_SECONDS = 0.9, 0.4, 2.0
"""A language is sure when it is so much likelier than the next of the choice, and so likely among
all; or after so many seconds of speech. (Of the first 0.6, 1.0 and 1.5 s of 105 recordings in
Mandarin and English, Whisper base found the wrong one of the two in 6, 3 and 1; by this rule in
one. 76 were sure after 0.6 s, 96 after 1 s.)"""

_SWITCH_PROBABILITY = 0.8
"""Of a language other than the stream's, for a window to be decoded in it."""


def choose_language(ranked: Sequence[tuple[str, float]], window: Window) -> tuple[str, bool]:
    """Return the language of a window, and whether it is sure.

    ranked: at least two languages to choose from with their probabilities, the likeliest first; the
        probabilities of all languages, others included, add up to one.
    """
    (lang, probability), (_, next_probability) = ranked[:2]
    first, last = window.speech
    seconds = min(last, len(window.samples) / SAMPLE_RATE) - first
    enough = seconds >= _SURE_SECONDS
    before = window.shown or window.before
    known = any(each == before for each, _ in ranked)
    if known and lang != before and probability < _SWITCH_PROBABILITY:
        # What is shown stays; in a new utterance nothing is shown that may be another language.
        return before, bool(window.shown) or enough
    likely = probability >= _SURE_PROBABILITY
    share = probability >= _SURE_SHARE * (probability + next_probability)
    return lang, bool(window.shown) or enough or (likely and share)
