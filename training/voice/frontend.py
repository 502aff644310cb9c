"""The project's own front end, and all that this chain takes from the package.

Whatever is trained on these phonemes is to be given the same phonemes when it speaks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from hibari.g2p import G2P

from liusheng.bench.texts import SENTENCES
from liusheng.tts.kokoro import mandarin
from liusheng.tts.text import FrontEnd
from liusheng.tts.text.types import Clause
from liusheng.tts.voice import punctuated

_MARKS = {"none": "", "comma": ",", "sentence": "."}


def benchmark() -> list[str]:
    """The sentences that the project measures voices on: none is to be trained on."""
    return [each for sentences in SENTENCES.values() for each in sentences]


@dataclass(frozen=True)
class Reading:
    """What a voice is given in one pass.

    phonemes: Kokoro's notation (misaki's): IPA, an arrow for each Mandarin tone.
    lang: "zh", "en", or "mixed" where both are said in one pass.
    """

    text: str
    phonemes: str
    lang: str


class Reader:
    """Text to phonemes."""

    @cached_property
    def _front_end(self) -> FrontEnd:
        return FrontEnd()

    @cached_property
    def _english(self) -> G2P:
        return G2P()

    def clauses(self, text: str) -> Iterator[Reading]:
        """The clauses that the server would give a voice, one by one."""
        for clause in self._front_end.clauses(text):
            yield Reading(clause.reading, self._phonemes(clause), clause.lang)

    def joined(self, text: str, most: int) -> Iterator[Reading]:
        """Neighbouring clauses in one pass, as long as they have no more than `most` phonemes."""
        waiting: list[Reading] = []
        for reading in self.clauses(text):
            if waiting and sum(len(each.phonemes) for each in (*waiting, reading)) > most:
                yield _one(waiting)
                waiting = []
            waiting.append(reading)
        if waiting:
            yield _one(waiting)

    def _phonemes(self, clause: Clause) -> str:
        if clause.lang == "zh":
            mark = "?" if clause.asks else _MARKS[clause.pause]
            return mandarin.sentence(clause.syllables) + mark
        return str(self._english(punctuated(clause)))


def _one(readings: Sequence[Reading]) -> Reading:
    langs = {each.lang for each in readings}
    return Reading(
        " ".join(each.text for each in readings),
        " ".join(each.phonemes for each in readings),
        langs.pop() if len(langs) == 1 else "mixed",
    )
