"""A text that arrives in parts, token by token: which of it can be processed already."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from liusheng.tts.text.cut import is_closed, piece_end, sure_end
from liusheng.tts.text.rules.words import SpokenWord
from liusheng.tts.text.types import Skipped, Span


class Signal(Enum):
    """What passes through the front end between the pieces of a growing text."""

    WAIT = "the next piece needs more text"
    FLUSH = "what is held back is released: the text was flushed"


@dataclass(frozen=True)
class Reading:
    """A reading that replaces a character of the text (SSML's `say-as` and `phoneme`).

    words: in Mandarin.
    english: in an English piece.
    """

    words: tuple[SpokenWord, ...]
    english: str


class GrowingText:
    """A text that may be extended.

    The clauses do not depend on the parts in which it arrived, except where it was flushed.

    Args:
        text: the text received so far.
        last: the text is complete.
        flushes: lengths of the text at which it was flushed (see `flush`) and that were not
            processed yet.
        readings: replacements of characters, by their position.

    Attributes:
        skipped: what of it was not read so far, in order; the front end appends to it.
    """

    def __init__(
        self,
        text: str = "",
        *,
        last: bool = False,
        flushes: Sequence[int] = (),
        readings: Mapping[int, Reading] | None = None,
    ) -> None:
        self.text = text
        self.readings = readings or {}
        self.last = last
        self.flushes = deque(flushes)
        self.skipped: list[Skipped] = []

    def extend(self, text: str, *, last: bool = False) -> None:
        """Add to the text; `last`: and complete it."""
        self.text += text
        self.last = last

    def flush(self, length: int) -> None:
        """Release what is complete enough in the first `length` characters, as if they were all.

        That is everything up to the last punctuation mark; a number followed by a point or comma
        may continue, and waits.
        """
        self.flushes.append(length)

    def spans(self) -> Iterator[Span | Signal]:
        """Yield the pieces of the text (see `piece_end`), each once it is certain, and signals
        between them. The spans are adjacent, and cover the text once it is complete."""
        start = 0
        while True:
            end = self.end_of_piece(start)
            if end is not None:
                yield start, end
                start = end
            elif self.flushes:
                stop = self.flushes.popleft()
                while (end := _flushed_end(self.text, start, stop)) is not None:
                    yield start, end
                    start = end
                yield Signal.FLUSH
            elif self.last:
                return
            else:
                yield Signal.WAIT

    def end_of_piece(self, start: int) -> int | None:
        """The end of the piece that begins at `start`; None where there is none, or it is not
        certain yet."""
        if self.last and not self.flushes:
            return piece_end(self.text, start) if start < len(self.text) else None
        stop = self.flushes[0] if self.flushes else len(self.text)
        return sure_end(self.text, start, stop)

    @property
    def waits(self) -> bool:
        """Whether `end_of_piece` may return more once the text was extended."""
        return not (self.last or self.flushes)


def _flushed_end(text: str, start: int, stop: int) -> int | None:
    """The end of the piece at `start` if the text ended at `stop`; None if the piece is not
    complete enough."""
    if start >= stop:
        return None
    end = piece_end(text, start, stop)
    return end if end < stop or is_closed(text, start, end) else None
