"""The synthesis worker: a synthesiser and the speeches in progress on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from liusheng.audio.encode import open_encoder, resumes
from liusheng.audio.formats import Format
from liusheng.audio.pcm import Samples, samples_to_pcm
from liusheng.audio.resample import Resampler
from liusheng.models.devices import Device
from liusheng.models.types import InstalledModel
from liusheng.runtime.synthesis.messages import (
    Checkpoint,
    Output,
    SpeechChunk,
    SpeechStart,
    SpeechUpdate,
)
from liusheng.runtime.synthesis.self_test import VoiceTest, measure
from liusheng.tts.text.growing import GrowingText
from liusheng.tts.types import SAMPLE_RATE, Block, SpeechMark, SpeechPosition, Synthesizer, Voice

_NO_SAMPLES: Samples = np.zeros(0, np.float32)


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
        self._speeches[key] = _ActiveSpeech(self._synthesizer, start, key)
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
    """A speech in progress: from its text to the encoded bytes."""

    def __init__(self, synthesizer: Synthesizer, start: SpeechStart, serial: int) -> None:
        self._text = GrowingText(start.request.text, last=start.last, flushes=start.flushes)
        at = start.checkpoint or Checkpoint(SpeechPosition(), 0, 0)
        self._blocks = synthesizer.follow(start.request, self._text, at.position)
        self._stream = _EncodedStream(start.output, serial, resumed=start.checkpoint is not None)
        self._bytes_to_skip = start.bytes_delivered - at.bytes
        self._marks_to_skip = start.marks_delivered - at.marks
        self._marks: list[SpeechMark] = []
        self._samples = at.position.samples
        self._bytes = at.bytes  # of the stream so far, with what was skipped
        self._marks_made = at.marks

    def step(self, update: SpeechUpdate) -> SpeechChunk:
        self._text.extend(update.text, last=update.last)
        for length in update.flushes:
            self._text.flush(length)
        try:
            block = next(self._blocks)
        except StopIteration:
            return self._chunk(self._stream.finish(), over=True)
        if block is None:
            return self._chunk(b"", waiting=True)
        checkpoint = None
        if block.begins and self._bytes and self._stream.resumes:  # before the first, all is new
            checkpoint = Checkpoint(block.begins, self._bytes, self._marks_made)
        self._samples += len(block.samples)
        chunk = self._chunk(self._stream.feed(block.samples), block)
        return replace(chunk, checkpoint=checkpoint)

    def _chunk(
        self, audio: bytes, block: Block | None = None, *, waiting: bool = False, over: bool = False
    ) -> SpeechChunk:
        self._bytes += len(audio)
        self._marks_made += len(block.marks) if block else 0
        skipped = min(self._bytes_to_skip, len(audio))
        self._bytes_to_skip -= skipped
        new = audio[skipped:]
        self._marks += block.marks if block else ()
        marks: tuple[SpeechMark, ...] = ()
        if new:  # an encoder may hold a short block back: its marks go with the bytes it ends in
            marks = tuple(self._marks[self._marks_to_skip :])
            self._marks_to_skip = 0
            self._marks.clear()
        left_out = sorted(self._text.skipped, key=lambda each: each.span) if over else ()
        return SpeechChunk(new, self._samples / SAMPLE_RATE, marks, waiting, over, tuple(left_out))


class _EncodedStream:
    """Samples at the synthesis rate to one byte stream in the requested format.

    resumed: it was begun elsewhere; only where `resumes`.
    resumes: whether another one can continue it, which knows nothing of what was in it.
    """

    def __init__(self, output: Output, serial: int, *, resumed: bool = False) -> None:
        self._resampler = Resampler(SAMPLE_RATE, output.sample_rate)
        form: Format = "pcm_s16le" if resumed else output.format
        self._encoder = open_encoder(form, output.sample_rate, serial)
        self._started = False
        self.resumes = resumes(output.format) and output.sample_rate == SAMPLE_RATE

    def feed(self, samples: Samples) -> bytes:
        self._started = True
        return self._encoder.feed(samples_to_pcm(self._resampler.feed(samples)))

    def finish(self) -> bytes:
        if not self._started:
            return b""  # no container around no audio
        rest = self._resampler.feed(_NO_SAMPLES, last=True)
        return self._encoder.feed(samples_to_pcm(rest)) + self._encoder.finish()


def load_synthesis_handler(
    models: Sequence[InstalledModel], lexicon: Path | None, device: Device = "cpu"
) -> SynthesisHandler:
    """Load a synthesiser: the factory of a worker process.

    lexicon: file of the user's words (see `liusheng.tts.text.UserLexicon`).
    device: that the voices compute on.
    """
    from liusheng.tts.load import load

    return SynthesisHandler(load(models, lexicon=lexicon, device=device))
