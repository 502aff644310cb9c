"""The interface of offline models, which decode whole windows of audio.

An engine is stateless: windows in, text with times out. Segmentation, agreement between decodes and
Chinese punctuation are common to all of them, and done by the live decoder
(`liusheng.asr.live.decoder`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from liusheng.asr.capabilities import Batching
from liusheng.asr.text.pieces import Piece
from liusheng.asr.types import Propose
from liusheng.asr.vad.certainty import Stretch
from liusheng.audio.pcm import Samples


class Effort(Enum):
    """The trade-off between speed and accuracy of a decode."""

    PARTIAL = "partial"
    """Fast: the window will be decoded again as it grows."""
    FINAL = "final"
    """As accurate as possible: the text is final."""


@dataclass(frozen=True)
class Window:
    """Audio to decode.

    samples: speech with a short margin, not padded (the engine adds the silence that its model
        needs). At most the engine's `max_seconds` long; may be shorter than a word.
    lang: "auto", or one of the engine's `languages`.
    timed: the caller uses the times of pieces, which should be as accurate as the engine can make
        them; otherwise rough ones suffice (see `Piece`).
    languages: that "auto" chooses from; empty: all of the engine's.
    before: the language of the stream's previous utterance, "" for the first. Where `lang` is
        "auto", an engine decodes in another language only with high confidence.
    shown: the language of the text that earlier decodes of this utterance found; "": none did.
        Until there is one, a partial decode finds no text before its language is sure.
    speech: start and end of the detected speech in the window, in seconds.
    certain: stretches in the window that are certainly speech; None where that is not known.
    nbest: number of hypotheses of a final decode, where the model has several.
    draft: `Decoded.draft` of an earlier decode of audio with the same beginning, for a partial.
    translate: the text is to be in English, whatever is spoken.
    propose: what a final decode of Mandarin chooses its text from, where the model can; None: it
        has its likeliest hypothesis.
    spare: there is time for what makes a text, or its times, a little better; see `Turn.spare`.
        What is prepared stays as it is.
    encoded: what `OfflineEngine.prepare` has computed of the samples; None: nothing.
    """

    samples: Samples
    lang: str
    timed: bool = False
    before: str = ""
    languages: tuple[str, ...] = ()
    shown: str = ""
    speech: tuple[float, float] = (0.0, float("inf"))
    certain: tuple[Stretch, ...] | None = None
    nbest: int = 1
    draft: tuple[int, ...] = ()
    spare: bool = True
    translate: bool = False
    propose: Propose | None = None
    encoded: Any = None


@dataclass(frozen=True)
class Decoded:
    """The result for a window.

    pieces: empty when there is no speech in the window; engines reject hallucinations on noise and
        silence, and loops.
    lang: the language that was spoken; for an empty result, the requested or detected one.
    score: mean log probability of a token (natural logarithm); None where the model has none.
    others: further hypotheses with their scores, the likeliest first; some may differ in
        punctuation only.
    chosen: the text is the best of what `Window.propose` proposed.
    rival: the text of a second decode with other parameters; empty where there was none.
    draft: tokens that make a later decode of the grown window faster; empty where the engine does
        not use them.
    unheard: stretches of certain speech without words; set by
        `liusheng.asr.offline.second_hearing`.
    """

    pieces: tuple[Piece, ...]
    lang: str
    score: float | None = None
    others: tuple[tuple[tuple[Piece, ...], float], ...] = ()
    rival: tuple[Piece, ...] = ()
    chosen: bool = False
    draft: tuple[int, ...] = ()
    unheard: tuple[Stretch, ...] = ()


class OfflineEngine(Protocol):
    """An offline model, loaded. Used by one thread at a time.

    name: the model's name in the catalogue, or the user's folder.
    languages: supported codes (without "auto"); the first is the default.
    max_seconds: the longest window.
    punctuates: whether it writes punctuation.
    translates: whether it can write English, whatever is spoken.
    batching: what it gains when several windows are decoded together.
    """

    name: str

    @property
    def languages(self) -> tuple[str, ...]: ...

    max_seconds: float
    punctuates: bool
    translates: bool
    batching: Batching

    def prepare(self, window: Window, effort: Effort) -> Window:
        """Compute what costs a window the same in any batch; return the window for `decode`.

        An engine whose `batching` is not `Batching.DECODER` returns it as it is.
        """

    def decode(self, windows: Sequence[Window], effort: Effort) -> list[Decoded]:
        """Decode windows, together where that is cheaper; one result for each, in order.

        A final must not depend on the other windows of its batch, or on its draft, but for
        rounding; a partial may depend on rounding and padding only.
        """
