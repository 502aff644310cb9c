"""Written forms as words: numbers, dates, units, addresses and the rest, each with its span.

A piece is scanned once from left to right; the rule that matches first, earliest in the list where
two match at the same place, reads what it matched. Nothing is rewritten in place, so every word
knows its characters. Measured against a general normaliser (wetext 0.1.8) in docs/text.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from liusheng.han import HAN
from liusheng.tts.text.clean import Chars
from liusheng.tts.text.growing import Reading
from liusheng.tts.text.lexicon import UserLexicon
from liusheng.tts.text.rules.registry import RULES
from liusheng.tts.text.rules.words import SpokenWord, latin_kind
from liusheng.tts.text.types import Span

TokenKind = Literal[
    "han", "number", "letters", "fixed", "english", "none", "weak", "comma", "sentence"
]


@dataclass(frozen=True)
class TextToken:
    """A stretch of one kind.

    kind: "han" (Han characters, not yet segmented), "number" (one word of a read form: a 一 in it
        keeps the first tone when `plain`), "letters" (to be spelt), "fixed" (a word of the user's
        lexicon), "english" (a word), or a mark: "none" (a place to breathe, no pause), "weak",
        "comma", "sentence".
    text: what is read; of a mark, the mark.
    spans: for "han" and "fixed" one for each character, otherwise one.
    pinyin: of "fixed": its syllables, one for each character where it is written in Han.
    pause: a short one follows, inside a number.
    """

    kind: TokenKind
    text: str
    spans: tuple[Span, ...]
    plain: bool = False
    pinyin: tuple[str, ...] = ()
    pause: bool = False

    @property
    def span(self) -> Span:
        return self.spans[0][0], self.spans[-1][1]


_WRITTEN_FORM = re.compile(rf"[^{HAN}，、。；：？！…“”‘’「」『』《》（）【】\s]")
"""What every rule's match has one of: prose in characters needs no rules."""

_HAN_RUN = re.compile(f"[{HAN}]+")
_LATIN = re.compile(
    r"(?:Mr|Mrs|Ms|Dr|Prof|St|Jr|Sr|Inc|Ltd)\.(?=\s?[A-Za-z])|[A-Za-z]+(?:['’][A-Za-z]+)*"
)
_MARKS: tuple[tuple[re.Pattern[str], TokenKind], ...] = (
    (re.compile(r"[。！？!?\n]+"), "sentence"),
    (re.compile(r"…+|[；;]|\.{2,}"), "sentence"),
    (re.compile(r"[，：,:]|—{2,}"), "comma"),
    (re.compile(r"[、()（）【】\[\]〔〕|]"), "weak"),
    (re.compile(r"\.(?=\s|$|[”’」』\"'])"), "sentence"),
    (re.compile(r"[\s·/—\-“”‘’「」『』《》〈〉\"'#*_~^\\{}<>=+&@.°$%`→←↑↓]"), "none"),
)


def normalize(
    chars: Chars, lexicon: UserLexicon, readings: Mapping[int, Reading] | None = None
) -> Iterator[TextToken]:
    """Read `chars`, a piece in Mandarin (maybe with words of English).

    readings: of single characters, by their position in the original text; they go first, then
        `lexicon`.
    """
    text = chars.text
    at = start = 0
    while at < len(text):
        if readings and (reading := readings.get(chars.spans[at][0])):
            yield from _normalized(chars, start, at)
            yield from _items(reading.words, chars.spans[at])
            at = start = at + 1
            continue
        word = lexicon.longest_match(text, at)
        if not word:
            at += 1
            continue
        yield from _normalized(chars, start, at)
        spans = chars.spans[at : at + len(word)]
        yield TextToken("fixed", word, spans, pinyin=lexicon.words[word])
        at = start = at + len(word)
    yield from _normalized(chars, start, len(text))


def _normalized(chars: Chars, at: int, end: int) -> Iterator[TextToken]:
    for match, words in _readings(chars.text, at, end):
        yield from _plain(chars, at, match.start())
        span = (chars.spans[match.start()][0], chars.spans[match.end() - 1][1])
        yield from _items(words, span)
        at = match.end()
    yield from _plain(chars, at, end)


def _items(words: Iterable[SpokenWord], span: Span) -> Iterator[TextToken]:
    for word in words:
        spans = (span,) * len(word.text) if word.kind == "fixed" else (span,)
        yield TextToken(word.kind, word.text, spans, word.plain, word.pinyin, word.pause)


def _readings(text: str, at: int, end: int) -> Iterator[tuple[re.Match[str], list[SpokenWord]]]:
    """What the rules read in `text[at:end]`: the earliest match, then the earliest rule."""
    if not _WRITTEN_FORM.search(text, at, end):
        return
    ahead = [pattern.search(text, at, end) for pattern, _ in RULES]
    while any(ahead):
        found, first = min(
            (match.start(), index) for index, match in enumerate(ahead) if match is not None
        )
        pattern, handler = RULES[first]
        match = ahead[first]
        assert match is not None
        words = handler(match)
        if words is None:
            ahead[first] = pattern.search(text, found + 1, end) if found < end else None
            continue
        yield match, words
        for index, other in enumerate(ahead):
            if other is not None and other.start() < match.end():
                ahead[index] = RULES[index][0].search(text, match.end(), end)


def _plain(chars: Chars, at: int, end: int) -> Iterator[TextToken]:
    text = chars.text
    while at < end:
        if (match := _HAN_RUN.match(text, at, end)) is not None:
            yield TextToken("han", match[0], chars.spans[at : match.end()])
        elif (match := _LATIN.match(text, at, end)) is not None:
            span = (chars.spans[at][0], chars.spans[match.end() - 1][1])
            yield TextToken(latin_kind(match[0]), match[0], (span,))
        else:
            for pattern, kind in _MARKS:
                if (match := pattern.match(text, at, end)) is not None:
                    span = (chars.spans[at][0], chars.spans[match.end() - 1][1])
                    yield TextToken(kind, match[0], (span,))
                    break
            else:
                at += 1
                continue
        at = match.end()


def mark_kind(marks: str) -> TokenKind:
    """The strongest of the marks in `marks`."""
    kinds = [kind for char in marks for pattern, kind in _MARKS if pattern.match(char)]
    order: tuple[TokenKind, ...] = ("sentence", "comma", "weak")
    if marks.rstrip().endswith("."):
        return "sentence"
    return next((kind for kind in order if kind in kinds), "none")
