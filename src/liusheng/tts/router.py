"""Many voices as one synthesizer: each clause goes to a voice that can speak it."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from liusheng.tts.marks import ClauseMarks
from liusheng.tts.clauses import SpokenClause, spoken_clauses
from liusheng.tts.ssml import Break
from liusheng.tts.text.growing import GrowingText
from liusheng.tts.text.types import Clause
from liusheng.tts.trim import TrimmedBlocks, amplify, silence
from liusheng.tts.types import Block, SpeechRequest, UnknownVoiceError, Voice
from liusheng.tts.voice import ClauseMaker, ClauseVoice, TimedVoice, Timing

log = logging.getLogger(__name__)

PAUSES = {"none": 0.0, "comma": 0.2, "sentence": 0.42}
"""Seconds of silence after a clause at speed 1, on top of the 60 ms that a trimmed clause keeps."""


@dataclass(frozen=True)
class LoadedVoice:
    """A voice, the catalogue's name of its model, and the gain that brings it to the others."""

    voice: ClauseVoice
    model: str
    gain: float


class VoiceRouter:
    """The `Synthesizer` over all loaded voices.

    A clause is spoken by the requested voice where that speaks its language, else by the default
    voice of the language: the first that speaks it best, else the first that speaks it at all.

    Args:
        voices: numbered in this order; the first is the default voice.
        front_end: makes clauses of text.

    Raises:
        ValueError: there are no voices, or two have the same name.
    """

    def __init__(self, voices: Sequence[LoadedVoice], front_end: ClauseMaker) -> None:
        if not voices:
            raise ValueError("there is no voice to speak with")
        self._front_end = front_end
        self._by_name = {loaded.voice.name: loaded for loaded in voices}
        if len(self._by_name) < len(voices):
            raise ValueError(
                "two voices have the same name: " + ", ".join(each.voice.name for each in voices)
            )
        self.voices = tuple(
            Voice(number, each.voice.name, each.voice.languages, each.voice.gender, each.model)
            for number, each in enumerate(voices)
        )
        self._default = voices[0]
        self._by_language: dict[str, LoadedVoice] = {}
        for rank in (slice(0, 1), slice(1, None)):
            for each in voices:
                for language in each.voice.languages[rank]:
                    self._by_language.setdefault(language, each)

    def speak(self, request: SpeechRequest) -> Iterator[Block]:
        """See `Synthesizer.speak`."""
        text = GrowingText(request.text, last=True)
        return (block for block in self.follow(request, text) if block is not None)

    def follow(self, request: SpeechRequest, text: GrowingText) -> Iterator[Block | None]:
        """See `Synthesizer.follow`.

        Raises:
            UnknownVoiceError: there is no such voice.
            ValueError: the speed is not above 0.
            SsmlError: when iteration begins.
        """
        if request.voice and request.voice not in self._by_name:
            raise UnknownVoiceError(
                f"there is no voice {request.voice!r}; there are {', '.join(self._by_name)}"
            )
        if not request.speed > 0:
            raise ValueError(f"speed must be above 0, not {request.speed}")
        asked = self._by_name.get(request.voice, self._default)
        return self._blocks(request, text, asked)

    def _blocks(
        self, request: SpeechRequest, text: GrowingText, asked: LoadedVoice
    ) -> Iterator[Block | None]:
        pause = 0.0
        position = 0
        spoken = False
        awaited = True
        for line in spoken_clauses(request, text, self._front_end):
            if line is None:
                awaited = True
                yield None
                continue
            if isinstance(line, Break):
                pause = max(pause, line.seconds) if line.at_least else line.seconds
                continue
            if pause:
                # On its way before the clause is made, which gives the maker that much time.
                quiet = silence(pause)
                position += len(quiet)
                yield Block(quiet)
                pause = 0.0
            for block in self._clause(line, asked, text.text, position, urgent=awaited):
                awaited = False
                spoken = True
                position += len(block.samples)
                yield block
            if spoken:
                pause = PAUSES[line.clause.pause] / line.speed

    def _clause(
        self, line: SpokenClause, asked: LoadedVoice, source: str, position: int, *, urgent: bool
    ) -> Iterator[Block]:
        clause = line.clause
        chosen = self._chosen(clause, asked)
        if chosen is None:
            log.warning("no voice speaks %s: left out: %s", clause.lang, clause.reading)
            return
        timings: tuple[Timing, ...] = ()
        if isinstance(chosen.voice, TimedVoice):
            timings, raw = chosen.voice.timed(clause, speed=line.speed, urgent=urgent)
        else:
            raw = chosen.voice.speak(clause, speed=line.speed, urgent=urgent)
        trimmed = TrimmedBlocks(amplify(samples, chosen.gain) for samples in raw)
        marks = ClauseMarks(clause, timings, source, position, line.origin)
        for samples in trimmed:
            position += len(samples)
            begun = marks.begun_before(position, trimmed.lead, last=trimmed.ended)
            louder = samples if line.volume == 1 else amplify(samples, line.volume)
            yield Block(louder, begun)

    def voice_for(self, clause: Clause, asked: str = "") -> ClauseVoice | None:
        """The voice that says a clause when the voice of this name is asked for."""
        chosen = self._chosen(clause, self._by_name.get(asked, self._default))
        return chosen.voice if chosen else None

    def _chosen(self, clause: Clause, asked: LoadedVoice) -> LoadedVoice | None:
        if clause.lang in asked.voice.languages:
            return asked
        return self._by_language.get(clause.lang)
