"""A speech as the server sees it: text goes in, packets of encoded audio come out."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Protocol

from liusheng.runtime.metering import current_meter
from liusheng.runtime.synthesis.messages import (
    Checkpoint,
    Output,
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


class SpeechController(Protocol):
    """What a speech reports to; implemented by the service."""

    def packet_taken(self, speech: Speech) -> None: ...
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
        output: Output,
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
        self._output = output
        self._text = request.text
        self._flushes: list[int] = []
        # What the worker knows: length of the text, number of flushes, whether that is all.
        self._sent = 0, 0, False
        self._checkpoint: Checkpoint | None = None  # the newest
        self._bytes = 0
        self._marks = 0
        self._seconds = 0.0
        self._packets: deque[Packet] = deque()
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
        return sum(packet.seconds for packet in self._packets)

    @property
    def samples(self) -> int:
        """Length of the audio synthesised so far, at 24 kHz."""
        return round(self._seconds * SAMPLE_RATE)

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
        while not self._packets:
            if self._failure:
                raise self._failure
            if self._over:
                return None
            self._ready.clear()
            await self._ready.wait()
        packet = self._packets.popleft()
        self._controller.packet_taken(self)
        return packet

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
        self._packets.clear()
        self._over = True
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
            self._output,
            self.last,
            tuple(self._flushes),
            self._bytes,
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
        if not chunk.audio:
            return 0.0
        start = self._seconds
        self._bytes += len(chunk.audio)
        self._marks += len(chunk.marks)
        self._seconds = max(start, chunk.seconds)
        added = self._seconds - start
        self._packets.append(Packet(chunk.audio, start, added, chunk.marks))
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
