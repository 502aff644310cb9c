"""How much is done at a time, so that no client keeps the event loop for itself."""

from __future__ import annotations

SLICE_SECONDS = 0.001
"""After which others have their turn."""


class Pace:
    """The size of pieces of which none takes long, found as they are worked on.

    least, most: bytes.
    piece: bytes of the next one.
    """

    def __init__(self, least: int, most: int, piece: int) -> None:
        self._least, self._most = least, most
        self.piece = piece

    def took(self, seconds: float) -> None:
        """Say how long a piece took: the next one is half as large after a slow one, or twice."""
        self.piece = (
            max(self._least, self.piece // 2)
            if seconds > SLICE_SECONDS / 2
            else min(self._most, self.piece * 2)
        )
