"""What a model that hears whole windows must do so that the live decoder can make it live.

An offline engine is stateless: windows of audio go in, text with places comes out. Segmentation,
agreement between decodes, Chinese punctuation and everything else that all such models need are
done once, in the live decoder (`liusheng.asr.live.decoder`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from liusheng.asr.text.pieces import Piece
from liusheng.asr.types import Samples


class Effort(Enum):
    """How much care a decode is worth."""

    PARTIAL = "partial"
    """Fast: the text will be decoded again when more has been said."""
    FINAL = "final"
    """As exact as the model can be: this text stays."""


@dataclass(frozen=True)
class Window:
    """Audio to decode.

    samples: the speech with a little of what surrounds it; not padded (an engine adds what silence
        its model needs). At most the engine's `max_seconds` long; may be shorter than a word.
    lang: "auto", or one of the engine's `languages`.
    timed: the caller will use the places of pieces, so they should be as good as the engine can
        make them; otherwise rough ones will do (see `Piece`).
    before: the language of what was said before in the stream, "" if nothing was. Where `lang` is
        "auto", an engine leaves it only when it is sure of another.
    speech: where in the window speech was detected, from and to, in seconds.
    nbest: how many hypotheses a final decode is to give, where the model has several.
    draft: `Decoded.draft` of an earlier decode of audio that begins as this does.
    spare: nobody else waits, so that more may be done than the text needs.
    """

    samples: Samples
    lang: str
    timed: bool = False
    before: str = ""
    speech: tuple[float, float] = (0.0, float("inf"))
    nbest: int = 1
    draft: tuple[int, ...] = ()
    spare: bool = True


@dataclass(frozen=True)
class Decoded:
    """What an engine heard in a window.

    pieces: empty when there is no speech in the window; engines reject what their models make up
        on noise and silence, and loops.
    lang: the language it was decoded in; for an empty result whatever was asked or found.
    score: mean log probability of a token (natural logarithm), or None where the model gives none.
    others: further hypotheses, the likeliest first, with their scores; some may differ in marks
        only.
    rival: what a second decode of another kind heard; empty where there was none.
    draft: tokens, for an engine that decodes what has grown faster with them; empty where it does
        not.
    """

    pieces: tuple[Piece, ...]
    lang: str
    score: float | None = None
    others: tuple[tuple[tuple[Piece, ...], float], ...] = ()
    rival: tuple[Piece, ...] = ()
    draft: tuple[int, ...] = ()


class OfflineEngine(Protocol):
    """An offline model, loaded. Used by one thread at a time.

    name: the model's name in the catalogue, or the user's folder.
    languages: codes that a window may ask for ("auto" is not listed); the first is the default.
    max_seconds: the longest window it decodes well.
    punctuates: it writes punctuation.
    """

    name: str
    languages: tuple[str, ...]
    max_seconds: float
    punctuates: bool

    def decode(self, windows: Sequence[Window], effort: Effort) -> list[Decoded]:
        """Decode windows, together where that is cheaper; one result for each, in order.

        What shares a batch with a window must not matter to its result beyond rounding and the
        padding that makes them one batch.
        """
