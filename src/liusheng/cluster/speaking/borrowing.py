"""The side that listens: the synthesis of other replicas, used as if it were here.

A conversation needs both tasks, and stays on a replica of recognition. Its texts go to a replica of
synthesis, one call each, and samples come back; they are encoded here.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import AsyncGenerator
from itertools import count
from typing import Any, Protocol

from liusheng.cluster.speaking.messages import (
    Begun,
    Failed,
    LentMessage,
    LentSpeechError,
    SpeechOrder,
    Steering,
)
from liusheng.protocol.operation import Readiness
from liusheng.runtime.claim import Claim
from liusheng.runtime.failures import summary, traced
from liusheng.runtime.synthesis.encoding import AudioOutput
from liusheng.runtime.synthesis.messages import SpeechChunk
from liusheng.runtime.synthesis.speech import Speech
from liusheng.timeouts import timeout, wait_for_event
from liusheng.tts.types import SAMPLE_RATE, SpeechRequest, Voice

_log = logging.getLogger(__name__)

_SIGN_SECONDS = 20.0
"""Seconds after which the lender hears that somebody still listens."""

_READY_SECONDS = 5.0


class Lenders(Protocol):
    """The replicas that synthesise."""

    async def voices(self) -> tuple[Voice, ...]:
        """Return the voices of all of them; wait until there is one."""

    def speak(self, order: SpeechOrder) -> AsyncGenerator[LentMessage, None]:
        """Have one make a speech. Closing the iterator stops it."""

    async def steer(self, maker: Any, message: Steering) -> None:
        """Send a message to the one that makes a speech (`Begun.maker`)."""

    async def readiness(self) -> Readiness:
        """Return the state of one."""


class BorrowedSynthesis:
    """Synthesis for the sessions of a replica that has no voices.

    voices: of the lenders, from `start` on.
    queues: a lender lets a speech wait, and refuses it; here it is admitted.
    """

    queues = False

    def __init__(self, lenders: Lenders) -> None:
        self.voices: tuple[Voice, ...] = ()
        self._lenders = lenders
        self._keys = count()
        self._errands: dict[int, _Errand] = {}

    async def start(self) -> None:
        """Learn which voices there are."""
        self.voices = await self._lenders.voices()

    async def wait_for_room(self, voice: str = "") -> None:
        """Return at once: the speech itself waits, where it is made."""

    def speak(
        self,
        request: SpeechRequest,
        output: AudioOutput | None = None,
        *,
        more: bool = False,
        claim: Claim | None = None,
    ) -> Speech:
        """Start a speech, as `SpeechMaker` says. A refusal by the lender ends it, with
        `BusyError`."""
        speech = Speech(self, next(self._keys), request, output or AudioOutput(), last=not more)
        self._errands[speech.key] = _Errand(speech, self._lenders)
        return speech

    async def readiness(self) -> Readiness:
        """Return whether speeches would be made."""
        try:
            async with timeout(_READY_SECONDS):
                return await self._lenders.readiness()
        except Exception as error:
            reason = f"no synthesis: no replica of it answers ({error or repr(error)})"
            return Readiness(ready=False, reasons=[reason], workers={})

    # For speeches: `SpeechController`

    def packet_taken(self, speech: Speech) -> None:
        """Let the lender go on."""
        self._changed(speech)

    def text_extended(self, speech: Speech) -> None:
        """Send the lender what was added."""
        self._changed(speech)

    def encoded(self, speech: Speech, busy: float) -> None:
        """The encoder's cost counts for no admission here."""

    def cancel(self, speech: Speech) -> None:
        """Stop the lender."""
        if errand := self._errands.pop(speech.key, None):
            errand.cancel()

    def _changed(self, speech: Speech) -> None:
        if errand := self._errands.get(speech.key):
            errand.changed.set()


class _Errand:
    """One speech: gives it what its lender sends, and the lender what the speech says.

    changed: there is something to tell the lender.
    """

    def __init__(self, speech: Speech, lenders: Lenders) -> None:
        self.changed = asyncio.Event()
        self._speech = speech
        self._lenders = lenders
        self._steering: asyncio.Task[None] | None = None
        self._task = asyncio.create_task(self._fetch())

    def cancel(self) -> None:
        self._task.cancel()

    async def _fetch(self) -> None:
        start = self._speech.start_message()
        order = SpeechOrder(uuid.uuid4().hex, start.request, more=not start.last)
        try:
            async with contextlib.aclosing(self._lenders.speak(order)) as messages:
                async for message in messages:
                    if isinstance(message, Begun):
                        steering = self._steer(order.key, message.maker)
                        self._steering = asyncio.create_task(steering)
                    elif isinstance(message, Failed):
                        raise message.error
                    elif self._take(message):
                        return
            raise LentSpeechError("the replica that made this speech has ended")
        except Exception as error:
            self._speech.end(error)
        finally:
            if self._steering:
                self._steering.cancel()

    def _take(self, chunk: SpeechChunk) -> bool:
        """Return whether that was all."""
        self._speech.add(chunk)
        if chunk.over:
            self._speech.end()
        return chunk.over

    async def _steer(self, key: str, maker: Any) -> None:
        speech = self._speech
        try:
            while True:
                self.changed.clear()
                update = speech.update_message()
                taken = speech.samples / SAMPLE_RATE - speech.ahead
                await self._lenders.steer(maker, Steering(key, update.text, update.last, taken))
                await wait_for_event(self.changed, _SIGN_SECONDS)
        except Exception as error:
            _log.warning(
                "the replica that makes a speech cannot be reached: %s",
                summary(error),
                exc_info=traced(error),
            )
            self._speech.end(LentSpeechError("the replica that made this speech has gone"))
            self._task.cancel()
