"""Text to clauses, lazily: cut, clean, normalise, read, cut again where a clause is too long."""

from __future__ import annotations

from collections.abc import Generator, Iterator

from liusheng.tts.text.assemble import assemble
from liusheng.tts.text.clean import clean
from liusheng.tts.text.growing import GrowingText, Signal
from liusheng.tts.text.language import english_items, piece_language
from liusheng.tts.text.lexicon import UserLexicon
from liusheng.tts.text.normalize import Token, normalize
from liusheng.tts.text.segments import segments
from liusheng.tts.text.types import Clause, Language

_LOOKAHEAD = 3


class FrontEnd:
    """Reads Mandarin text with pieces of English. Loading takes about a second: keep one.

    Args:
        lexicon: the user's words, which go before every other dictionary.
    """

    def __init__(self, lexicon: UserLexicon | None = None) -> None:
        # The dictionaries take half a second and 90 MB: only for those who read.
        from liusheng.tts.text.pinyin import Reader

        self._lexicon = lexicon or UserLexicon()
        self._reader = Reader()

    def clauses(self, text: str) -> Iterator[Clause]:
        """What is to be said, clause by clause; nothing where there is nothing to say.

        Lazy: the first clause costs the same whatever follows it. Any string is accepted.
        """
        whole = GrowingText(text, last=True)
        return (clause for clause in self.follow(whole) if clause is not None)

    def follow(self, text: GrowingText) -> Iterator[Clause | None]:
        """The same clauses of a text that is still growing, each as soon as it is certain.

        None means that nothing more can be told before `text` has been extended or flushed: go on
        then.
        """
        self._lexicon.update()
        return assemble(segments(self._pieces(text), self._reader))

    def _pieces(self, text: GrowingText) -> Iterator[Iterator[Token] | Signal]:
        language: Language | None = None
        for span in text.spans():
            if isinstance(span, Signal):
                yield span
                continue
            chars = clean(text.text, *span)
            language = piece_language(chars.text, language)
            if language is None:
                language = yield from _language_ahead(text, span[1])
            if language == "en":
                yield english_items(chars, text.readings)
            else:
                yield normalize(chars, self._lexicon, text.readings)


def _language_ahead(text: GrowingText, at: int) -> Generator[Signal, None, Language]:
    """The language of the next few pieces, for one that does not tell its own."""
    for _ in range(_LOOKAHEAD):
        while (end := text.end_of_piece(at)) is None and text.waits:
            yield Signal.WAIT
        if end is None:
            break
        if (language := piece_language(clean(text.text, at, end).text, None)) is not None:
            return language
        at = end
    return "zh"
