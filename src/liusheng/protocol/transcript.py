"""The text of a recognition as replies have it: closed utterances, then the open one.

The protocol's guarantees on text (docs/protocol.md) are enforced here, whatever a model writes: a
text with Han characters never starts with ， or 。, never doubles them, and ends in 。 if it has
punctuation; a stable prefix never changes; the tokens of the final text have times.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from liusheng.protocol.alternatives import Alternatives
from liusheng.protocol.asr import TimedToken
from liusheng.protocol.closed_text import ClosedText, join, tidy, without_end_marks
from liusheng.protocol.closed_times import ClosedTimes
from liusheng.protocol.utterance import UtteranceLike


@dataclass(frozen=True)
class View:
    """The current text; the fields are those of `asr.Result`."""

    result: str
    utterance: int
    is_final: bool
    stable: str


class Transcript:
    """The text of one recognition, growing.

    nbest: how many alternatives there will be at most, the text itself among them.
    timed: whether its times will be asked for at the end of a long recognition.
    """

    def __init__(self, nbest: int = 1, *, timed: bool = False) -> None:
        self._closed = ClosedText()
        self._alternatives = Alternatives(nbest)
        self._pieces: list[tuple[str, UtteranceLike]] = []
        self._times = ClosedTimes(early=timed)
        self._last_index = 0
        self._view = View("", 0, True, "")
        self._open = self._view

    def update(self, closed: Iterable[UtteranceLike], index: int, text: str, stable: int) -> None:
        """Append closed utterances, and replace the text of the open one.

        index, text, stable: number of the open utterance, its text, and how many leading
            characters of it will not change.
        """
        self.append(closed)
        self._view = self._render(index, text, stable)

    def append(self, closed: Iterable[UtteranceLike]) -> None:
        """Append closed utterances. The view shows them after the next `update` or `begin`."""
        for utterance in closed:
            self._last_index = utterance.index
            if piece := self._closed.add(utterance.text):
                self._alternatives.add(utterance, piece, self._closed.end)
                self._pieces.append((piece, utterance))
                self._times.add(piece, utterance)

    def begin(self, index: int) -> None:
        """Begin after what was appended, the last of which may have been followed by utterances
        without text. index: of the next one."""
        self._last_index = max(0, index - 1)
        self._view = self._render(index, "", 0)

    def drop_open(self) -> None:
        """The recognition is over: the open utterance, if there is one, came to nothing."""
        self._view = self._render(self._open.utterance, "", 0)

    @property
    def view(self) -> View:
        """The whole text: closed utterances, then the open one."""
        return self._view

    @property
    def pieces(self) -> Sequence[tuple[str, UtteranceLike]]:
        """The closed utterances with text, and what each adds to the closed text."""
        return tuple(self._pieces)

    @property
    def closed(self) -> int:
        """How many utterances with text are closed."""
        return len(self._pieces)

    def closed_view(self, place: int) -> View:
        """Return one closed utterance alone, by its place among those with text."""
        piece, utterance = self._pieces[place]
        text = piece.strip()
        return View(text, utterance.index, True, text)

    def place(self, index: int) -> int:
        """Return how many closed utterances with text have a smaller number than `index`."""
        return bisect_left(self._pieces, index, key=lambda piece: piece[1].index)

    def end(self, count: int) -> float:
        """Return where the last of the first `count` closed utterances with text ends, in seconds
        from the start of the audio; 0 for none."""
        return round(self._pieces[count - 1][1].end, 3) if count else 0.0

    @property
    def open_view(self) -> View:
        """The text of the open utterance alone."""
        return self._open

    def open_after(self, count: int) -> tuple[View, View]:
        """Return `view` and `open_view` as if only the first `count` utterances with text were
        closed, and the rest were one that is open."""
        if count == self.closed:
            return self._view, self._open
        before = "".join(piece for piece, _ in self._pieces[:count])
        whole, index = self._view.result, self._pieces[count][1].index
        return (
            View(whole, index, False, before),
            View(whole[len(before) :].strip(), index, False, ""),
        )

    def alternatives(self) -> list[tuple[str, float]]:
        """Return the likeliest forms of the closed text with their scores, the best first."""
        return self._alternatives.forms()

    def times(self, first: int = 0, end: int | None = None) -> tuple[TimedToken, ...]:
        """Return the times of the closed text: characters if it has Han ones, otherwise words.

        first, end: range of the closed utterances with text; by default all of them.

        The times never decrease, and are inside the audio if the model's times are.
        """
        return self._times.between(first, end)

    def _render(self, index: int, text: str, stable: int) -> View:
        shown = tidy(text)
        closed = str(self._closed)
        if not shown:
            self._open = View("", index, False, "")
            return View(closed, self._last_index, True, closed)
        result = join(closed, shown)
        # `tidy` only removes marks, so the common prefix of the tidied text and the tidied stable
        # part is stable; a mark at its end is not, because the end of the utterance may rewrite it.
        settled = without_end_marks(_common(tidy(text[:stable]), shown))
        self._open = View(shown, index, False, settled)
        if not settled:
            return View(result, index, False, closed)
        return View(result, index, False, result[: len(result) - len(shown) + len(settled)])


def _common(left: str, right: str) -> str:
    """Return the longest common prefix."""
    for place, (a, b) in enumerate(zip(left, right, strict=False)):
        if a != b:
            return left[:place]
    return left[: min(len(left), len(right))]
