"""The text of a recognition as the wire shows it: closed utterances, then the open one.

What is promised about text (PROTOCOL.md 2 and 3.2) is kept here, whatever a model writes:
a text with Han characters never starts with ， or 。, never doubles them, and ends in 。 where it
has punctuation; what has been shown as stable stays; the final text has its times.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from liusheng.han import has_han
from liusheng.protocol.asr import TimedToken

_PUNCTUATION = re.compile("[，。？！；：、,.?!;:…]")
_LEADING = re.compile("^[，。\\s]+")
_DOUBLED = re.compile("[，。](?:\\s*[，。])+")
_TRAILING = re.compile("[，。？！；：、,.?!;:…\\s]+$")
_UNTIMED = "，。"


class WordLike(Protocol):
    """A word with its place in the audio, in seconds (see `liusheng.asr.types.Word`)."""

    @property
    def text(self) -> str: ...
    @property
    def start(self) -> float: ...
    @property
    def end(self) -> float: ...


class AlternativeLike(Protocol):
    """What an utterance may be, too (see `liusheng.asr.types.Alternative`)."""

    @property
    def text(self) -> str: ...
    @property
    def score(self) -> float: ...


class UtteranceLike(Protocol):
    """A closed utterance (see `liusheng.asr.types.Utterance`)."""

    @property
    def index(self) -> int: ...
    @property
    def text(self) -> str: ...
    @property
    def words(self) -> Sequence[WordLike]: ...
    @property
    def start(self) -> float: ...
    @property
    def end(self) -> float: ...
    @property
    def alternatives(self) -> Sequence[AlternativeLike]: ...


@dataclass(frozen=True)
class View:
    """What a client is shown now; the fields are those of `asr.Result`."""

    result: str
    utterance: int
    is_final: bool
    stable: str


def join(left: str, right: str) -> str:
    """Join two pieces of text as people write: a space, unless Han or its punctuation meets."""
    if not left or not right:
        return left + right
    around = left[-1] + right[0]
    wide = has_han(around) or any(mark in around for mark in "，。？！；：、（）《》“”")
    return left + right if wide else f"{left} {right}"


class Transcript:
    """The text of one recognition, growing."""

    def __init__(self) -> None:
        self._closed = ""
        self._pieces: list[tuple[str, UtteranceLike]] = []
        self._last_index = 0
        self._view = View("", 0, True, "")
        self._open = self._view

    def update(self, closed: Iterable[UtteranceLike], index: int, text: str, stable: int) -> None:
        """Take in utterances that were closed, and the newest of the open one.

        index, text, stable: number of the open utterance, its text, and how many leading
            characters of it will not change.
        """
        for utterance in closed:
            piece = _settled(self._closed, utterance.text)
            self._last_index = utterance.index
            if piece:
                before = self._closed
                self._closed = join(before, piece)
                self._pieces.append((self._closed[len(before) :], utterance))
        self._view = self._render(index, text, stable)

    @property
    def view(self) -> View:
        """What a client is shown now."""
        return self._view

    @property
    def pieces(self) -> Sequence[tuple[str, UtteranceLike]]:
        """The closed text, utterance by utterance: one after another, the pieces make it."""
        return tuple(self._pieces)

    @property
    def closed(self) -> int:
        """How many utterances with words are closed."""
        return len(self._pieces)

    def closed_view(self, place: int) -> View:
        """Return one of the closed utterances alone, by its place among those with words."""
        piece, utterance = self._pieces[place]
        text = piece.strip()
        return View(text, utterance.index, True, text)

    @property
    def open_view(self) -> View:
        """What is known of the open utterance, alone."""
        return self._open

    def alternatives(self, most: int) -> list[tuple[str, float]]:
        """Return the likeliest forms of the closed text with their scores, the text itself first.

        Scores of utterances add up; one that has no alternatives counts for nothing.
        """
        # What each form loses on the best one, and where it differs from it.
        forms: list[tuple[float, dict[int, str]]] = [(0.0, {})]
        total = 0.0
        for place, (_, utterance) in enumerate(self._pieces):
            first, *others = utterance.alternatives[:most] or (None,)
            if first is None:
                continue
            total += first.score
            forms += [
                (loss + max(0.0, first.score - other.score), {**changes, place: other.text})
                for loss, changes in forms
                for other in others
            ]
            forms = sorted(forms, key=lambda form: form[0])[:most]
        found: dict[str, float] = {}
        for loss, changes in forms:
            text = ""
            for place, (_, utterance) in enumerate(self._pieces):
                text = join(text, _settled(text, changes.get(place, utterance.text)))
            found.setdefault(text, total - loss)
        return list(found.items())

    def times(self, first: int = 0, end: int | None = None) -> tuple[TimedToken, ...]:
        """Return the times of the closed text: characters if it has Han ones, otherwise words.

        first, end: of these closed utterances alone, of those with words.

        Monotone, and inside the audio where the model's times are. A character that the wire
        added (a space between utterances, say) is as long as nothing, at its neighbour's end.
        """
        pieces = self._pieces[first:end]
        text = "".join(piece for piece, _ in pieces)
        spaces = len(text) - len(text.lstrip())
        characters = [timed for piece, utterance in pieces for timed in _timed(piece, utterance)]
        tokens: list[TimedToken] = []
        clock = 0.0
        for token, start, stop in characters[spaces:] if has_han(text) else _words(characters):
            if token in _UNTIMED:
                continue
            begin = max(clock, start)
            clock = max(begin, stop)
            tokens.append(TimedToken(w=token, bg=round(begin, 3), ed=round(clock, 3)))
        return tuple(tokens)

    def _render(self, index: int, text: str, stable: int) -> View:
        shown = _tidy(text)
        if not shown:
            self._open = View("", index, False, "")
            return View(self._closed, self._last_index, True, self._closed)
        result = join(self._closed, shown)
        # Tidying only removes marks, so what the tidied text and the tidied stable prefix have in
        # common is stable still; a mark at its end is not, since closing may rewrite it.
        settled = _TRAILING.sub("", _common(_tidy(text[:stable]), shown))
        self._open = View(shown, index, False, settled)
        if not settled:
            return View(result, index, False, self._closed)
        return View(result, index, False, result[: len(result) - len(shown) + len(settled)])


def _settled(before: str, text: str) -> str:
    """Return a closed utterance's text as it is appended to what is closed already."""
    text = _tidy(text)
    if text and has_han(before + text) and _PUNCTUATION.search(before + text):
        # Rewriting the mark at the very end is safe: `stable` never covers a trailing mark.
        text = _TRAILING.sub("", text) + "。"
        if text == "。" and (not before or before.endswith("。")):
            text = ""
    return text


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


def _timed(piece: str, utterance: UtteranceLike) -> Iterator[tuple[str, float, float]]:
    """Yield each character of `piece` with its begin and end, from the utterance's words."""
    known: list[tuple[str, float, float]] = []
    for word in utterance.words:
        letters = [letter for letter in word.text if not letter.isspace()]
        spoken = [letter for letter in letters if letter not in _UNTIMED]
        each = (word.end - word.start) / len(spoken) if spoken else 0.0
        at = word.start
        for letter in letters:
            length = 0.0 if letter in _UNTIMED else each
            known.append((letter, at, at + length))
            at += length
    if not known:
        letters = [letter for letter in piece if not letter.isspace()]
        each = (utterance.end - utterance.start) / max(1, len(letters))
        known = [
            (letter, utterance.start + place * each, utterance.start + (place + 1) * each)
            for place, letter in enumerate(letters)
        ]
    clock = utterance.start if not known else known[0][1]
    at_known = 0
    for letter in piece:
        ahead = at_known
        while ahead < len(known) and known[ahead][0] != letter:
            ahead += 1
        if letter.isspace() or ahead == len(known):
            yield letter, clock, clock
            continue
        at_known = ahead + 1
        begin, end = known[ahead][1:]
        yield letter, begin, end
        clock = max(clock, end)


def _words(characters: Iterable[tuple[str, float, float]]) -> Iterator[tuple[str, float, float]]:
    """Yield the words that timed characters make, split at spaces."""
    word, begin, end = "", 0.0, 0.0
    for letter, start, stop in characters:
        if letter.isspace():
            if word:
                yield word, begin, end
            word = ""
            continue
        if not word:
            begin = start
        word, end = word + letter, max(stop, begin)
    if word:
        yield word, begin, end
