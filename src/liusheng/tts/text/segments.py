"""Text segments: the text between two punctuation marks, or two changes of language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from liusheng.tts.text.growing import Signal
from liusheng.tts.text.normalize import TextToken
from liusheng.tts.text.types import Language, Pause, Span, Syllable

if TYPE_CHECKING:
    from liusheng.tts.text.pinyin import Reader

_STRENGTH: dict[str, int] = {"none": 0, "weak": 1, "comma": 2, "sentence": 3}
_QUESTION = frozenset("?？")


@dataclass(frozen=True)
class TextSegment:
    """Mandarin syllables, or English words, without punctuation between them.

    lang: "mixed" where both are to be one clause (see `assemble`); then it has `parts`.
    mark: the strongest mark after it, a key of `_STRENGTH`; "none" at a change of language.
    asks: whether a question mark follows it.
    """

    lang: Language | Literal["mixed"]
    syllables: tuple[Syllable, ...]
    words: tuple[TextToken, ...]
    mark: str = "none"
    asks: bool = False
    parts: tuple[TextSegment, ...] = ()

    @property
    def span(self) -> Span:
        parts = self.syllables or self.words or self.parts
        return parts[0].span[0], parts[-1].span[1]

    @property
    def pause(self) -> Pause:
        return "sentence" if self.mark == "sentence" else "none" if self.mark == "none" else "comma"


def segments(
    pieces: Iterable[Iterable[TextToken] | Signal], reader: Reader
) -> Iterator[TextSegment | Signal]:
    """Yield the segments of each piece, none of which extends past its piece; signals pass
    through."""
    for piece in pieces:
        if isinstance(piece, Signal):
            yield piece
            continue
        held: TextSegment | None = None
        group: list[TextToken] = []
        for item in piece:
            strength = _STRENGTH.get(item.kind, 0)
            if strength == 0:
                group.append(item)
                continue
            for segment in _read(group, reader):
                if held is not None:
                    yield held
                held = segment
            group = []
            if held is not None:
                mark = item.kind if strength > _STRENGTH[held.mark] else held.mark
                asks = held.asks or not _QUESTION.isdisjoint(item.text)
                held = replace(held, mark=mark, asks=asks)
        for segment in _read(group, reader):
            if held is not None:
                yield held
            held = segment
        if held is not None:
            yield held


def _read(group: list[TextToken], reader: Reader) -> Iterator[TextSegment]:
    for lang, items in _by_language(group):
        if lang == "en":
            words = tuple(item for item in items if item.kind != "none")
            yield TextSegment("en", (), words)
        elif syllables := tuple(reader.read(items)):
            yield TextSegment("zh", syllables, (), "weak" if syllables[-1].pause_after else "none")


def _by_language(group: list[TextToken]) -> list[tuple[Language, list[TextToken]]]:
    """Runs of one language; letters next to English words are English too."""
    spoken = [item for item in group if item.kind != "none"]
    english = {id(item) for item in spoken if item.kind == "english"}
    for order in (spoken, spoken[::-1]):
        for item, after in pairwise(order):
            if id(item) in english and after.kind == "letters":
                english.add(id(after))
    runs: list[tuple[Language, list[TextToken]]] = []
    for item in group:
        lang: Language = "en" if id(item) in english else "zh"
        if runs and (item.kind == "none" or runs[-1][0] == lang):
            runs[-1][1].append(item)
        elif item.kind != "none":
            runs.append((lang, [item]))
    return runs
