"""What a model that hears whole windows must do so that the live decoder can make it live.

An offline engine is stateless: windows of audio go in, text with places comes out. Segmentation,
agreement between decodes, Chinese punctuation and everything else that all such models need are
done once, in the live decoder (`liusheng.asr.live`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

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
class Piece:
    """The unit in which hypotheses are compared, kept and shown: a Han character or a word.

    text: verbatim, with the space before it if there is one and the punctuation after it: the
        texts of a hypothesis's pieces, one after another, are its text.
    start, end: seconds from the start of the window, monotone within a hypothesis and inside the
        window. Engines that cannot align spread pieces over the speech (see `spread`).
    """

    text: str
    start: float
    end: float


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


_OPENING = frozenset("“‘（《〈「『【〔([{")


def is_han(char: str) -> bool:
    """Whether a character is a Chinese ideograph."""
    return (
        "\u4e00" <= char <= "\u9fff"
        or "\u3400" <= char <= "\u4dbf"
        or "\uf900" <= char <= "\ufaff"
        or "\U00020000" <= char <= "\U0003ffff"
        or char == "〇"
    )


def stands_alone(char: str) -> bool:
    """Whether a character is a piece by itself: Han characters and kana are."""
    return is_han(char) or "\u3040" <= char <= "\u30ff"


def split_pieces(text: str) -> list[str]:
    """Split a text into the texts of its pieces: Han characters, kana, and words between spaces.

    A space goes before the piece it precedes, opening marks too; other punctuation goes after the
    piece it follows. A mark between spaces is a piece. Joined, the pieces are the text without
    trailing spaces.
    """
    pieces: list[str] = []
    current = ""
    for char in text.rstrip():
        ends = char.isspace() and bool(current.strip())
        letter = next((c for c in current if c.isalnum()), "")
        if letter:
            ends = ends or stands_alone(char) or char in _OPENING
            ends = ends or (stands_alone(letter) and char.isalnum())
        if ends:
            pieces.append(current)
            current = ""
        current += char
    if current:
        pieces.append(current)
    return pieces


def spread(texts: Sequence[str], start: float, end: float) -> tuple[Piece, ...]:
    """Place pieces in [start, end] (seconds) by their length in letters, for want of alignment."""
    weights = [max(1, sum(c.isalnum() for c in text)) for text in texts]
    total = sum(weights)
    placed = []
    done = 0
    for text, weight in zip(texts, weights, strict=True):
        a = start + (end - start) * done / total
        done += weight
        placed.append(Piece(text, a, min(end, start + (end - start) * done / total)))
    return tuple(placed)
