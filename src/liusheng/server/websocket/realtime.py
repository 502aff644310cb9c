"""`/v1/realtime`: OpenAI's live recognition over a WebSocket, alone or in a conversation."""

from __future__ import annotations

from starlette.websockets import WebSocket

from liusheng.asr.types import Script
from liusheng.protocol.realtime_commands import RealtimeCommand
from liusheng.protocol.realtime_session import RealtimeSession
from liusheng.protocol.recognition_commands import RecognitionCommand
from liusheng.runtime.decoding.service import DecodingService
from liusheng.runtime.recognition.service import RecognitionService
from liusheng.server.config.limits import LimitSettings
from liusheng.server.websocket.driver import SocketDriver
from liusheng.server.websocket.recognitions import Recognitions


class RealtimeSocket(SocketDriver[RealtimeCommand]):
    """One WebSocket of a session: what is said in it is recognised.

    session: of the WebSocket.
    script: of Chinese text.
    """

    def __init__(
        self,
        websocket: WebSocket,
        session: RealtimeSession,
        recognition: RecognitionService,
        decoding: DecodingService,
        *,
        script: Script,
        limits: LimitSettings,
    ) -> None:
        self._realtime = session
        super().__init__(websocket, session, limits.idle_seconds)
        self._recognitions = Recognitions(
            recognition,
            decoding,
            session,
            self,
            script=script,
            max_finishing=limits.max_recognitions_per_socket,
            speech=session,
        )
        self.progress()

    async def run(self) -> None:
        """Serve the WebSocket until it is closed."""
        try:
            await super().run()
        finally:
            self._recognitions.close()

    def execute(self, command: RealtimeCommand) -> None:
        """Execute a command of the session."""
        if isinstance(command, RecognitionCommand):
            self._recognitions.execute(command)

    async def room(self) -> None:
        """Wait until the next event may be taken."""
        await self._recognitions.room(lambda: self._realtime.closed)
