"""Many voices as one synthesiser: each clause goes to a voice that has its language."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from liusheng.tts.clauses import SpokenClause, spoken_clauses
from liusheng.tts.marks import ClauseMarks
from liusheng.tts.ssml import Break
from liusheng.tts.text.growing import GrowingText
from liusheng.tts.text.types import Clause, Language, Skipped
from liusheng.tts.trim import TrimmedBlocks, amplify, silence
from liusheng.tts.types import (
    Block,
    SpeechPosition,
    SpeechRequest,
    UnknownVoiceError,
    Voice,
)
from liusheng.tts.voice import ClauseVoice, TextFrontEnd, TimedVoice, Timing, language_of, mixes

log = logging.getLogger(__name__)

PAUSES = {"none": 0.0, "comma": 0.2, "sentence": 0.42}
"""Seconds of silence after a clause at speed 1, besides the 60 ms that a trimmed clause keeps."""


@dataclass(frozen=True)
class LoadedVoice:
    """A voice with its model.

    model: the model's name in the catalogue.
    gain: factor that brings the voice to the common loudness.
    """

    voice: ClauseVoice
    model: str
    gain: float


class VoiceRouter:
    """The `Synthesizer` over all loaded voices.

    A clause is spoken by the requested voice where it has the clause's language, else by the
    default voice of the language: the first voice with it as its first language, else the first
    voice with it at all.

    Args:
        voices: numbered in this order; the first is the default voice.
        front_end: turns text into clauses.

    Raises:
        ValueError: there are no voices, or two have the same name.
    """

    def __init__(self, voices: Sequence[LoadedVoice], front_end: TextFrontEnd) -> None:
        if not voices:
            raise ValueError("there is no voice: name a model for synthesis")
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

    def follow(
        self,
        request: SpeechRequest,
        text: GrowingText,
        position: SpeechPosition | None = None,
    ) -> Iterator[Block | None]:
        """See `Synthesizer.follow`.

        Raises:
            UnknownVoiceError: at once, when there is no such voice.
            ValueError: at once, when the speed is not above 0.
            SsmlError: when iteration begins, if SSML is requested and the text is not valid.
        """
        if request.voice and request.voice not in self._by_name:
            raise UnknownVoiceError(
                f"there is no voice {request.voice!r}; there are {', '.join(self._by_name)}"
            )
        if not request.speed > 0:
            raise ValueError(f"speed must be above 0, not {request.speed}")
        requested = self._by_name.get(request.voice, self._default)
        return self._blocks(request, text, requested, position or SpeechPosition())

    def _blocks(
        self,
        request: SpeechRequest,
        text: GrowingText,
        requested: LoadedVoice,
        start: SpeechPosition,
    ) -> Iterator[Block | None]:
        pause, position, spoken, urgent = start.pause, start.samples, start.spoken, start.urgent
        language = language_of(requested.voice)
        parts = 0
        mixed = mixes(requested.voice)
        for part in spoken_clauses(request, text, self._front_end, language, mixed=mixed):
            if part is None:
                urgent = urgent if parts < start.parts else True
                yield None
                continue
            parts += 1
            if parts <= start.parts:
                if isinstance(part, SpokenClause):
                    self._voice_of(part, requested, text)  # notes what is not read
                continue
            if isinstance(part, Break):
                pause = max(pause, part.seconds) if part.at_least else part.seconds
                continue
            begins: SpeechPosition | None = SpeechPosition(
                parts - 1, position, pause, spoken, urgent
            )
            if pause:
                # Sent before the clause is synthesised, which gains that much time for it.
                quiet = silence(pause)
                position += len(quiet)
                yield Block(quiet, begins=begins)
                pause = 0.0
                begins = None
            for block in self._clause(part, requested, text, position, urgent=urgent):
                urgent = False
                spoken = True
                position += len(block.samples)
                yield replace(block, begins=begins)
                begins = None
            if spoken:
                pause = PAUSES[part.clause.pause] / part.speed

    def _clause(
        self,
        part: SpokenClause,
        requested: LoadedVoice,
        text: GrowingText,
        position: int,
        *,
        urgent: bool,
    ) -> Iterator[Block]:
        clause = part.clause
        chosen = self._voice_of(part, requested, text)
        if chosen is None:
            return
        timings: tuple[Timing, ...] = ()
        if isinstance(chosen.voice, TimedVoice):
            timings, raw = chosen.voice.timed(clause, speed=part.speed, urgent=urgent)
        else:
            raw = chosen.voice.speak(clause, speed=part.speed, urgent=urgent)
        trimmed = TrimmedBlocks(amplify(samples, chosen.gain) for samples in raw)
        marks = ClauseMarks(clause, timings, text.text, position, part.origin)
        for samples in trimmed:
            position += len(samples)
            started = marks.starting_before(position, trimmed.lead, last=trimmed.ended)
            scaled = samples if part.volume == 1 else amplify(samples, part.volume)
            yield Block(scaled, started)

    def _voice_of(
        self, part: SpokenClause, requested: LoadedVoice, text: GrowingText
    ) -> LoadedVoice | None:
        """Return the voice of a clause; None: there is none, and the clause is left out."""
        clause = part.clause
        chosen = self._choose(clause, requested)
        if chosen is None:
            span = part.origin(clause.span)
            left_out = text.text[slice(*span)]
            text.skipped.append(Skipped(left_out, span, "no_voice_for_script"))
            count = len(left_out)  # not the text itself: logs have none
            log.warning("no voice has the language %s: %d characters left out", clause.lang, count)
        return chosen

    def voice_for(self, clause: Clause, requested: str = "") -> ClauseVoice | None:
        """The voice that speaks a clause when the voice of this name is requested; None where no
        voice has its language."""
        chosen = self._choose(clause, self._by_name.get(requested, self._default))
        return chosen.voice if chosen else None

    def mixes_for(self, requested: str = "") -> bool:
        """Whether clauses are in two languages when the voice of this name is requested."""
        return mixes(self._by_name.get(requested, self._default).voice)

    def language_for(self, requested: str = "") -> Language:
        """The language of what does not show its own, when the voice of this name is requested."""
        return language_of(self._by_name.get(requested, self._default).voice)

    def _choose(self, clause: Clause, requested: LoadedVoice) -> LoadedVoice | None:
        # Clauses in two languages are only made for a voice that says them.
        if clause.lang == "mixed" or clause.lang in requested.voice.languages:
            return requested
        return self._by_language.get(clause.lang)
