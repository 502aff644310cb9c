"""The open utterance of an online model: its tokens, and how they are written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from liusheng.asr.sherpa.tokens import Token, Vocabulary, language_of
from liusheng.asr.text.pieces import Piece
from liusheng.asr.text.polish import ended, polish, text_of, words_of
from liusheng.asr.types import StreamParams, Utterance


class OnlineHypothesis:
    """The tokens that a model has found since the last endpoint.

    appends_only: later tokens never change earlier ones (see `LiveStream`); otherwise all tokens
        are replaced by those of each step.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        languages: Sequence[str],
        params: StreamParams,
        tokens: Sequence[Token],
        *,
        appends_only: bool,
    ) -> None:
        self.tokens = list(tokens)
        self._vocabulary = vocabulary
        self._languages = languages
        self._params = params
        self._appends_only = appends_only
        self._text: str | None = None

    def extend(self, tokens: Iterable[Token]) -> None:
        """Take what a step has found: further tokens, or all of them."""
        fresh = list(tokens)
        if not self._appends_only:
            self.tokens.clear()
        if fresh or not self._appends_only:
            self._text = None
        self.tokens += fresh

    def pieces(self, until: float) -> list[Piece]:
        """Return the pieces of the text as it is shown; more tokens only add to its end.

        until: the last token reaches up to here (seconds).
        """
        lang = self._params.lang
        if lang == "auto":
            # Not that of the text: then the first Han character would change what is before it.
            lang = "zh" if "zh" in self._languages else self._languages[0]
        return polish(self._vocabulary.pieces(self.tokens, until), lang, self._params.script)

    def text(self, until: float) -> str:
        """Return the text as it is shown."""
        if self._text is None:
            self._text = text_of(self.pieces(until))
        return self._text

    def closed(self, index: int, pieces: list[Piece], cut: bool) -> Utterance | None:
        """Return the utterance that these pieces make, or None where there are none, and begin the
        next one. cut: it was ended by its length."""
        self.tokens.clear()
        self._text = None
        if not pieces:
            return None
        lang = self._params.lang
        if lang == "auto":
            lang = language_of(text_of(pieces), self._languages)
        pieces = ended(pieces, lang, cut)
        text = text_of(pieces)
        return Utterance(index, text, words_of(pieces), lang, pieces[0].start, pieces[-1].end)
