"""Text formatting that a stream asks for: punctuation or none, numbers as figures or words.

It is applied last, to the texts of any recogniser.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from liusheng.asr.capabilities import Capabilities
from liusheng.asr.recognizer import Outcome, Recognizer, Turn, inner
from liusheng.asr.text.numerals import in_figures, in_words
from liusheng.asr.text.pieces import split_pieces, stands_alone
from liusheng.asr.types import Partial, StreamParams, Utterance, Word

_KEPT_MARKS = frozenset("%‰&@#/\\*_′″")
_INSIDE = frozenset(".,:'’-·")
_RANGE = frozenset("–—")
"""Between two digits they are no dashes."""
_MINUS = frozenset("-－")


@dataclass(frozen=True)
class FormattedState:
    """The recogniser's state of a stream, and what formatting needs."""

    params: StreamParams
    state: Any
    lang: str


class TextFormatter:
    """A recogniser that formats the texts of another as each stream asks for."""

    def __init__(self, recognizer: Recognizer) -> None:
        self._recognizer = recognizer
        self.languages = recognizer.languages
        self.sticky = recognizer.sticky

    def capabilities(self, lang: str) -> Capabilities:
        """Return the capabilities of the model for `lang`."""
        return self._recognizer.capabilities(lang)

    def open(self, params: StreamParams) -> FormattedState:
        """Return the state of a new stream; see `Recognizer.open`."""
        return FormattedState(params, self._recognizer.open(params), params.lang)

    def prepare(self, turn: Turn) -> Turn:
        """Prepare a turn; see `Recognizer.prepare`."""
        return replace(turn, prepared=self._recognizer.prepare(inner(turn)))

    def advance(self, turns: Sequence[Turn]) -> list[Outcome]:
        """Take a turn for each stream; see `Recognizer.advance`."""
        outcomes = self._recognizer.advance([inner(turn) for turn in turns])
        return [
            self._formatted(turn.state, outcome)
            for turn, outcome in zip(turns, outcomes, strict=True)
        ]

    def forget(self, states: Sequence[FormattedState]) -> None:
        """Drop what is cached for streams that ended; see `Recognizer.forget`."""
        self._recognizer.forget([state.state for state in states])

    def _formatted(self, state: FormattedState, outcome: Outcome) -> Outcome:
        params = state.params
        lang = outcome.closed[-1].lang if outcome.closed else state.lang
        state = FormattedState(params, outcome.state, lang)
        if params.itn is None and params.punctuation is not False:
            return replace(outcome, state=state)
        return replace(
            outcome,
            state=state,
            closed=tuple(format_utterance(u, params) for u in outcome.closed),
            partial=_partial(outcome.partial, params, lang),
        )


def format_utterance(utterance: Utterance, params: StreamParams) -> Utterance:
    """Return a closed utterance, formatted; words keep their times."""
    text, words = utterance.text, utterance.words
    rewritten = _numbers(text, params, utterance.lang)
    if rewritten != text:
        text, words = rewritten, _placed(text, words, rewritten)
    alternatives = [
        replace(a, text=_numbers(a.text, params, utterance.lang)) for a in utterance.alternatives
    ]
    if params.punctuation is False:
        words = _without_marks(text, words)
        text = without_marks(text)
        alternatives = [replace(a, text=without_marks(a.text)) for a in alternatives]
    unique = {a.text: a for a in reversed(alternatives)}
    return replace(
        utterance,
        text=text,
        words=words,
        alternatives=tuple(a for a in alternatives if unique[a.text] is a),
    )


def _partial(partial: Partial, params: StreamParams, lang: str) -> Partial:
    text = partial.text
    stable = text[: partial.stable]
    if params.itn is not None:
        # The next words may continue a number.
        text, stable = _numbers(text, params, lang), ""
    if params.punctuation is False:
        text, stable = without_marks(text), without_marks(stable)
    return Partial(partial.index, text, len(stable) if text.startswith(stable) else 0)


def _numbers(text: str, params: StreamParams, lang: str) -> str:
    if params.itn is None:
        return text
    if lang == "auto":
        lang = "zh" if any(map(stands_alone, text)) else "en"
    return in_figures(text, lang) if params.itn else in_words(text, lang)


def _without_marks(text: str, words: Sequence[Word]) -> tuple[Word, ...]:
    """Remove the punctuation of the words that make a text."""
    bare = []
    at = 0
    for word in words:
        at = max(at, text.find(word.text, at)) + len(word.text)
        # The sign of the next number belongs to the word before it.
        bare.append(replace(word, text=without_marks(word.text, text[at : at + 1])))
    return tuple(word for word in bare if word.text)


def without_marks(text: str, following: str = "") -> str:
    """Remove the punctuation of a text, but not of numbers and words ("3.5", "-5", "don't").

    The result for a prefix of a text is a prefix of the result.

    Args:
        following: the character after the text, if any.
    """
    bare = ""
    for i, char in enumerate(text):
        before, after = text[i - 1 : i], text[i + 1 : i + 2] or following
        around = _is_latin(before), _is_latin(after)
        if not _is_mark(char) or (char in _INSIDE and all(around)) or _counts(before, char, after):
            bare += char
        elif any(around):
            bare += " "
    return " ".join(bare.split())


def _is_mark(char: str) -> bool:
    return unicodedata.category(char).startswith("P") and char not in _KEPT_MARKS


def _counts(before: str, mark: str, after: str) -> bool:
    """Whether a mark is part of a number: -5, .5, 3–5."""
    if not after.isdecimal():
        return False
    if mark in _RANGE:
        return before.isdecimal()
    if mark == ".":
        # 你好.5点 is a stop.
        return not before or before.isspace() or before in _MINUS
    return mark in _MINUS and not _is_latin(before) and before not in _MINUS


def _is_latin(char: str) -> bool:
    return bool(char) and char.isalnum() and not stands_alone(char)


def _placed(text: str, words: Sequence[Word], rewritten: str) -> tuple[Word, ...]:
    """Return the words of a rewritten text, with the times of what they replace."""
    old = list(_characters(text, words))
    if not old:
        return ()
    new: list[tuple[float, float]] = []
    matcher = difflib.SequenceMatcher(None, text, rewritten, autojunk=False)
    for _, i, j, a, b in matcher.get_opcodes():
        if j - i == b - a:
            new += old[i:j]
            continue
        start = old[i][0] if i < len(old) else old[-1][1]
        end = max((each[1] for each in old[i:j]), default=start)
        step = (end - start) / (b - a) if b > a else 0.0
        new += [(start + n * step, start + (n + 1) * step) for n in range(b - a)]
    placed = []
    at = 0
    for piece in split_pieces(rewritten):
        places = new[at : at + len(piece)]
        at += len(piece)
        first = next((n for n, char in enumerate(piece) if char.isalnum()), 0)
        placed.append(Word(piece.strip(), places[first][0], places[-1][1]))
    return tuple(placed)


def _characters(text: str, words: Sequence[Word]) -> Iterator[tuple[float, float]]:
    """Yield the times of each character of a text."""
    places: list[tuple[float, float]] = []
    for word in words:
        step = (word.end - word.start) / len(word.text) if word.text else 0.0
        places += [
            (word.start + n * step, word.start + (n + 1) * step) for n in range(len(word.text))
        ]
    at = 0
    last = places[0][0] if places else 0.0
    for char in text:
        if char.isspace() or at == len(places):
            yield last, last
            continue
        yield places[at]
        last = places[at][1]
        at += 1
