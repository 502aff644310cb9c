"""A text being said, as its listener sees it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Protocol

from liusheng.runtime.synthesis.messages import Output, SpeechChunk, SpeechStart, SpeechUpdate
from liusheng.tts.types import SAMPLE_RATE, Mark, SpeechRequest


@dataclass(frozen=True)
class Packet:
    """A piece of a speech.

    audio: the next bytes of the stream, never empty.
    start, seconds: where in the audio it begins and how long it is; of a format that holds some
        back, about.
    marks: of what begins in it.
    """

    audio: bytes
    start: float
    seconds: float
    marks: tuple[Mark, ...]


class Maker(Protocol):
    """What a speech needs of the synthesis that makes it."""

    def taken(self, speech: Speech) -> None: ...
    def extended(self, speech: Speech) -> None: ...
    def cancel(self, speech: Speech) -> None: ...


class Speech:
    """A text being said: an asynchronous iterator over its audio, in blocks.

    The audio is a stream in the format that was asked for; `packets` tells more of each block. It
    is made ahead of what was taken by `SynthesisOptions.ahead` at most. Whoever stops listening
    before the end calls `cancel`.

    last: whether the text is whole; otherwise more of it is given to `extend`.
    """

    def __init__(
        self, maker: Maker, key: int, request: SpeechRequest, output: Output, *, last: bool
    ) -> None:
        self.key = key
        self.tries = 0
        self.begun = False
        self.last = last
        self._maker = maker
        self._request = request
        self._output = output
        self._text = request.text
        self._flushes: list[int] = []
        self._told = 0, 0, False  # of the text, the flushes and the end, to the worker
        self._given = 0, 0, 0.0  # bytes, marks and seconds of audio
        self._packets: deque[Packet] = deque()
        self._ready = asyncio.Event()
        self._over = False
        self._failure: Exception | None = None

    @property
    def ahead(self) -> float:
        """Seconds of audio made but not taken."""
        return sum(packet.seconds for packet in self._packets)

    @property
    def samples(self) -> int:
        """SpeechChunk so far, at 24 kHz."""
        return round(self._given[2] * SAMPLE_RATE)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        """Return the audio of the next block.

        Raises:
            Exception: what went wrong, when the text cannot be said to its end.
        """
        packet = await self._next()
        if packet is None:
            raise StopAsyncIteration
        return packet.audio

    async def packets(self) -> AsyncIterator[Packet]:
        """Yield the same blocks with their length and marks."""
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
        self._maker.taken(self)
        return packet

    def extend(self, text: str, *, last: bool) -> None:
        """The text goes on; `last`: and ends here.

        Raises:
            ValueError: when it has ended.
        """
        if self.last:
            raise ValueError("this text has ended; nothing can be added to it")
        self._text += text
        self.last = last
        self._maker.extended(self)

    def cancel(self) -> None:
        """Nobody listens any more."""
        self._maker.cancel(self)
        self._packets.clear()
        self._over = True
        self._ready.set()

    # For `Synthesis`

    @property
    def length(self) -> int:
        """Characters that have come."""
        return len(self._text)

    @property
    def flushed(self) -> bool:
        """Whether all that has come was flushed."""
        return bool(self._flushes) and self._flushes[-1] == self.length

    @property
    def has_news(self) -> bool:
        """Whether the worker does not know yet how the text goes on."""
        return self._told != (self.length, len(self._flushes), self.last)

    def flush(self) -> None:
        """What has come is said as far as it is complete enough."""
        self._flushes.append(self.length)

    def order(self) -> SpeechStart:
        """What a worker needs to begin with this speech, or to go on where another was lost."""
        self._tell()
        request = replace(self._request, text=self._text)
        given_bytes, given_marks, _ = self._given
        return SpeechStart(
            request, self._output, self.last, tuple(self._flushes), given_bytes, given_marks
        )

    def news(self) -> SpeechUpdate:
        """What the worker that has this speech does not know yet."""
        text, flushes, _ = self._told
        self._tell()
        return SpeechUpdate(self._text[text:], self.last, tuple(self._flushes[flushes:]))

    def add(self, made: SpeechChunk) -> float:
        """A piece was made; return its seconds."""
        given_bytes, given_marks, seconds = self._given
        if not made.audio:
            return 0.0
        new = max(0.0, made.seconds - seconds)
        self._given = (
            given_bytes + len(made.audio),
            given_marks + len(made.marks),
            max(seconds, made.seconds),
        )
        self._packets.append(Packet(made.audio, seconds, new, made.marks))
        self._ready.set()
        return new

    def end(self, failure: Exception | None = None) -> None:
        """No more comes."""
        self._over = True
        self._failure = failure
        self._ready.set()

    def _tell(self) -> None:
        self._told = self.length, len(self._flushes), self.last
