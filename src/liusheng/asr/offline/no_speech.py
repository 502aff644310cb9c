"""Whether a window's text was spoken, by all that is known of the window.

Whisper's no-speech probability alone does not tell: it is high for some quiet or unusual voices,
whose text is right. A detector that is certain of speech, and a text that the model finds likely,
outweigh it; and what is neither likely nor certain needs less of it to be dropped.
"""

from __future__ import annotations

from liusheng.asr.offline.engine import Window

_SHARE, _SECONDS = 0.5, 0.4
"""Of the detected speech, how much must be certain, and at least how long."""
_LIKELY = -1.0
"""Mean log probability of a token of a text that is believed where there certainly is speech. (One
that was right had -0.53 with a no-speech probability of 0.72.)"""
_DOUBTED, _DOUBTFUL_SCORE = 0.35, -0.9
"""No-speech probability from which on any other text must be likely. (Of hums, Whisper base wrote
"Mmm" and "轮" with 0.43 to 0.54 and -0.99 to -3.3.)"""


def is_speech(window: Window, score: float, no_speech: float, limit: float) -> bool:
    """Whether a text was spoken.

    score: mean log probability of a token.
    no_speech: probability that nobody speaks.
    limit: of `no_speech`, for a text that nothing else speaks for.
    """
    if _certainly(window):
        return score >= _LIKELY or no_speech <= limit
    return no_speech <= limit and not (no_speech > _DOUBTED and score < _DOUBTFUL_SCORE)


def _certainly(window: Window) -> bool:
    """Whether a detector is certain of speech in a window."""
    first, last = window.speech
    certain = sum(end - start for start, end in window.certain or ())
    return certain >= max(_SECONDS, _SHARE * (last - first))
