"""Pieces: the units of recognised text, for comparison, times and display."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from liusheng.han import is_han


@dataclass(frozen=True)
class Piece:
    """A Han character, kana or word of a hypothesis.

    text: verbatim, with the space before it and the punctuation after it: concatenated, the texts
        of a hypothesis's pieces are its text.
    start, end: seconds from the start of the window, monotone within a hypothesis and inside the
        window. Engines without alignment spread pieces over the speech (see `spread`).
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
    return "".join(filter(_is_letter, text)).casefold()


def _is_letter(char: str) -> bool:
    # An old Python does not know the newest Han characters.
    return char.isalnum() or is_han(char)


def split_pieces(text: str) -> list[str]:
    """Split a text into the texts of its pieces: Han characters, kana, and words between spaces.

    Spaces and opening marks belong to the next piece, other punctuation to the previous one. A mark
    between spaces is a piece. Concatenated, the pieces are the text without trailing spaces.
    """
    pieces: list[str] = []
    current = ""
    for char in text.rstrip():
        ends = char.isspace() and bool(current.strip())
        letter = next(filter(_is_letter, current), "")
        if letter:
            ends = ends or stands_alone(char) or char in _OPENING
            ends = ends or (stands_alone(letter) and _is_letter(char))
        if ends:
            pieces.append(current)
            current = ""
        current += char
    if current:
        pieces.append(current)
    return pieces


def spread(texts: Sequence[str], start: float, end: float) -> tuple[Piece, ...]:
    """Spread pieces over [start, end] (seconds) by their number of letters."""
    weights = [max(1, sum(map(_is_letter, text))) for text in texts]
    total = sum(weights)
    placed = []
    done = 0
    for text, weight in zip(texts, weights, strict=True):
        a = start + (end - start) * done / total
        done += weight
        placed.append(Piece(text, a, min(end, start + (end - start) * done / total)))
    return tuple(placed)
