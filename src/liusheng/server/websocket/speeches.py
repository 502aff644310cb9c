"""The texts of one connection that are being synthesised, each with a number: from commands to the
service."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from functools import partial
from typing import Any, Protocol

import msgspec
import structlog

from liusheng.protocol import tts
from liusheng.protocol.errors import ProtocolError
from liusheng.protocol.tts_commands import CancelText, ExtendText, StartText, TtsCommand
from liusheng.runtime.claim import Claim
from liusheng.runtime.errors import BusyError
from liusheng.runtime.synthesis.encoding import AudioOutput
from liusheng.runtime.synthesis.interface import SpeechMaker
from liusheng.runtime.synthesis.speech import Packet, Speech
from liusheng.server.errors import invalid_ssml, server_busy, synthesis_error
from liusheng.server.websocket.driver import SocketDriver
from liusheng.server.websocket.pacing import PlaybackClock, split_packet
from liusheng.tts.ssml import SsmlError, parse
from liusheng.tts.types import SpeechRequest

_log = logging.getLogger(__name__)


class SynthesisEvents(Protocol):
    """What a synthesiser reports to a session."""

    @property
    def id(self) -> str: ...

    def audio(self, number: int, audio: bytes, marks: Sequence[tts.Mark] | None = None) -> None:
        """A packet of a text's audio. marks: None where the client did not ask for them."""

    def finished(
        self, number: int, *, silent: bool = False, skipped: Sequence[tts.Skipped] = ()
    ) -> None:
        """A text is synthesised.

        silent: nothing in it can be pronounced.
        skipped: what of it was not read.
        """

    def failed(self, number: int, error: ProtocolError) -> None:
        """The synthesis of a text failed."""


class Speeches:
    """Executes the commands of a session that has texts synthesised.

    events: the session.
    driver: of the session.
    """

    def __init__(
        self,
        synthesis: SpeechMaker,
        events: SynthesisEvents,
        driver: SocketDriver[Any],
    ) -> None:
        self._synthesis = synthesis
        self._events = events
        self._driver = driver
        self._speeches: dict[int, Speech] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        # What was added to texts that wait for a place.
        self._waiting: dict[int, list[ExtendText]] = {}
        self._playback = PlaybackClock()
        self._claim = Claim()

    def execute(self, command: TtsCommand) -> None:
        """Execute a command of the session."""
        number = command.number
        if isinstance(command, StartText):
            self._start(command)
        elif isinstance(command, ExtendText) and number in self._waiting:
            self._waiting[number].append(command)
        elif isinstance(command, ExtendText) and number in self._speeches:
            self._speeches[number].extend(command.text, last=command.last)
        elif isinstance(command, CancelText) and number in self._tasks:
            self._tasks[number].cancel()
            # Here and not by the task: one that is cancelled before its first step does nothing.
            self._forget(number)
            self._playback.reset()

    def _start(self, text: StartText) -> None:
        try:
            if text.ssml:
                parse(text.text)
            speech = None if self._synthesis.queues else self._speak(text)
        except BusyError as error:
            self._refuse(text, error)
            return
        except SsmlError as error:
            self._events.failed(text.number, invalid_ssml(error))
            return
        number = text.number
        if speech:
            self._speeches[number] = speech
            task = self._driver.start(partial(self._synthesize, text, speech))
        else:
            self._waiting[number] = []
            task = self._driver.start(partial(self._synthesize_when_there_is_room, text))
        self._tasks[number] = task

        task.add_done_callback(lambda _: self._forget(number))

    def _forget(self, number: int) -> None:
        """A text is over: give back the place of its speech."""
        self._tasks.pop(number, None)
        self._waiting.pop(number, None)
        if speech := self._speeches.pop(number, None):
            speech.cancel()

    def _speak(self, text: StartText) -> Speech:
        request = SpeechRequest(
            text.text, text.voice, text.speed, text.volume, text.ssml, text.markup
        )
        output = AudioOutput(text.format, text.sample_rate)
        return self._synthesis.speak(request, output, more=not text.last, claim=self._claim)

    def _refuse(self, text: StartText, error: BusyError) -> None:
        _log.warning("refused: %s", error)
        self._events.failed(text.number, server_busy("text", error))

    async def _synthesize_when_there_is_room(self, text: StartText) -> None:
        structlog.contextvars.bind_contextvars(session=self._events.id)
        try:
            await self._synthesis.wait_for_room(text.voice)
            speech = self._speak(text)
        except BusyError as error:
            self._refuse(text, error)
            self._driver.progress()
            return
        self._speeches[text.number] = speech
        for part in self._waiting.pop(text.number):
            speech.extend(part.text, last=part.last)
        await self._synthesize(text, speech)

    async def _synthesize(self, text: StartText, speech: Speech) -> None:
        structlog.contextvars.bind_contextvars(session=self._events.id)
        try:
            silent = await self._send_audio(text, speech)
        except Exception as error:
            self._events.failed(text.number, synthesis_error(error))
        else:
            skipped = msgspec.convert(speech.skipped, tuple[tts.Skipped, ...], from_attributes=True)
            self._events.finished(text.number, silent=silent, skipped=skipped)
        self._driver.progress()

    async def _send_audio(self, text: StartText, speech: Speech) -> bool:
        """Send the audio of a text at the client's pace; return whether there was none."""
        silent = True
        async for packet in speech.packets():
            silent = False
            if text.pace is None:
                await self._send(text, packet)
            else:
                await self._send_paced(text, packet, text.pace)
        return silent

    async def _send_paced(self, text: StartText, packet: Packet, pace: float) -> None:
        for part in split_packet(packet, pace / 2):
            await asyncio.sleep(self._playback.delay(part.seconds, pace))
            await self._send(text, part)
            self._playback.sent(part.seconds)

    async def _send(self, text: StartText, packet: Packet) -> None:
        marks = None
        if text.marks:
            marks = msgspec.convert(packet.marks, tuple[tts.Mark, ...], from_attributes=True)
        self._events.audio(text.number, packet.audio, marks)
        self._driver.progress()
        # One packet at a time: `cancel` cannot take back what is written to the socket.
        await self._driver.flushed()
