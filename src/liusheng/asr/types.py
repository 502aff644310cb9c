"""Values of recognition: stream parameters, utterances, partials."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

SAMPLE_RATE = 16_000
"""The input rate of every recogniser, in hertz."""


class Script(str, Enum):
    """The characters that Chinese text is written in."""

    SIMPLIFIED = "simplified"
    TRADITIONAL = "traditional"


@dataclass(frozen=True)
class StreamParams:
    """Parameters of a stream, set when it opens.

    lang: "auto", or one of the recogniser's `languages`.
    languages: that "auto" chooses from; empty: the recogniser's own choice.
    hotwords: expected words.
    nbest: number of alternatives of each closed utterance.
    endpoint: seconds of silence that close an utterance; None: the recogniser's own.
    punctuation: whether to write it; None: as the model does.
    itn: numbers as figures (inverse text normalisation) or as words; None: as the model writes
        them.
    translate: the text is to be in English, whatever is spoken; without partials.
    """

    lang: str = "auto"
    script: Script = Script.SIMPLIFIED
    hotwords: tuple[str, ...] = ()
    nbest: int = 1
    endpoint: float | None = None
    punctuation: bool | None = None
    itn: bool | None = None
    languages: tuple[str, ...] = ()
    translate: bool = False


@dataclass(frozen=True)
class Word:
    """A word or Han character of an utterance, with its times.

    text: without surrounding spaces, with the punctuation after it. Concatenated, the words of an
        utterance are its text without spaces.
    start, end: seconds from the start of the stream; 0 <= start <= end.
    """

    text: str
    start: float
    end: float


@dataclass(frozen=True)
class Alternative:
    """An alternative text of an utterance.

    score: higher is likelier, within an utterance: for Whisper the mean log probability of a token;
        0 where the model has none.
    """

    text: str
    score: float


@dataclass(frozen=True)
class Utterance:
    """A closed utterance. Its text is final.

    index: 0 for the stream's first; without gaps.
    lang: the language of its text.
    start, end: of the speech, in seconds from the start of the stream.
    alternatives: at most `StreamParams.nbest`, the likeliest first, which is `text`; empty if that
        is 1.
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
    """The newest hypothesis for the open utterance.

    index: of the open utterance.
    text: "" during silence.
    stable: number of leading characters of `text` that will not change.
    """

    index: int
    text: str = ""
    stable: int = 0


@dataclass(frozen=True)
class Proposal:
    """A text that may have been said.

    score: its prior, to which a model that has it adds its own log probability of the text given
        the audio; natural logarithm.
    """

    text: str
    score: float


Propose = Callable[[Sequence[tuple[str, float]]], Sequence[Proposal]]
"""Returns what may have been said, the likeliest first, given a decode's hypotheses and their log
probabilities (natural logarithm), the likeliest first."""
