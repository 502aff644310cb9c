"""Which number each phoneme has for a network: Kokoro's vocab.json."""

from __future__ import annotations

import json
from itertools import accumulate
from pathlib import Path


class Inventory:
    """The phonemes that a network knows.

    Args:
        path: JSON, `{"vocab": {phoneme: number}}`.

    Raises:
        ValueError: the file is not of this form.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._numbers: dict[str, int] = json.loads(path.read_text("utf-8"))["vocab"]
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path} is not Kokoro's inventory of phonemes: {error}") from error

    def numbers(self, phonemes: str) -> list[int]:
        """The numbers of phonemes; unknown ones are left out."""
        return [self._numbers[each] for each in phonemes if each in self._numbers]

    def places(self, phonemes: str) -> list[int]:
        """For each phoneme, and for the end, how many numbers stand before it."""
        return list(accumulate((each in self._numbers for each in phonemes), initial=0))
