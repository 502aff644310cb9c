"""The side that synthesises: speeches that other replicas have asked for."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator

from liusheng.cluster.speaking.messages import (
    Begun,
    Failed,
    LentMessage,
    LentSpeechError,
    SpeechOrder,
    Steering,
)
from liusheng.runtime.errors import BusyError
from liusheng.runtime.failures import summary, traced
from liusheng.runtime.synthesis.interface import SpeechMaker
from liusheng.runtime.synthesis.messages import SpeechChunk
from liusheng.runtime.synthesis.speech import Speech
from liusheng.timeouts import wait_for_event

_log = logging.getLogger(__name__)

_AHEAD = 2.0
"""Seconds of audio that are sent ahead of the listener: longer than messages take."""

_SILENT_SECONDS = 60.0
"""Seconds without `Steering` after which a speech ends: its borrower has gone."""

_POLL_SECONDS = 0.1


class LentSpeeches:
    """Makes them. maker: how this replica is reached (see `Begun`)."""

    def __init__(
        self, synthesis: SpeechMaker, maker: object, *, silent_seconds: float = _SILENT_SECONDS
    ) -> None:
        self._synthesis = synthesis
        self._maker = maker
        self._silent_seconds = silent_seconds
        self._speeches: dict[str, _LentSpeech] = {}

    async def speak(self, order: SpeechOrder) -> AsyncGenerator[LentMessage, None]:
        """Yield the messages of a speech; closing the iterator stops the synthesis."""
        try:
            await self._synthesis.wait_for_room(order.request.voice)
            speech = self._synthesis.speak(order.request, more=order.more)
        except BusyError as error:
            _log.warning("refused: %s", error)
            yield Failed.of(error)
            return
        lent = self._speeches[order.key] = _LentSpeech(speech)
        watching = asyncio.create_task(lent.watch(self._silent_seconds))
        try:
            yield Begun(self._maker)
            async for chunk in lent.chunks():
                yield chunk
        except Exception as error:
            _log.warning(
                "a speech for another replica failed: %s", summary(error), exc_info=traced(error)
            )
            yield Failed.of(error)
        finally:
            watching.cancel()
            del self._speeches[order.key]
            speech.cancel()

    def steer(self, message: Steering) -> None:
        """Take a message about a speech. One that is over needs none any more."""
        if lent := self._speeches.get(message.key):
            lent.steer(message)

    async def ended_within(self, seconds: float) -> None:
        """Wait, at most so long, until no speech is under way."""
        deadline = asyncio.get_running_loop().time() + seconds
        while self._speeches and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(_POLL_SECONDS)

    def stop(self) -> None:
        """End the speeches that are under way."""
        for lent in tuple(self._speeches.values()):
            lent.fail(LentSpeechError("the replica that made this speech is stopping"))


class _LentSpeech:
    def __init__(self, speech: Speech) -> None:
        self._speech = speech
        self._taken = 0.0
        self._failure: Exception | None = None
        self._steered = asyncio.Event()  # for `watch`
        self._go_on = asyncio.Event()  # for `chunks`

    def steer(self, message: Steering) -> None:
        self._taken = message.taken
        self._steered.set()
        self._go_on.set()
        if (message.text or message.last) and not self._speech.last:
            self._speech.extend(message.text, last=message.last)

    def fail(self, error: Exception) -> None:
        self._failure = error
        self._speech.cancel()
        self._go_on.set()

    async def watch(self, seconds: float) -> None:
        """End the speech when nothing was heard of its listener for so long."""
        while await wait_for_event(self._steered, seconds):
            self._steered.clear()
        self.fail(LentSpeechError(f"nothing was heard of its listener for {seconds:g} s"))

    async def chunks(self) -> AsyncGenerator[SpeechChunk, None]:
        sent = 0.0
        async for packet in self._speech.packets():
            sent = packet.start + packet.seconds
            yield SpeechChunk(packet.audio, sent, packet.marks)
            while sent - self._taken >= _AHEAD and not self._failure:
                self._go_on.clear()
                await self._go_on.wait()
        if self._failure:
            raise self._failure
        yield SpeechChunk(b"", sent, over=True, skipped=self._speech.skipped)
