"""Which stream parameters a model supports, so that others are rejected when a stream opens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from liusheng.asr.types import StreamParams
from liusheng.han import is_han

ITN_LANGUAGES = ("zh", "en")
"""The languages of inverse text normalisation."""

_HAN_LENGTHS = range(2, 13)


class Batching(str, Enum):
    """What a model gains when several streams are decoded together."""

    NONE = "none"
    """Nothing: it computes one after the other."""
    DECODER = "decoder"
    """The first part of a decode (an encoder) is computed for each stream alone, and can be before
    the batch begins: see `Recognizer.prepare`. The rest of partials is computed together; finals
    are decoded one by one, as the lengths of others would change their texts."""
    ALL = "all"
    """All of a decode is computed together."""


class NotSupportedError(ValueError):
    """The model does not support a parameter; the message names both."""


class Hotwords(str, Enum):
    """Which hotwords a model supports."""

    NONE = "none"
    HAN = "han"
    """Of two to twelve Han characters, which are matched by their sound in Mandarin."""
    ANY = "any"


@dataclass(frozen=True)
class Capabilities:
    """What a model supports in a language.

    model: its name in the catalogue, or the user's folder.
    hotwords: which are supported; if none, `why_no_hotwords` says what is missing.
    hotword_characters: that hotwords may have, besides spaces; None: any.
    endpoint: whether each stream can set the silence that closes an utterance.
    punctuation: whether it writes punctuation.
    translation: whether it can write English, whatever is spoken.
    windowed: it decodes growing windows again: a decode is worth its cost only after new speech.
    batching: what it gains from batches.
    """

    model: str
    hotwords: Hotwords = Hotwords.NONE
    why_no_hotwords: str = ""
    hotword_characters: frozenset[str] | None = None
    endpoint: bool = False
    punctuation: bool = False
    translation: bool = False
    windowed: bool = False
    batching: Batching = Batching.ALL

    def check(self, params: StreamParams) -> None:
        """Check the parameters of a stream.

        Raises:
            NotSupportedError: the model does not support one of them.
        """
        if params.translate:
            self._check_translation(params)
        if params.hotwords:
            self._check_hotwords(params.hotwords)
        if params.endpoint is not None and not self.endpoint:
            raise NotSupportedError(
                f"the model {self.model} has one endpoint for all streams, a setting of the server"
            )
        if params.punctuation and not self.punctuation:
            raise NotSupportedError(f"the model {self.model} writes no punctuation")
        if params.itn is not None and params.lang not in ("auto", *ITN_LANGUAGES):
            raise NotSupportedError(
                f"numbers are rewritten in {' and '.join(ITN_LANGUAGES)} only, "
                f"not in {params.lang!r}"
            )

    def takes_hotword(self, word: str) -> bool:
        """Return whether a stream may have this hotword."""
        return self.hotwords is not Hotwords.NONE and not self._fault(word)

    def _fault(self, word: str) -> str:
        """Return why the model does not take a hotword; "" if it does."""
        if self.hotwords is Hotwords.HAN and not (
            all(map(is_han, word)) and len(word) in _HAN_LENGTHS
        ):
            return (
                f"the model {self.model} takes hotwords of 2 to 12 Chinese characters, which are "
                "matched by their sound in Mandarin"
            )
        if self.hotword_characters is not None:
            spelt = "".join(word.split())
            unknown = dict.fromkeys(c for c in spelt if c not in self.hotword_characters)
            if unknown:
                return (
                    f"the model {self.model} cannot write {' '.join(unknown)}; write the hotword "
                    "as it is spoken, with letters or characters that the model has"
                )
            if not spelt:
                return "it has no characters"
        return ""

    def _check_translation(self, params: StreamParams) -> None:
        if not self.translation:
            raise NotSupportedError(
                f"the model {self.model} does not translate; multilingual Whisper models do, but "
                "not large-v3-turbo: load one (asr.models)"
            )
        if params.hotwords:
            raise NotSupportedError("a translation takes no hotwords")

    def _check_hotwords(self, hotwords: Sequence[str]) -> None:
        if self.hotwords is Hotwords.NONE:
            why = f" ({self.why_no_hotwords})" if self.why_no_hotwords else ""
            raise NotSupportedError(f"the model {self.model} takes no hotwords{why}")
        for word in hotwords:
            if fault := self._fault(word):
                raise NotSupportedError(f"the hotword {word!r}: {fault}")
