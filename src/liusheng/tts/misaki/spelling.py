"""A clause as phonemes, in Mandarin, English, or both in one pass."""

from __future__ import annotations

from dataclasses import dataclass

from liusheng.tts.misaki import english, mandarin
from liusheng.tts.text.types import Clause, Span

_MARKS = {"none": "", "comma": ",", "sentence": "."}


@dataclass(frozen=True)
class Spelling:
    """The phonemes of a clause.

    spans: where the phonemes of each of the clause's units stand in them; empty of a unit without
        a sound.
    """

    phonemes: str
    spans: tuple[Span, ...]

    @property
    def audible(self) -> bool:
        """Whether there is any sound in it, and not marks alone."""
        return any(map(str.isalpha, self.phonemes))

    def by_unit(self) -> list[str]:
        """The phonemes of each unit."""
        return [self.phonemes[slice(*span)] for span in self.spans]


def spell(clause: Clause, *, british: bool = False) -> Spelling:
    """The phonemes of a clause with its final punctuation, from which models derive intonation.

    british: its English is.
    """
    if clause.parts:
        phonemes = ""
        spans: list[Span] = []
        for part in clause.parts:
            found = spell(part, british=british)
            phonemes += " " if phonemes and found.phonemes else ""
            spans += [(len(phonemes) + a, len(phonemes) + b) for a, b in found.spans]
            phonemes += found.phonemes
        return Spelling(phonemes, tuple(spans))
    mark = "?" if clause.asks else _MARKS[clause.pause]
    if clause.lang == "zh":
        phonemes, places = mandarin.sentence(clause.syllables)
        return Spelling(phonemes + mark, places)
    phonemes, found_places = english.sentence(
        [word.text for word in clause.words], mark, british=british
    )
    return Spelling(phonemes, tuple(found_places))
