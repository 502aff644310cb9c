"""What the router stands on: a front end that makes clauses, voices that speak them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import Protocol, runtime_checkable

from liusheng.models.types import InstalledModel
from liusheng.tts.text.growing import GrowingText
from liusheng.tts.text.types import Clause
from liusheng.tts.types import Samples

_MARKS = {
    "zh": {"none": "", "comma": "，", "sentence": "。", "question": "？"},
    "en": {"none": "", "comma": ",", "sentence": ".", "question": "?"},
}


class ClauseMaker(Protocol):
    """The text front end, as far as the router knows it (`liusheng.tts.text.FrontEnd`)."""

    def clauses(self, text: str) -> Iterator[Clause]: ...

    def follow(self, text: GrowingText) -> Iterator[Clause | None]: ...


class ClauseVoice(Protocol):
    """A voice with its model loaded.

    name: unique among the voices of a synthesizer.
    languages: codes; the first is what it speaks best.
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
            clause: in one of `languages`.
            speed: 2.0 takes half the time.
            urgent: somebody waits for the first block, so it should be small.
        """


@dataclass(frozen=True)
class Timing:
    """When a syllable of a clause is said: seconds from the start of the clause's audio."""

    start: float
    end: float


@runtime_checkable
class TimedVoice(ClauseVoice, Protocol):
    """A voice whose model tells when it says what."""

    def timed(
        self, clause: Clause, *, speed: float, urgent: bool
    ) -> tuple[tuple[Timing, ...], Iterator[Samples]]:
        """The timing of each of the clause's syllables, and its audio as from `speak`."""


@runtime_checkable
class PhoneticVoice(ClauseVoice, Protocol):
    """A voice that tells what phones it makes of a clause."""

    def phones(self, clause: Clause) -> list[str]:
        """The phones of each syllable of a clause of Mandarin, or of each sentence of another,
        with spaces between them where they are longer than a letter."""


def punctuated(clause: Clause) -> str:
    """The clause's reading and the mark that ends it, for models that read intonation from it."""
    return clause.reading + _MARKS[clause.lang]["question" if clause.asks else clause.pause]


def default_voice_name(model: InstalledModel) -> str:
    """What a model's voice is called where nothing names it: the model's name, or its folder's."""
    return PurePath(model.name).name
