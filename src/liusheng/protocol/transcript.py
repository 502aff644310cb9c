"""The text of a recognition as replies have it: closed utterances, then the open one.

The protocol's guarantees on text (docs/protocol.md) are enforced here, whatever a model writes: a
text with Han characters never starts with ， or 。, never doubles them, and ends in 。 if it has
punctuation; a stable prefix never changes; the tokens of the final text have times.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from liusheng.han import has_han
from liusheng.protocol.asr import TimedToken
from liusheng.protocol.closed_times import ClosedTimes
from liusheng.protocol.utterance import UtteranceLike

_PUNCTUATION = re.compile("[，。？！；：、,.?!;:…]")
_LEADING = re.compile("^[，。\\s]+")
_DOUBLED = re.compile("[，。](?:\\s*[，。])+")
_TRAILING = re.compile("[，。？！；：、,.?!;:…\\s]+$")


@dataclass(frozen=True)
class View:
    """The current text; the fields are those of `asr.Result`."""

    result: str
    utterance: int
    is_final: bool
    stable: str


def join(left: str, right: str) -> str:
    """Join two texts: with a space, unless a Han character or wide punctuation is beside it."""
    if not left or not right:
        return left + right
    around = left[-1] + right[0]
    wide = has_han(around) or any(mark in around for mark in "，。？！；：、（）《》“”")
    return left + right if wide else f"{left} {right}"


class _ClosedText:
    """The text of closed utterances. Adding one takes as long as that one, however much there is:
    a recognition that another server had comes with thousands at once."""

    def __init__(self) -> None:
        self._whole = ""
        self._added: list[str] = []  # to it, since it was asked for
        self._last = ""  # character
        self._has_han = False
        self._has_marks = False

    def __str__(self) -> str:
        self._whole = "".join((self._whole, *self._added))
        self._added.clear()
        return self._whole

    def add(self, text: str) -> str:
        """Add the text of an utterance; return what that adds: "" if nothing."""
        text = _tidy(text)
        if not text:
            return ""
        has_han_now = self._has_han or has_han(text)
        has_marks_now = self._has_marks or _PUNCTUATION.search(text) is not None
        if has_han_now and has_marks_now:
            # The last mark may be rewritten: `stable` never covers a trailing mark.
            text = _TRAILING.sub("", text) + "。"
            if text == "。" and self._last in ("", "。"):
                return ""
        added = join(self._last, text)[len(self._last) :]
        self._has_han, self._has_marks = has_han_now, has_marks_now or text.endswith("。")
        self._last = added[-1]
        self._added.append(added)
        return added


class Transcript:
    """The text of one recognition, growing."""

    def __init__(self) -> None:
        self._closed = _ClosedText()
        self._pieces: list[tuple[str, UtteranceLike]] = []
        self._times = ClosedTimes()
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

    def alternatives(self, count: int) -> list[tuple[str, float]]:
        """Return the likeliest forms of the closed text with their scores, the text itself first.

        The score of a form is the sum of its utterances' scores; an utterance without alternatives
        adds none.
        """
        # For each form: its loss of score against the best one, and the utterances that differ.
        forms: list[tuple[float, dict[int, str]]] = [(0.0, {})]
        total = 0.0
        for place, (_, utterance) in enumerate(self._pieces):
            first, *others = utterance.alternatives[:count] or (None,)
            if first is None:
                continue
            total += first.score
            forms += [
                (loss + max(0.0, first.score - other.score), {**changes, place: other.text})
                for loss, changes in forms
                for other in others
            ]
            forms = sorted(forms, key=lambda form: form[0])[:count]
        found: dict[str, float] = {}
        for loss, changes in forms:
            text = _ClosedText()
            for place, (_, utterance) in enumerate(self._pieces):
                text.add(changes.get(place, utterance.text))
            found.setdefault(str(text), total - loss)
        return list(found.items())

    def times(self, first: int = 0, end: int | None = None) -> tuple[TimedToken, ...]:
        """Return the times of the closed text: characters if it has Han ones, otherwise words.

        first, end: range of the closed utterances with text; by default all of them.

        The times never decrease, and are inside the audio if the model's times are.
        """
        return self._times.between(first, end)

    def _render(self, index: int, text: str, stable: int) -> View:
        tidy = _tidy(text)
        closed = str(self._closed)
        if not tidy:
            self._open = View("", index, False, "")
            return View(closed, self._last_index, True, closed)
        result = join(closed, tidy)
        # `_tidy` only removes marks, so the common prefix of the tidied text and the tidied stable
        # part is stable; a mark at its end is not, because the end of the utterance may rewrite it.
        settled = _TRAILING.sub("", _common(_tidy(text[:stable]), tidy))
        self._open = View(tidy, index, False, settled)
        if not settled:
            return View(result, index, False, closed)
        return View(result, index, False, result[: len(result) - len(tidy) + len(settled)])


def _tidy(text: str) -> str:
    """Return `text` without surrounding spaces, leading ， or 。, and doubled ones."""
    return _LEADING.sub(
        "", _DOUBLED.sub(lambda run: "。" if "。" in run[0] else "，", text.strip())
    )


def _common(left: str, right: str) -> str:
    """Return the longest common prefix."""
    for place, (a, b) in enumerate(zip(left, right, strict=False)):
        if a != b:
            return left[:place]
    return left[: min(len(left), len(right))]
