"""Speech without text: where a detector is certain that somebody speaks, and no word lies.

An attention decoder may end its text at a pause, or leave out one of two phrases that are alike; a
loop or the limit of tokens may cut its text off. The alignment of what it has written hides that:
it spreads the words over the whole window, so that the word next to the gap seems to last for
seconds. Therefore a word covers no more than the slowest speaker needs for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from liusheng.asr.text.pieces import Piece, letters, stands_alone
from liusheng.asr.vad.certainty import Stretch

SHORTEST = 0.7
"""Seconds of certain speech without a word that are unheard. Shorter ones are drawn-out sounds,
hesitations and the inaccuracy of alignments."""
_SYLLABLE, _LETTER, _WORD = 0.5, 0.1, 0.4
"""Seconds that the slowest speaker needs for a syllable (a Han character, a digit), for a letter of
a word, and for any word in addition."""
_HEARD = 0.1
"""Seconds of a word in a stretch of speech, from which on it is spoken there."""


@dataclass(frozen=True)
class Gap:
    """Speech without text in a window. Places are in seconds.

    at: the number of pieces before it.
    start, end: from the first to the last of its speech.
    after, before: where the pieces around it end and begin; the window's ends where there are none.
    """

    at: int
    start: float
    end: float
    after: float
    before: float


def unheard(pieces: Sequence[Piece], certain: Sequence[Stretch], seconds: float) -> tuple[Gap, ...]:
    """Return the gaps in a text, in order.

    certain: stretches of certain speech.
    seconds: of the window.
    """
    covers = _covers(pieces, certain)
    gaps = []
    for at in range(len(covers) + 1):
        after = covers[at - 1][-1][1] if at else 0.0
        before = covers[at][0][0] if at < len(covers) else seconds
        gaps += _gap(at, after, before, certain)
        if at < len(covers) and len(covers[at]) == 2:
            # A long piece between others: which of its ends is spoken is not known.
            (_, first), (last, _) = covers[at]
            gaps += _gap(at + 1, first, last, certain)
    return tuple(gaps)


def spoken_seconds(text: str) -> float:
    """Return how long the slowest speaker speaks a word."""
    syllables = sum(stands_alone(c) or c.isdigit() for c in text)
    others = sum(c.isalpha() and not stands_alone(c) for c in text)
    return _SYLLABLE * syllables + (_WORD + _LETTER * others if others else 0.0)


def _gap(at: int, after: float, before: float, certain: Sequence[Stretch]) -> list[Gap]:
    parts = [
        (max(start, after), min(end, before))
        for start, end in certain
        if min(end, before) > max(start, after)
    ]
    if sum(end - start for start, end in parts) < SHORTEST:
        return []
    return [Gap(at, parts[0][0], parts[-1][1], after, before)]


def _covers(pieces: Sequence[Piece], certain: Sequence[Stretch]) -> list[list[Stretch]]:
    """Return what each piece covers: all of its place, or one or both ends of a long one."""
    covers: list[list[Stretch]] = []
    last = len(pieces) - 1
    for number, piece in enumerate(pieces):
        longest = spoken_seconds(piece.text)
        if piece.end - piece.start <= longest or not letters(piece.text):
            covers.append([(piece.start, piece.end)])
            continue
        cover = []
        if number or not last:
            cover.append((piece.start, _spoken_from(piece, longest, certain)))
        if number < last:
            cover.append((_spoken_until(piece, longest, certain), piece.end))
        if len(cover) == 2 and cover[0][1] >= cover[1][0]:
            cover = [(piece.start, piece.end)]
        covers.append(cover)
    return covers


def _spoken_from(piece: Piece, longest: float, certain: Sequence[Stretch]) -> float:
    """Return where a piece ends that is spoken at the start of its place."""
    for start, end in certain:
        if end - max(start, piece.start) >= _HEARD:
            return min(max(start, piece.start) + longest, end, piece.end)
    return min(piece.start + longest, piece.end)


def _spoken_until(piece: Piece, longest: float, certain: Sequence[Stretch]) -> float:
    """Return where a piece begins that is spoken at the end of its place."""
    for start, end in reversed(certain):
        if min(end, piece.end) - start >= _HEARD:
            return max(min(end, piece.end) - longest, start, piece.start)
    return max(piece.end - longest, piece.start)
