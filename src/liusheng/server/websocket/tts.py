"""Streaming synthesis over a WebSocket."""

from __future__ import annotations

from starlette.websockets import WebSocket

from liusheng.protocol.tts_commands import TtsCommand
from liusheng.protocol.tts_session import TTSSession
from liusheng.runtime.synthesis.interface import SpeechMaker
from liusheng.server.websocket.driver import SocketDriver
from liusheng.server.websocket.speeches import Speeches


class TTSSocket(SocketDriver[TtsCommand]):
    """One WebSocket of streaming synthesis."""

    def __init__(
        self,
        websocket: WebSocket,
        synthesis: SpeechMaker,
        *,
        max_text_chars: int,
        idle_seconds: float,
    ) -> None:
        session = TTSSession(
            voices={voice.id: voice.name for voice in synthesis.voices},
            max_text_chars=max_text_chars,
            idle_seconds=idle_seconds,
        )
        super().__init__(websocket, session, idle_seconds)
        self._speeches = Speeches(synthesis, session, self)

    def execute(self, command: TtsCommand) -> None:
        """Execute a command of the session."""
        self._speeches.execute(command)
