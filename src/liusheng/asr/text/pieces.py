"""Pieces: the units in which recognised text is compared, timed and shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from liusheng.han import is_han


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


_OPENING = frozenset("“‘（《〈「『【〔([{")


def stands_alone(char: str) -> bool:
    """Whether a character is a piece by itself: Han characters and kana are."""
    return is_han(char) or "\u3040" <= char <= "\u30ff"


def letters(text: str) -> str:
    """Return what counts of a piece when it is compared: letters and digits, case-folded."""
    return "".join(c for c in text if c.isalnum()).casefold()


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
