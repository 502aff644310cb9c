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

_SWITCH_SHARE, _SWITCH_SECONDS = 0.8, 1.5
"""A window is decoded in another language than the stream's when that is so much likelier than the
stream's, after so many seconds of speech; before, when it would be sure without a stream, too. What
other languages get says nothing: an accent brings it about. (Of 105 whole recordings after one in
the other language, 10 stayed in that one while a probability of 0.8 among all was asked for; by
this rule none, and none leaves a stream in its own. After 1.5 s of speech: 35, 7 and none.)"""


def choose_language(ranked: Sequence[tuple[str, float]], window: Window) -> tuple[str, bool]:
    """Return the language of a window, and whether it is sure.

    ranked: at least two languages to choose from with their probabilities, the likeliest first; the
        probabilities of all languages, others included, add up to one.
    """
    (lang, probability), (_, next_probability) = ranked[:2]
    first, last = window.speech
    seconds = min(last, len(window.samples) / SAMPLE_RATE) - first
    enough = seconds >= _SURE_SECONDS
    likely = probability >= _SURE_PROBABILITY
    sure = likely and probability >= _SURE_SHARE * (probability + next_probability)
    before = window.shown or window.before
    of_before = dict(ranked).get(before)
    if of_before is not None and lang != before:
        much_likelier = probability >= _SWITCH_SHARE * (probability + of_before)
        if not (much_likelier if seconds >= _SWITCH_SECONDS else sure):
            # What is shown stays; in a new utterance nothing is shown that may be another language.
            return before, bool(window.shown) or enough
    return lang, bool(window.shown) or enough or sure
