"""Streaming synthesis over a WebSocket."""

from __future__ import annotations

import asyncio
import logging

import structlog
from starlette.websockets import WebSocket

from liusheng.protocol.tts_session import Cancel, Command, Speak, TTSSession
from liusheng.runtime.recognition import BusyError
from liusheng.runtime.synthesis import Synthesis
from liusheng.server.socket import SocketDriver
from liusheng.server.troubles import no_room, synthesis_failed
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
        self._speaking: dict[int, asyncio.Task[None]] = {}

    def execute(self, command: Command) -> None:
        """Do what the session wants done with its texts."""
        if isinstance(command, Speak):
            task = asyncio.create_task(self._say(command))
            self._speaking[command.number] = task
            task.add_done_callback(lambda _: self._speaking.pop(command.number, None))
        elif isinstance(command, Cancel) and command.number in self._speaking:
            self._speaking[command.number].cancel()

    async def _say(self, speak: Speak) -> None:
        structlog.contextvars.bind_contextvars(session=self._tts.id)
        try:
            silent = await self._send_audio(speak)
        except BusyError as error:
            _log.warning("refused: %s", error)
            self._tts.failed(speak.number, no_room("text", error))
        except Exception:
            _log.exception("synthesis failed")
            self._tts.failed(speak.number, synthesis_failed())
        else:
            self._tts.spoken(speak.number, silent=silent)
        self.progress()

    async def _send_audio(self, speak: Speak) -> bool:
        """Send the audio of a text at the client's pace; return whether there was none."""
        speech = self._synthesis.speak(SpeechRequest(speak.text, speak.voice, speak.speed))
        silent = True
        try:
            async for pcm in speech:
                silent = False
                self._tts.audio(speak.number, pcm)
                self.progress()
                # Audio that waits in the server is audio that `cancel` comes too late for.
                await self.flushed()
        finally:
            speech.cancel()
        return silent
