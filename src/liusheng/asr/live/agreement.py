"""LocalAgreement-2 over pieces (Liu et al. 2020; Macháček et al. 2023).

The common prefix of two successive decodes of a growing window becomes stable.
Pieces are compared by their letters: case and punctuation do not keep two decodes from agreeing.
"""

from __future__ import annotations

from collections.abc import Sequence

from liusheng.asr.text.pieces import Piece, letters


def agreed(previous: Sequence[Piece], newest: Sequence[Piece]) -> int:
    """Return how many leading pieces of `newest` the decode before it had as well.

    Pieces without letters are passed over on both sides, and the count never ends in one.
    """
    ours = [(i, key) for i, p in enumerate(newest) if (key := letters(p.text))]
    theirs = [key for p in previous if (key := letters(p.text))]
    count = 0
    for (i, key), other in zip(ours, theirs, strict=False):
        if key != other:
            break
        count = i + 1
    return count


def continuation(stable: Sequence[Piece], hypothesis: Sequence[Piece]) -> int:
    """Return from which piece on `hypothesis` goes on where `stable` ends.

    Both cover the same audio from its beginning. The split is the prefix of the hypothesis with the
    least edit distance to the stable pieces; among equals one that ends in the same piece, then the
    one that ends nearest in time.
    """
    if not stable:
        return 0
    keys = [letters(p.text) for p in hypothesis]
    row = prefix_distances([letters(p.text) for p in stable], keys)
    last = letters(stable[-1].text)
    ends = [0.0, *(p.end for p in hypothesis)]

    def rank(j: int) -> tuple[int, bool, float]:
        return row[j], j == 0 or keys[j - 1] != last, abs(ends[j] - stable[-1].end)

    return min(range(len(row)), key=rank)


def prefix_distances(tokens: Sequence[str], others: Sequence[str]) -> list[int]:
    """Return the edit distances (Levenshtein) of `tokens` to every prefix of `others`.

    The first is that to nothing, the last that to all of it.
    """
    row = list(range(len(others) + 1))
    for n, token in enumerate(tokens, 1):
        diagonal, row[0] = row[0], n
        for j, other in enumerate(others, 1):
            best = min(row[j] + 1, row[j - 1] + 1, diagonal + (token != other))
            diagonal, row[j] = row[j], best
    return row
