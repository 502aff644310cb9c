"""Streaming synthesis over a WebSocket."""

from __future__ import annotations

import asyncio
import logging

import msgspec
import structlog
from starlette.websockets import WebSocket

from liusheng.protocol import tts
from liusheng.protocol.tts_session import Cancel, Command, Extend, TTSSession
from liusheng.protocol.tts_texts import Speak
from liusheng.runtime.recognition.service import BusyError
from liusheng.runtime.synthesis.messages import Output
from liusheng.runtime.synthesis.service import Synthesis
from liusheng.runtime.synthesis.speech import Packet, Speech
from liusheng.server.errors import no_room, not_ssml, synthesis_failed
from liusheng.server.websocket.driver import SocketDriver
from liusheng.server.websocket.pacing import Pace, pieces
from liusheng.tts.ssml import SsmlError, parse
from liusheng.tts.types import SpeechRequest

_log = logging.getLogger(__name__)


class TTSSocket(SocketDriver[Command]):
    """One socket of streaming synthesis."""

    def __init__(
        self,
        websocket: WebSocket,
        synthesis: Synthesis,
        *,
        max_text_chars: int,
        idle_seconds: float,
    ) -> None:
        self._tts = TTSSession(
            voices={voice.id: voice.name for voice in synthesis.voices},
            max_text_chars=max_text_chars,
            idle_seconds=idle_seconds,
        )
        super().__init__(websocket, self._tts, idle_seconds)
        self._synthesis = synthesis
        self._speeches: dict[int, Speech] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._pace = Pace()

    def execute(self, command: Command) -> None:
        """Do what the session wants done with its texts."""
        number = command.number
        if isinstance(command, Speak):
            self._begin(command)
        elif isinstance(command, Extend) and number in self._speeches:
            self._speeches[number].extend(command.text, last=command.last)
        elif isinstance(command, Cancel) and number in self._tasks:
            self._tasks[number].cancel()
            self._pace.stopped()

    def _begin(self, speak: Speak) -> None:
        request = SpeechRequest(speak.text, speak.voice, speak.speed, speak.volume, speak.ssml)
        output = Output(speak.format, speak.sample_rate)
        number = speak.number
        try:
            if speak.ssml:
                parse(speak.text)
            speech = self._synthesis.speak(request, output, more=not speak.last)
        except BusyError as error:
            _log.warning("refused: %s", error)
            self._tts.failed(number, no_room("text", error))
            return
        except SsmlError as error:
            self._tts.failed(number, not_ssml(error))
            return
        task = asyncio.create_task(self._say(speak, speech))
        self._speeches[number] = speech
        self._tasks[number] = task

        def forget(_: asyncio.Task[None]) -> None:
            del self._speeches[number], self._tasks[number]

        task.add_done_callback(forget)

    async def _say(self, speak: Speak, speech: Speech) -> None:
        structlog.contextvars.bind_contextvars(session=self._tts.id)
        try:
            silent = await self._send_audio(speak, speech)
        except Exception:
            _log.exception("synthesis failed")
            self._tts.failed(speak.number, synthesis_failed())
        else:
            self._tts.spoken(speak.number, silent=silent)
        self.progress()

    async def _send_audio(self, speak: Speak, speech: Speech) -> bool:
        """Send the audio of a text at the client's pace; return whether there was none."""
        silent = True
        try:
            async for packet in speech.packets():
                silent = False
                if speak.pace is None:
                    await self._send(speak, packet)
                else:
                    await self._send_paced(speak, packet, speak.pace)
        finally:
            speech.cancel()
        return silent

    async def _send_paced(self, speak: Speak, packet: Packet, pace: float) -> None:
        for piece in pieces(packet, pace / 2):
            await asyncio.sleep(self._pace.wait(piece.seconds, pace))
            await self._send(speak, piece)
            self._pace.sent(piece.seconds)

    async def _send(self, speak: Speak, packet: Packet) -> None:
        marks = None
        if speak.marks:
            marks = msgspec.convert(packet.marks, tuple[tts.Mark, ...], from_attributes=True)
        self._tts.audio(speak.number, packet.audio, marks)
        self.progress()
        # Audio that waits in the server is audio that `cancel` comes too late for.
        await self.flushed()
