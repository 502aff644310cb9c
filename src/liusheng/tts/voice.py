"""The interfaces below the router: a front end that gives clauses, voices that speak them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import Protocol, runtime_checkable

from liusheng.audio.pcm import Samples
from liusheng.models.types import InstalledModel
from liusheng.tts.text.growing import GrowingText
from liusheng.tts.text.types import Clause, Language

_MARKS = {
    "zh": {"none": "", "comma": "，", "sentence": "。", "question": "？"},
    "en": {"none": "", "comma": ",", "sentence": ".", "question": "?"},
}


class TextFrontEnd(Protocol):
    """The text front end as the router uses it; see `liusheng.tts.text.FrontEnd`."""

    def clauses(
        self, text: str, language: Language = "zh", *, mixed: bool = False
    ) -> Iterator[Clause]: ...

    def follow(
        self, text: GrowingText, language: Language = "zh", *, mixed: bool = False
    ) -> Iterator[Clause | None]: ...


class ClauseVoice(Protocol):
    """A voice with its model loaded.

    name: unique among the voices of a synthesiser.
    languages: codes; the first is its main language.
    gender: "female", "male" or "unknown".
    """

    @property
    def name(self) -> str: ...

    @property
    def languages(self) -> tuple[str, ...]: ...

    @property
    def gender(self) -> str: ...

    def speak(self, clause: Clause, *, speed: float, urgent: bool) -> Iterator[Samples]:
        """Yield the clause's audio, float32 at 24 kHz, each `next` one bounded piece of work.

        The same clause gives the same samples, however they are cut into blocks.

        Args:
            clause: in one of `languages`; of a `MixingVoice` also in two of them.
            speed: 2.0 takes half the time.
            urgent: playback waits for the first block, so it should be small.
        """


@dataclass(frozen=True)
class Timing:
    """When a unit of a clause is spoken: seconds from the start of the clause's audio."""

    start: float
    end: float


@runtime_checkable
class TimedVoice(ClauseVoice, Protocol):
    """A voice whose model predicts the durations of a clause's units: syllables and words."""

    def timed(
        self, clause: Clause, *, speed: float, urgent: bool
    ) -> tuple[tuple[Timing, ...], Iterator[Samples]]:
        """The timing of each of the clause's `units`, and its audio as from `speak`. A unit that is
        not heard starts and ends at the same time."""


@runtime_checkable
class MixingVoice(ClauseVoice, Protocol):
    """A voice that may say Mandarin and English in one pass.

    mixes: it does.
    """

    @property
    def mixes(self) -> bool: ...


@runtime_checkable
class PhoneticVoice(ClauseVoice, Protocol):
    """A voice that shows the phones that it makes of a clause."""

    def phones(self, clause: Clause) -> list[str]:
        """The phones of each syllable of a Mandarin clause, or of each sentence of a clause in
        another language or in two; separated by spaces where a phone may be longer than a letter.
        """


def punctuated(clause: Clause) -> str:
    """The reading of a clause in one language with its final punctuation, from which models derive
    intonation."""
    language = "zh" if clause.lang == "zh" else "en"
    return clause.reading + _MARKS[language]["question" if clause.asks else clause.pause]


def mixes(voice: ClauseVoice) -> bool:
    """Whether a voice says Mandarin and English in one pass."""
    return isinstance(voice, MixingVoice) and voice.mixes


def language_of(voice: ClauseVoice) -> Language:
    """The language in which a voice reads what tells none of its own ("OK.", "10:30"): its first
    that the front end knows."""
    return next((lang for lang in ("zh", "en") if lang == voice.languages[0]), "zh")


def default_voice_name(model: InstalledModel) -> str:
    """The name of a model's only voice where the catalogue gives none: the name of the model, or of
    its folder."""
    return PurePath(model.name).name
