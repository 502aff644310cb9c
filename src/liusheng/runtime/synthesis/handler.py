"""A synthesiser in a worker, with the speeches that are under way there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from liusheng.audio.encode import open_encoder
from liusheng.audio.pcm import samples_to_pcm
from liusheng.audio.resample import Resampler
from liusheng.models.types import InstalledModel
from liusheng.runtime.synthesis.messages import Output, SpeechChunk, SpeechStart, SpeechUpdate
from liusheng.tts.text.growing import GrowingText
from liusheng.tts.types import SAMPLE_RATE, Block, Mark, Samples, Synthesizer, Voice

_NOTHING: Samples = np.zeros(0, np.float32)


class SynthesisHandler:
    """What the server calls."""

    def __init__(self, synthesizer: Synthesizer) -> None:
        self._synthesizer = synthesizer
        self._speeches: dict[int, _Speaking] = {}

    def describe(self) -> tuple[Voice, ...]:
        """The voices that can be asked for."""
        return self._synthesizer.voices

    def begin(self, key: int, order: SpeechStart) -> SpeechChunk:
        """Begin a speech and take its first step."""
        self._speeches[key] = _Speaking(self._synthesizer, order, key)
        return self.step(key, SpeechUpdate(last=order.last))

    def step(self, key: int, news: SpeechUpdate) -> SpeechChunk:
        """Make the next piece of a speech."""
        try:
            made = self._speeches[key].step(news)
        except Exception:
            del self._speeches[key]
            raise
        if made.over:
            del self._speeches[key]
        return made

    def drop(self, keys: Sequence[int]) -> None:
        """Stop speeches that nobody waits for."""
        for key in keys:
            self._speeches.pop(key, None)


class _Speaking:
    """One speech: from text to the bytes that are sent."""

    def __init__(self, synthesizer: Synthesizer, order: SpeechStart, serial: int) -> None:
        self._text = GrowingText(order.request.text, last=order.last, flushes=order.flushes)
        self._blocks = synthesizer.follow(order.request, self._text)
        self._stream = _Stream(order.output, serial)
        self._bytes_to_skip = order.bytes_given
        self._marks_to_skip = order.marks_given
        self._marks: list[Mark] = []
        self._samples = 0

    def step(self, news: SpeechUpdate) -> SpeechChunk:
        self._text.extend(news.text, last=news.last)
        for length in news.flushes:
            self._text.flush(length)
        try:
            block = next(self._blocks)
        except StopIteration:
            return self._made(self._stream.finish(), over=True)
        if block is None:
            return self._made(b"", waiting=True)
        self._samples += len(block.samples)
        return self._made(self._stream.feed(block.samples), block)

    def _made(
        self, audio: bytes, block: Block | None = None, *, waiting: bool = False, over: bool = False
    ) -> SpeechChunk:
        skipped = min(self._bytes_to_skip, len(audio))
        self._bytes_to_skip -= skipped
        new = audio[skipped:]
        self._marks += block.marks if block else ()
        marks: tuple[Mark, ...] = ()
        if new:  # an encoder may keep a short block: its marks go with what comes of it
            marks = tuple(self._marks[self._marks_to_skip :])
            self._marks_to_skip = 0
            self._marks.clear()
        return SpeechChunk(new, self._samples / SAMPLE_RATE, marks, waiting, over)


class _Stream:
    """Samples at our rate to one stream of bytes in the format that is asked for."""

    def __init__(self, output: Output, serial: int) -> None:
        self._resampler = Resampler(SAMPLE_RATE, output.sample_rate)
        self._encoder = open_encoder(output.format, output.sample_rate, serial)
        self._begun = False

    def feed(self, samples: Samples) -> bytes:
        self._begun = True
        return self._encoder.feed(samples_to_pcm(self._resampler.feed(samples)))

    def finish(self) -> bytes:
        if not self._begun:
            return b""
        rest = self._resampler.feed(_NOTHING, last=True)
        return self._encoder.feed(samples_to_pcm(rest)) + self._encoder.finish()


def synthesis(models: Sequence[InstalledModel], lexicon: Path | None) -> SynthesisHandler:
    """Load a synthesiser; a worker's factory.

    lexicon: the user's words (see `liusheng.tts.text.Lexicon`).
    """
    from liusheng.tts.load import load

    return SynthesisHandler(load(models, lexicon=lexicon))
