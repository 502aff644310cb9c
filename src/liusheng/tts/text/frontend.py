"""Text to clauses, lazily: cut, clean, normalise, convert to syllables, cut long clauses again."""

from __future__ import annotations

from collections.abc import Generator, Iterator

from liusheng.tts.text.assemble import assemble
from liusheng.tts.text.clean import clean
from liusheng.tts.text.english import english_items
from liusheng.tts.text.growing import GrowingText, Signal
from liusheng.tts.text.language import piece_language
from liusheng.tts.text.lexicon import UserLexicon
from liusheng.tts.text.normalize import TextToken, normalize
from liusheng.tts.text.segments import segments
from liusheng.tts.text.skipped import recorded
from liusheng.tts.text.types import Clause, Language

_LOOKAHEAD = 3

_WARM_UP = (
    "大约2024年5月6日下午3:30，他花了¥12.50买了3个3.5kg的西瓜，还要再行驶10-20km，涨了15.6%。"
    "電話010-62785001，宽1.5m×2m，比分3:2，1/3，x²+y²=5，-5℃，第10000名，你行吗？花儿😀"
    "Python和CEO。The U.S. price is $5."
)
"""Of every kind: what is loaded or compiled at its first use is so before the first text."""


class FrontEnd:
    """The front end of Mandarin text with English in it. Loading takes about a second: keep one.

    Args:
        lexicon: the user's words, which take precedence over every other dictionary.
    """

    def __init__(self, lexicon: UserLexicon | None = None) -> None:
        # Imported here: it takes 0.6 s and 77 MB to load.
        from liusheng.tts.text.pinyin import Reader

        self._lexicon = lexicon or UserLexicon()
        self._reader = Reader()
        for _ in self.clauses(_WARM_UP):
            pass

    def clauses(
        self, text: str, language: Language = "zh", *, mixed: bool = False
    ) -> Iterator[Clause]:
        """Yield the clauses of a text; none if it has nothing to speak.

        Lazy: the cost of the first clause does not depend on what follows it. Any string is valid.

        language: of pieces that do not show their own and have no neighbour that does ("OK.",
            "10:30").
        mixed: a clause may be in two languages, for a voice that speaks both in one pass.
        """
        whole = GrowingText(text, last=True)
        following = self.follow(whole, language, mixed=mixed)
        return (clause for clause in following if clause is not None)

    def follow(
        self, text: GrowingText, language: Language = "zh", *, mixed: bool = False
    ) -> Iterator[Clause | None]:
        """Yield the same clauses of a text that is still growing, each as soon as it is certain.

        None means that the next clause needs `text` to be extended or flushed first. What is not
        read of the text is appended to `text.skipped`.
        """
        self._lexicon.update()
        return assemble(segments(self._pieces(text, language), self._reader), mixed=mixed)

    def _pieces(
        self, text: GrowingText, default: Language
    ) -> Iterator[Iterator[TextToken] | Signal]:
        language: Language | None = None
        for span in text.spans():
            if isinstance(span, Signal):
                yield span
                continue
            chars = clean(text.text, *span)
            language = piece_language(chars.text, language)
            if language is None:
                language = yield from _language_ahead(text, span[1], default)
            if language == "en":
                tokens = english_items(chars, text.readings)
            else:
                tokens = normalize(chars, self._lexicon, text.readings)
            yield recorded(tokens, text.text, span, text.skipped)


def _language_ahead(
    text: GrowingText, at: int, default: Language
) -> Generator[Signal, None, Language]:
    """The language of the next few pieces, for a piece that does not show its own."""
    for _ in range(_LOOKAHEAD):
        while (end := text.end_of_piece(at)) is None and text.waits:
            yield Signal.WAIT
        if end is None:
            break
        if (language := piece_language(clean(text.text, at, end).text, None)) is not None:
            return language
        at = end
    return default
