"""The distilled voice as the router sees it: Mandarin and English, in blocks, with timings.

A draft, to stand beside `engine.py` in the package (`liusheng.tts.distilled` or the like).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from pathlib import Path

from hibari.g2p import G2P

from liusheng.audio.pcm import Samples
from liusheng.tts.kokoro import mandarin
from liusheng.tts.text.types import Clause, Syllable
from liusheng.tts.types import SAMPLE_RATE
from liusheng.tts.voice import Timing, punctuated
from training.voice.engine import FRAME, Engine

_FIRST, _LATER_FIRST = 8, 80
"""Half frames of the first block: 100 ms where somebody waits, else a second."""

_GROWTH, _MOST = 3, 240
_LEAD = 2
"""Frames that a sound begins before its phoneme's own, as the teacher has it (median of 400
sentences: 2 at their beginning, 1.5 at their end)."""

_MARKS = {"none": "", "comma": ",", "sentence": "."}


@dataclass(frozen=True)
class Spelling:
    """The phonemes of a Mandarin clause, and where those of each syllable stand in them."""

    phonemes: str
    spans: tuple[tuple[int, int], ...]


class DistilledVoice:
    """One speaker.

    Args:
        name: what it is called among the voices.
        gender: "female" or "male".
        folder: see `Engine`.
    """

    languages = ("zh", "en")

    def __init__(self, name: str, gender: str, folder: Path) -> None:
        self.name = name
        self.gender = gender
        self._engine = Engine(folder)

    @cached_property
    def _english(self) -> G2P:
        return G2P()

    def speak(self, clause: Clause, *, speed: float, urgent: bool) -> Iterator[Samples]:
        return self.timed(clause, speed=speed, urgent=urgent)[1]

    def timed(
        self, clause: Clause, *, speed: float, urgent: bool
    ) -> tuple[tuple[Timing, ...], Iterator[Samples]]:
        """See `TimedVoice`; a clause of English has no syllables."""
        spelling = self._spelling(clause)
        if not any(map(str.isalpha, spelling.phonemes)):
            return tuple(Timing(0, 0) for _ in spelling.spans), iter(())
        plan = self._engine.plan(self._engine.tokens(spelling.phonemes), speed)
        ends = [0, *(plan.frames.cumsum() - _LEAD).clip(0).tolist()]
        seconds = [end * FRAME / SAMPLE_RATE for end in ends]
        places = self._engine.places(spelling.phonemes)
        timings = tuple(
            Timing(seconds[places[start]], seconds[places[end]]) for start, end in spelling.spans
        )
        return timings, self._engine.blocks(plan, _sizes(_FIRST if urgent else _LATER_FIRST))

    def phones(self, clause: Clause) -> list[str]:
        """See `PhoneticVoice`: misaki's notation."""
        if clause.lang == "zh":
            return mandarin.phonemes(clause.syllables)
        return [self._spelling(clause).phonemes]

    def _spelling(self, clause: Clause) -> Spelling:
        if clause.lang == "zh":
            return spelt(clause.syllables, "?" if clause.asks else _MARKS[clause.pause])
        return Spelling(str(self._english(punctuated(clause))), ())


def spelt(syllables: Sequence[Syllable], mark: str) -> Spelling:
    """The phonemes of `mandarin.sentence` and a mark, with each syllable's place."""
    phonemes = ""
    spans = []
    for syllable, sounds in zip(syllables, mandarin.phonemes(syllables), strict=True):
        phonemes += " " if syllable.word_start and phonemes else ""
        spans.append((len(phonemes), len(phonemes) + len(sounds)))
        phonemes += sounds + ("," if syllable.pause_after else "")
    return Spelling(phonemes + mark, tuple(spans))


def _sizes(first: int) -> Iterator[int]:
    """Half frames of each block: each is longer than the one before."""
    for number in count():
        yield min(_MOST, round(first * _GROWTH**number))
