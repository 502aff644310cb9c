"""When each token of a final text was first shown, whatever was shown in between."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Sequence

from liusheng.asr.text.pieces import stands_alone


def visible_tokens(text: str, *, by_letter: bool = False) -> list[str]:
    """Return what a reader takes in one by one: Han characters, and words of other scripts.

    Without punctuation and in lower case, since neither is spoken.

    by_letter: take the letters of words one by one too, as the wire times a text with Han
        characters in it.
    """
    text = unicodedata.normalize("NFKC", text).lower()
    if by_letter:
        return [c for c in text if c.isalnum()]
    parts = "".join(
        f" {c} " if stands_alone(c) else c if c.isalnum() else "" if c in "'’" else " "
        for c in text
    )
    return parts.split()


def first_shown(
    final: Sequence[str], shown: Iterable[tuple[float, Sequence[str]]]
) -> list[float | None]:
    """Return when each token of the final text was first shown; None for what never was.

    final: tokens.
    shown: times, in order, and the tokens of the text that was shown from then on. A token counts
        as shown where the longest matching blocks of both texts (Ratcliff and Obershelp) have it,
        so that what is said twice is not taken for shown too early.
    """
    first: list[float | None] = [None] * len(final)
    for at, text in shown:
        same = 0  # most of it, mostly: the rest alone is worth comparing
        while same < min(len(final), len(text)) and final[same] == text[same]:
            same += 1
        matcher = difflib.SequenceMatcher(None, text[same:], final[same:], autojunk=False)
        places = [*range(same)]
        for block in matcher.get_matching_blocks():
            places += range(same + block.b, same + block.b + block.size)
        for place in places:
            if first[place] is None:
                first[place] = at
    return first
