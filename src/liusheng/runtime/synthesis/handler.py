"""The synthesis worker: a synthesiser and the speeches in progress on it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from liusheng.audio.pcm import samples_to_pcm
from liusheng.models.devices import Device
from liusheng.models.types import InstalledModel
from liusheng.runtime.synthesis.messages import (
    Checkpoint,
    SpeechChunk,
    SpeechStart,
    SpeechUpdate,
)
from liusheng.runtime.synthesis.self_test import VoiceTest, measure
from liusheng.tts.text.growing import GrowingText
from liusheng.tts.types import (
    SAMPLE_RATE,
    Block,
    SpeechPosition,
    Synthesizer,
    Voice,
)


class SynthesisHandler:
    """The methods that the server calls in a worker process."""

    def __init__(self, synthesizer: Synthesizer) -> None:
        self._synthesizer = synthesizer
        self._speeches: dict[int, _ActiveSpeech] = {}

    def describe(self) -> tuple[Voice, ...]:
        """The voices that can be requested."""
        return self._synthesizer.voices

    def start(self, key: int, start: SpeechStart) -> SpeechChunk:
        """Start a speech and take its first step.

        Raises:
            UnknownVoiceError: there is no such voice.
            Exception: see `step`.
        """
        self._speeches[key] = _ActiveSpeech(self._synthesizer, start)
        return self.step(key, SpeechUpdate(last=start.last))

    def step(self, key: int, update: SpeechUpdate) -> SpeechChunk:
        """Synthesise the next block of a speech.

        Raises:
            Exception: the voice failed; the speech has ended.
        """
        try:
            chunk = self._speeches[key].step(update)
        except Exception:
            del self._speeches[key]
            raise
        if chunk.over:
            del self._speeches[key]
        return chunk

    def self_test(self) -> list[VoiceTest]:
        """Measure what the first voice of each model costs."""
        first = {voice.model: voice for voice in reversed(self._synthesizer.voices)}
        return [measure(self._synthesizer, voice) for voice in first.values()]

    def drop(self, keys: Sequence[int]) -> None:
        """Stop speeches that were cancelled."""
        for key in keys:
            self._speeches.pop(key, None)


class _ActiveSpeech:
    """A speech in progress: from its text to PCM."""

    def __init__(self, synthesizer: Synthesizer, start: SpeechStart) -> None:
        self._text = GrowingText(start.request.text, last=start.last, flushes=start.flushes)
        at = start.checkpoint or Checkpoint(SpeechPosition(), 0)
        self._blocks = synthesizer.follow(start.request, self._text, at.position)
        self._samples_to_skip = start.samples_delivered - at.position.samples
        self._marks_to_skip = start.marks_delivered - at.marks
        self._samples = at.position.samples  # of the speech so far, with what was skipped
        self._marks = at.marks

    def step(self, update: SpeechUpdate) -> SpeechChunk:
        self._text.extend(update.text, last=update.last)
        for length in update.flushes:
            self._text.flush(length)
        try:
            block = next(self._blocks)
        except StopIteration:
            left_out = sorted(self._text.skipped, key=lambda each: each.span)
            return SpeechChunk(b"", self._seconds, over=True, skipped=tuple(left_out))
        if block is None:
            return SpeechChunk(b"", self._seconds, waiting=True)
        return self._chunk(block)

    @property
    def _seconds(self) -> float:
        return self._samples / SAMPLE_RATE

    def _chunk(self, block: Block) -> SpeechChunk:
        checkpoint = None
        if block.begins and self._samples:  # before the first, all is new
            checkpoint = Checkpoint(block.begins, self._marks)
        self._samples += len(block.samples)
        self._marks += len(block.marks)
        skipped = min(self._samples_to_skip, len(block.samples))
        self._samples_to_skip -= skipped
        skipped_marks = min(self._marks_to_skip, len(block.marks))
        self._marks_to_skip -= skipped_marks
        new = samples_to_pcm(block.samples[skipped:])
        marks = block.marks[skipped_marks:]
        return SpeechChunk(new, self._seconds, marks, checkpoint=checkpoint)


def load_synthesis_handler(
    models: Sequence[InstalledModel], lexicon: Path | None, device: Device = "cpu"
) -> SynthesisHandler:
    """Load a synthesiser: the factory of a worker process.

    lexicon: file of the user's words (see `liusheng.tts.text.UserLexicon`).
    device: that the voices compute on.
    """
    from liusheng.tts.load import load

    return SynthesisHandler(load(models, lexicon=lexicon, device=device))
