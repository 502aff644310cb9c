"""A speech as the server sees it: text goes in, packets of encoded audio come out."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Protocol

from liusheng.audio.pcm import BYTES_PER_SAMPLE
from liusheng.runtime.metering import current_meter
from liusheng.runtime.synthesis.encoding import AudioOutput, EncodedStream
from liusheng.runtime.synthesis.messages import (
    Checkpoint,
    SpeechChunk,
    SpeechStart,
    SpeechUpdate,
)
from liusheng.tts.text.types import Skipped
from liusheng.tts.types import SAMPLE_RATE, SpeechMark, SpeechRequest


@dataclass(frozen=True)
class Packet:
    """A part of a speech.

    audio: the next bytes of the encoded stream, never empty.
    start, seconds: of its audio, in seconds from the start of the speech; approximate in a format
        whose encoder holds audio back.
    marks: of what begins in it.
    """

    audio: bytes
    start: float
    seconds: float
    marks: tuple[SpeechMark, ...]


@dataclass(frozen=True)
class _Made:
    """What a step of the synthesis made. pcm: 16-bit, at `SAMPLE_RATE`."""

    pcm: bytes
    marks: tuple[SpeechMark, ...]

    @property
    def samples(self) -> int:
        return len(self.pcm) // BYTES_PER_SAMPLE


class SpeechController(Protocol):
    """What a speech reports to; implemented by the service."""

    def packet_taken(self, speech: Speech) -> None: ...
    def encoded(self, speech: Speech, busy: float) -> None: ...
    def text_extended(self, speech: Speech) -> None: ...
    def cancel(self, speech: Speech) -> None: ...


class Speech:
    """A speech in progress: an asynchronous iterator over its encoded audio.

    `packets` yields the same audio with times and marks. At most
    `SynthesisServiceOptions.ahead` seconds are synthesised ahead of what was taken. A reader that
    stops before the end calls `cancel`.

    last: whether the text is complete; otherwise `extend` adds to it.
    requested_at: when, on the service's clock.
    progress: seconds of audio that its worker has made of it, for the second time too.
    holder: the worker that has its state; None: none has.
    faults: workers that were lost on its newest step (see `liusheng.runtime.workers.faults`).
    meter: of the request that it belongs to.
    skipped: once the speech is complete: what of the text was not read.
    """

    def __init__(
        self,
        controller: SpeechController,
        key: int,
        request: SpeechRequest,
        output: AudioOutput,
        *,
        last: bool,
    ) -> None:
        self.key = key
        self.requested_at = 0.0
        self.progress = 0.0
        self.holder: int | None = None
        self.faults = 0.0
        self.last = last
        self.skipped: tuple[Skipped, ...] = ()
        self.meter = current_meter.get()
        self._controller = controller
        self._request = request
        self._text = request.text
        self._flushes: list[int] = []
        # What the worker knows: length of the text, number of flushes, whether that is all.
        self._sent = 0, 0, False
        self._checkpoint: Checkpoint | None = None  # the newest
        self._samples = 0
        self._marks = 0
        self._made: deque[_Made] = deque()
        self._stream = EncodedStream(output, serial=key)
        self._held: list[_Made] = []  # the encoder has it, and gave nothing since
        self._encoded = 0  # samples before that
        self._ended = False  # all is encoded
        self._cancelled = False
        self._ready = asyncio.Event()
        self._over = False
        self._failure: Exception | None = None

    @property
    def voice(self) -> str:
        """Name of the voice; "" for the default."""
        return self._request.voice

    @property
    def ahead(self) -> float:
        """Seconds of audio synthesised but not taken."""
        return sum(made.samples for made in self._made) / SAMPLE_RATE

    @property
    def samples(self) -> int:
        """Length of the audio synthesised so far, at 24 kHz."""
        return self._samples

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        """Return the audio of the next packet.

        Raises:
            Exception: what ended the speech before its text did.
        """
        packet = await self._next()
        if packet is None:
            raise StopAsyncIteration
        return packet.audio

    async def packets(self) -> AsyncIterator[Packet]:
        """Yield the audio with times and marks. Raises as `__anext__`."""
        while (packet := await self._next()) is not None:
            yield packet

    async def _next(self) -> Packet | None:
        """Encode what comes next, and return the first packet that is complete with it."""
        while not self._ended:
            made = await self._next_made()
            before = self._stream.busy
            if made is None:
                self._ended = True
                audio = await self._stream.finish()
            else:
                self._held.append(made)
                audio = await self._stream.feed(made.pcm)
            self._controller.encoded(self, self._stream.busy - before)
            if audio and not self._cancelled:
                return self._packet(audio)
        return None

    async def _next_made(self) -> _Made | None:
        while not self._made:
            if self._failure:
                raise self._failure
            if self._over:
                return None
            self._ready.clear()
            await self._ready.wait()
        made = self._made.popleft()
        self._controller.packet_taken(self)
        return made

    def _packet(self, audio: bytes) -> Packet:
        """Return the packet of what the encoder had, and gave now."""
        start = self._encoded
        self._encoded += sum(made.samples for made in self._held)
        marks = tuple(mark for made in self._held for mark in made.marks)
        self._held.clear()
        seconds = (self._encoded - start) / SAMPLE_RATE
        return Packet(audio, start / SAMPLE_RATE, seconds, marks)

    def extend(self, text: str, *, last: bool) -> None:
        """Add to the text; `last`: and complete it.

        Raises:
            ValueError: the text was complete already.
        """
        if self.last:
            raise ValueError("this text is complete; nothing can be added to it")
        self._text += text
        self.last = last
        self._controller.text_extended(self)

    def cancel(self) -> None:
        """Stop the synthesis; iteration ends."""
        self._controller.cancel(self)
        self._made.clear()
        self._over = self._ended = self._cancelled = True
        self._ready.set()

    # For the service

    @property
    def length(self) -> int:
        """Characters of text received."""
        return len(self._text)

    @property
    def flushed(self) -> bool:
        """Whether all text received was flushed."""
        return bool(self._flushes) and self._flushes[-1] == self.length

    @property
    def has_update(self) -> bool:
        """Whether there is something that the worker was not sent yet."""
        return self._sent != (self.length, len(self._flushes), self.last)

    def flush(self) -> None:
        """Have what was received spoken as far as it is complete enough."""
        self._flushes.append(self.length)

    def start_message(self) -> SpeechStart:
        """What a worker needs to start this speech, or to continue it after another was lost."""
        self._mark_sent()
        request = replace(self._request, text=self._text)
        return SpeechStart(
            request,
            self.last,
            tuple(self._flushes),
            self._samples,
            self._marks,
            self._checkpoint,
        )

    @property
    def resumed_from(self) -> float:
        """Seconds of audio that a worker which takes it over does not make again."""
        return self._checkpoint.position.samples / SAMPLE_RATE if self._checkpoint else 0.0

    def update_message(self) -> SpeechUpdate:
        """What was added since the last message to the worker."""
        length, flushes, _ = self._sent
        self._mark_sent()
        return SpeechUpdate(self._text[length:], self.last, tuple(self._flushes[flushes:]))

    def add(self, chunk: SpeechChunk) -> float:
        """Add a chunk from the worker; return how many seconds of audio it adds."""
        self.skipped = chunk.skipped
        self._checkpoint = chunk.checkpoint or self._checkpoint
        if not chunk.pcm:
            return 0.0
        made = _Made(chunk.pcm, chunk.marks)
        added = made.samples / SAMPLE_RATE
        self._samples += made.samples
        self._marks += len(made.marks)
        self._made.append(made)
        self._ready.set()
        self.meter.audio_made(added)
        return added

    def end(self, failure: Exception | None = None) -> None:
        """No more chunks come; `failure` is raised after those that were added."""
        self._over = True
        self._failure = failure
        self._ready.set()

    def _mark_sent(self) -> None:
        self._sent = self.length, len(self._flushes), self.last
