"""A text that comes in pieces, token by token: which of it can be read already."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from liusheng.tts.text.cut import is_closed, piece_end, sure_end
from liusheng.tts.text.rules.words import SpokenWord
from liusheng.tts.text.types import Span


class Signal(Enum):
    """What goes through the front end between the pieces of a text that grows."""

    WAIT = "nothing more can be told before more text is there"
    FLUSH = "what is held back is said now: the speaker paused"


@dataclass(frozen=True)
class Reading:
    """How something is read that the text cannot say itself.

    words: in Mandarin. english: beside English.
    """

    words: tuple[SpokenWord, ...]
    english: str


class GrowingText:
    """A text, of which more may come.

    What is read of it does not depend on how it was cut into pieces, except where it was flushed.

    Args:
        text: what is there.
        last: that is all.
        flushes: lengths of the text at which it was flushed (see `flush`), those that were not
            heard of yet.
        readings: of characters, by their position; each stands for something else.
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

    def extend(self, text: str, *, last: bool = False) -> None:
        """More has come; `last`: and no more will."""
        self.text += text
        self.last = last

    def flush(self, length: int) -> None:
        """Read what is complete enough in the first `length` characters as if they were all.

        That is everything up to the last punctuation mark; a number with a point or comma after it
        may go on and waits.
        """
        self.flushes.append(length)

    def spans(self) -> Iterator[Span | Signal]:
        """The pieces, as `liusheng.tts.text.cut.pieces` cuts the whole text, as soon as they are
        certain; signals in between."""
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
        """Where the piece that begins at `start` ends; None where none begins, or nobody knows."""
        if self.last and not self.flushes:
            return piece_end(self.text, start) if start < len(self.text) else None
        stop = self.flushes[0] if self.flushes else len(self.text)
        return sure_end(self.text, start, stop)

    @property
    def waits(self) -> bool:
        """Whether `end_of_piece` may know more when more text has come."""
        return not (self.last or self.flushes)


def _flushed_end(text: str, start: int, stop: int) -> int | None:
    """Where the piece at `start` ends if `stop` is taken for the text's end; None for one that is
    not complete enough."""
    if start >= stop:
        return None
    end = piece_end(text, start, stop)
    return end if end < stop or is_closed(text, start, end) else None
