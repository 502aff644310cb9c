"""`/v1/listen`: Deepgram's live recognition over a WebSocket."""

from __future__ import annotations

from datetime import datetime, timezone

from starlette.websockets import WebSocket

from liusheng import __version__
from liusheng.asr.types import Script
from liusheng.protocol.deepgram import listen_query, start_for
from liusheng.protocol.deepgram_session import DeepgramSession
from liusheng.protocol.languages import check_language
from liusheng.protocol.recognition_commands import RecognitionCommand
from liusheng.runtime.decoding.service import DecodingService
from liusheng.runtime.recognition.service import RecognitionService
from liusheng.server.config.limits import LimitSettings
from liusheng.server.stream_params import supported_hints
from liusheng.server.websocket.recognizing import RecognizingSocket


class DeepgramSocket(RecognizingSocket[RecognitionCommand]):
    """One WebSocket. script: of Chinese text."""

    def __init__(
        self,
        websocket: WebSocket,
        recognition: RecognitionService,
        decoding: DecodingService,
        *,
        script: Script,
        limits: LimitSettings,
    ) -> None:
        """Raises `ProtocolError` for the parameters of the address."""
        query = listen_query(websocket.query_params.multi_items())
        lang = check_language(query.language, recognition.languages, "language")
        session = DeepgramSession(
            query,
            supported_hints(recognition, start_for(query, lang)),
            model=recognition.model_for(lang),
            version=__version__,
            created=datetime.now(timezone.utc).isoformat(timespec="milliseconds"),
            max_packet_bytes=limits.max_packet_bytes,
            max_seconds=limits.max_session_seconds,
            idle_seconds=limits.idle_seconds,
        )
        super().__init__(websocket, session, recognition, decoding, script=script, limits=limits)
