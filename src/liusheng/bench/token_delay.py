"""When each token of a final text was first shown, across all partial texts."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Sequence

from liusheng.asr.text.pieces import stands_alone


def visible_tokens(text: str, *, by_letter: bool = False) -> list[str]:
    """The tokens of a text as a reader sees them: Han characters, and words of other scripts.

    Without punctuation, in lower case.

    by_letter: one token for each letter of a word, as the protocol gives the times of a text with
        Han characters in it.
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
    """When each token of the final text was first shown; None for those that never were.

    A token counts as shown where it is in the longest matching blocks of both texts (Ratcliff and
    Obershelp 1988), so that a repeated token is not counted too early.

    final: tokens.
    shown: times, in order, and the tokens of the text that was shown from then on.
    """
    first: list[float | None] = [None] * len(final)
    for at, text in shown:
        same = 0  # the common prefix, usually most of the text, needs no matching
        while same < min(len(final), len(text)) and final[same] == text[same]:
            same += 1
        matcher = difflib.SequenceMatcher(None, text[same:], final[same:], autojunk=False)
        indices = [*range(same)]
        for block in matcher.get_matching_blocks():
            indices += range(same + block.b, same + block.b + block.size)
        for index in indices:
            if first[index] is None:
                first[index] = at
    return first
