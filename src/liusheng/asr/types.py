"""The values that recognisers take and give: samples, stream parameters, utterances, partials."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt

SAMPLE_RATE = 16_000
"""Every recogniser is fed at this rate, in hertz."""

Samples = npt.NDArray[np.float32]
"""float32 samples in [-1, 1], 16 kHz, mono, shape (n,)."""


class Script(str, Enum):
    """The characters that Chinese text is written in."""

    SIMPLIFIED = "simplified"
    TRADITIONAL = "traditional"


@dataclass(frozen=True)
class StreamParams:
    """What a client asked for when its recognition started.

    lang: "auto", or a language code that the recogniser lists in `languages`.
    hotwords: words that are expected.
    nbest: how many alternatives of each closed utterance are wanted.
    endpoint: seconds of silence that close an utterance; None: the recogniser's own.
    punctuation: whether to write it; None: as the model does.
    itn: numbers as figures (inverse text normalisation), or read out; None: as the model writes
        them.
    """

    lang: str = "auto"
    script: Script = Script.SIMPLIFIED
    hotwords: tuple[str, ...] = ()
    nbest: int = 1
    endpoint: float | None = None
    punctuation: bool | None = None
    itn: bool | None = None


@dataclass(frozen=True)
class Word:
    """A piece of an utterance's text with its place in the audio.

    text: as it stands in the utterance's text, without surrounding spaces; punctuation that follows
        a word belongs to the word. The words of an utterance, one after another, make its text but
        for spaces.
    start, end: seconds from the start of the stream; 0 <= start <= end.
    """

    text: str
    start: float
    end: float


@dataclass(frozen=True)
class Alternative:
    """What else an utterance may be.

    score: the higher the likelier, compared within an utterance: for Whisper the mean log
        probability of a token; 0 where the model gives none.
    """

    text: str
    score: float


@dataclass(frozen=True)
class Utterance:
    """A closed utterance: its text will not change.

    index: 0 for the stream's first; without gaps.
    lang: the language it was decoded in.
    start, end: seconds from the start of the stream, of the speech.
    alternatives: at most as many as the stream asked for, the likeliest first, which is `text`
        itself; empty where it asked for no more than one.
    """

    index: int
    text: str
    words: tuple[Word, ...]
    lang: str
    start: float
    end: float
    alternatives: tuple[Alternative, ...] = ()


@dataclass(frozen=True)
class Partial:
    """The newest hypothesis for the utterance that is still open.

    index: of the open utterance.
    text: "" while nothing is being said.
    stable: how many leading characters of `text` will not change, whatever comes.
    """

    index: int
    text: str = ""
    stable: int = 0
