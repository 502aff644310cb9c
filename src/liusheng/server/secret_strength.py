"""Whether a secret that a person has chosen can be guessed, as far as it shows."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

LEAST_BITS = 64
"""Random secrets of 32 characters have more: the least of 3,000 of digits alone had 76."""

_KEYBOARD = "1234567890qwertyuiopasdfghjklzxcvbnm"


def check_strength(secret: str) -> None:
    """Refuse a secret whose characters are equal, repeated, or in order.

    A random one passes; that another one passes does not make it a good one: a sentence from a book
    looks random.

    Raises:
        ValueError: it says how much chance there is in it. It does not show the secret.
    """
    bits = chance_bits(secret)
    if bits < LEAST_BITS:
        raise ValueError(
            f"is too easy to guess: there are about {bits:.0f} bits of chance in its {len(secret)} "
            f"characters, which repeat or follow each other, and {LEAST_BITS} are needed"
        )


def chance_bits(secret: str) -> float:
    """Return an estimate of the chance in a text, in bits: how many it takes to write the text
    down, character by character or step by step, for whoever knows how often each comes; less what
    was there before.
    """
    codes = [ord(each) for each in secret]
    keys = [_KEYBOARD.find(each) for each in secret.lower()]
    least = min(_entropy(secret), _entropy(_steps(codes)), _entropy(_steps(keys)))
    threes = [secret[at : at + 3] for at in range(len(secret) - 2)]
    return least * len(set(threes)) / max(1, len(threes))


def _entropy(values: Iterable[object]) -> float:
    """Return the Shannon entropy of values, times their number."""
    counts = Counter(values)
    total = sum(counts.values())
    return sum(count * math.log2(total / count) for count in counts.values())


def _steps(values: list[int]) -> list[int]:
    return [after - before for before, after in pairwise(values)]
