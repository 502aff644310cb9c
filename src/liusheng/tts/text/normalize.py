"""Written forms as words: numbers, dates, units, addresses and the rest, each with its span.

A piece is scanned once from left to right; the rule that matches first, earliest in the list where
two match at the same place, reads what it matched. Nothing is rewritten in place, so every word
knows its characters. Measured against a general normaliser (wetext 0.1.8) in docs/text.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from liusheng.tts.text import rules
from liusheng.tts.text.clean import Chars
from liusheng.tts.text.symbols import WORDLIKE
from liusheng.tts.text.types import Span

Kind = Literal["han", "number", "letters", "english", "none", "weak", "comma", "sentence"]


@dataclass(frozen=True)
class Item:
    """A stretch of one kind.

    kind: "han" (Han characters, not yet segmented), "number" (one word of a read form: a 一 in it
        keeps the first tone when `plain`), "letters" (capitals to be spelt), "english" (a word), or a mark: "none" (a place
        to breathe, no pause), "weak", "comma", "sentence".
    text: what is read; of a mark, the mark.
    spans: for "han" one for each character, otherwise one.
    """

    kind: Kind
    text: str
    spans: tuple[Span, ...]
    plain: bool = False

    @property
    def span(self) -> Span:
        return self.spans[0][0], self.spans[-1][1]


_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]+")
_LATIN = re.compile(r"[A-Za-z]+(?:['’][A-Za-z]+)*")
_MARKS: tuple[tuple[re.Pattern[str], Kind], ...] = (
    (re.compile(r"[。！？!?\n]+"), "sentence"),
    (re.compile(r"…+|[；;]|\.{2,}"), "sentence"),
    (re.compile(r"[，：,:]|—{2,}"), "comma"),
    (re.compile(r"[、()（）【】\[\]〔〕|]"), "weak"),
    (re.compile(r"\.(?=\s|$|[”’」』\"'])"), "sentence"),
    (re.compile(r"[\s·/—\-“”‘’「」『』《》〈〉\"'#*_~^\\{}<>=+&@.°$%`→←↑↓]"), "none"),
)


def normalize(chars: Chars) -> Iterator[Item]:
    """Read `chars`, a piece in Mandarin (maybe with words of English)."""
    text = chars.text
    at = 0
    ahead: dict[int, re.Match[str] | None] = {}
    while at < len(text):
        rule = _first_rule(text, at, ahead)
        plain_end = rule[0].start() if rule else len(text)
        yield from _plain(chars, at, plain_end)
        if rule is None:
            return
        match, words = rule
        span = (chars.spans[match.start()][0], chars.spans[match.end() - 1][1])
        for word in words:
            kind: Kind = "weak" if word.text == "," else word.kind
            yield Item(kind, word.text, (span,), word.plain)
        at = match.end()


def _first_rule(
    text: str, at: int, ahead: dict[int, re.Match[str] | None]
) -> tuple[re.Match[str], list[rules.Word]] | None:
    """The earliest rule that reads something at or after `at`. `ahead` keeps each rule's match."""
    while True:
        best: int | None = None
        for index, (pattern, _) in enumerate(rules.RULES):
            if index not in ahead or ((m := ahead[index]) is not None and m.start() < at):
                ahead[index] = pattern.search(text, at)
            match = ahead[index]
            if match is not None:
                other = ahead[best] if best is not None else None
                if other is None or match.start() < other.start():
                    best = index
        if best is None:
            return None
        found = ahead[best]
        assert found is not None
        words = rules.RULES[best][1](found)
        if words is not None:
            return found, words
        ahead[best] = rules.RULES[best][0].search(text, found.start() + 1)


def _plain(chars: Chars, at: int, end: int) -> Iterator[Item]:
    text = chars.text
    while at < end:
        if (match := _HAN.match(text, at, end)) is not None:
            yield Item("han", match[0], chars.spans[at : match.end()])
        elif (match := _LATIN.match(text, at, end)) is not None:
            span = (chars.spans[at][0], chars.spans[match.end() - 1][1])
            yield Item(latin_kind(match[0]), match[0], (span,))
        else:
            for pattern, kind in _MARKS:
                if (match := pattern.match(text, at, end)) is not None:
                    span = (chars.spans[at][0], chars.spans[match.end() - 1][1])
                    yield Item(kind, match[0], (span,))
                    break
            else:
                at += 1
                continue
        at = match.end()


def mark_kind(marks: str) -> Kind:
    """The strongest of the marks in `marks`."""
    kinds = [kind for char in marks for pattern, kind in _MARKS if pattern.match(char)]
    order: tuple[Kind, ...] = ("sentence", "comma", "weak")
    if marks.rstrip().endswith("."):
        return "sentence"
    return next((kind for kind in order if kind in kinds), "none")


def latin_kind(word: str) -> Kind:
    """Up to five capitals that make no word are spelt, and so is a letter alone."""
    if len(word) == 1 or (word.isupper() and len(word) <= 5 and word not in WORDLIKE):
        return "letters"
    return "english"
