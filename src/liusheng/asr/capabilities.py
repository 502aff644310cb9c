"""What a model can do with what a client may ask for, so that a wish is refused at the door."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from liusheng.asr.types import StreamParams
from liusheng.han import is_han

ITN_LANGUAGES = ("zh", "en")
"""Whose numbers can be written as figures, and read out."""

_HAN_LENGTHS = range(2, 13)


class NotSupportedError(ValueError):
    """The model in use cannot do what was asked; the message says what and which model."""


class Hotwords(str, Enum):
    """Which hotwords a model takes."""

    NONE = "none"
    HAN = "han"
    """Of two to twelve Han characters: they are found by their sound in Mandarin."""
    ANY = "any"


@dataclass(frozen=True)
class Capabilities:
    """What a model can do in a language.

    model: its name in the catalogue, or the user's folder.
    hotwords: which it takes; `why_no_hotwords` says what could be done about it if none.
    endpoint: whether the silence that closes an utterance can be said for each stream.
    punctuation: whether it writes punctuation.
    windowed: it decodes whole windows, again and again as they grow, so that looking at a stream
        is worth its price only where something new was said.
    """

    model: str
    hotwords: Hotwords = Hotwords.NONE
    why_no_hotwords: str = ""
    endpoint: bool = False
    punctuation: bool = False
    windowed: bool = False

    def check(self, params: StreamParams) -> None:
        """Pass, or refuse.

        Raises:
            NotSupportedError: the model cannot serve `params`; the text says what it cannot.
        """
        if params.hotwords:
            self._check_hotwords(params.hotwords)
        if params.endpoint is not None and not self.endpoint:
            raise NotSupportedError(
                f"the model {self.model} has the same endpoint for every stream; "
                "it is a setting of the server"
            )
        if params.punctuation and not self.punctuation:
            raise NotSupportedError(f"the model {self.model} writes no punctuation")
        if params.itn is not None and params.lang not in ("auto", *ITN_LANGUAGES):
            raise NotSupportedError(
                f"numbers are rewritten in {' and '.join(ITN_LANGUAGES)} only, "
                f"not in {params.lang!r}"
            )

    def _check_hotwords(self, hotwords: Sequence[str]) -> None:
        if self.hotwords is Hotwords.NONE:
            why = f" ({self.why_no_hotwords})" if self.why_no_hotwords else ""
            raise NotSupportedError(f"the model {self.model} takes no hotwords{why}")
        for word in hotwords:
            han = all(map(is_han, word)) and len(word) in _HAN_LENGTHS
            if self.hotwords is Hotwords.HAN and not han:
                raise NotSupportedError(
                    f"the hotword {word!r}: the model {self.model} takes hotwords of 2 to 12 "
                    "Chinese characters, for they are found by their sound in Mandarin"
                )
