"""Text to clauses, lazily: cut, clean, normalise, read, cut again where a clause is too long."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from liusheng.tts.text.assemble import assemble
from liusheng.tts.text.clean import clean
from liusheng.tts.text.cut import pieces
from liusheng.tts.text.language import english_items, piece_language
from liusheng.tts.text.lexicon import Lexicon
from liusheng.tts.text.normalize import Item, normalize
from liusheng.tts.text.segments import segments
from liusheng.tts.text.types import Clause, Language

_LOOKAHEAD = 3


class FrontEnd:
    """Reads Mandarin text with pieces of English. Loading takes about a second: keep one.

    Args:
        lexicon: the user's words, which go before every other dictionary.
    """

    def __init__(self, lexicon: Lexicon | None = None) -> None:
        # The dictionaries take half a second and 90 MB: only for those who read.
        from liusheng.tts.text.pinyin import Reader

        self._lexicon = lexicon or Lexicon()
        self._reader = Reader()

    def clauses(self, text: str) -> Iterator[Clause]:
        """What is to be said, clause by clause; nothing where there is nothing to say.

        Lazy: the first clause costs the same whatever follows it. Any string is accepted.

        Raises:
            LexiconError: the user's lexicon changed and cannot be read.
        """
        self._lexicon.refresh()
        return assemble(segments(self._pieces(text), self._reader))

    def explain(self, text: str) -> list[dict[str, Any]]:
        """What `clauses` makes of a text, as plain data for JSON; callers add to it."""
        return [_explained(clause) for clause in self.clauses(text)]

    def _pieces(self, text: str) -> Iterator[Iterator[Item]]:
        language: Language | None = None
        for start, end in pieces(text):
            chars = clean(text, start, end)
            language = piece_language(chars.text, language) or _language_ahead(text, end)
            yield english_items(chars) if language == "en" else normalize(chars, self._lexicon)


def _language_ahead(text: str, at: int) -> Language:
    """The language of the next few pieces, for one that does not tell its own."""
    for _, (start, end) in zip(range(_LOOKAHEAD), pieces(text[at : at + 400]), strict=False):
        ahead = clean(text, at + start, at + end)
        if (language := piece_language(ahead.text, None)) is not None:
            return language
    return "zh"


def _explained(clause: Clause) -> dict[str, Any]:
    explained: dict[str, Any] = {
        "lang": clause.lang,
        "reading": clause.reading,
        "span": list(clause.span),
        "pause": clause.pause,
        "ends_sentence": clause.ends_sentence,
    }
    if clause.lang == "zh":
        explained["syllables"] = [
            {
                "text": syllable.text,
                "pinyin": syllable.pinyin,
                "span": list(syllable.span),
                "word_start": syllable.word_start,
                "pause_after": syllable.pause_after,
            }
            for syllable in clause.syllables
        ]
    return explained
