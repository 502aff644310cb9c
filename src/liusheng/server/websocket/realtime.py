"""`/v1/realtime`: OpenAI's live recognition over a WebSocket, alone or in a conversation."""

from __future__ import annotations

from starlette.websockets import WebSocket

from liusheng.asr.types import Script
from liusheng.protocol.realtime_commands import RealtimeCommand
from liusheng.protocol.realtime_session import RealtimeSession
from liusheng.runtime.decoding.service import DecodingService
from liusheng.runtime.recognition.service import RecognitionService
from liusheng.server.config.limits import LimitSettings
from liusheng.server.websocket.recognizing import RecognizingSocket


class RealtimeSocket(RecognizingSocket[RealtimeCommand]):
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
        super().__init__(
            websocket,
            session,
            recognition,
            decoding,
            script=script,
            limits=limits,
            speech=session,
        )
        self.progress()
