"""Which session a client of OpenAI's Realtime API gets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.websockets import WebSocket

from liusheng.protocol import paths
from liusheng.protocol.errors import CloseCode, ErrorCode, ProtocolError
from liusheng.protocol.quoting import quoted
from liusheng.protocol.realtime_conversation import ConversationSession
from liusheng.protocol.realtime_session import RealtimeSession
from liusheng.runtime.decoding.service import DecodingService
from liusheng.runtime.recognition.service import RecognitionService
from liusheng.runtime.synthesis.interface import SpeechMaker
from liusheng.server.access.caller import caller, may
from liusheng.server.config.settings import Settings
from liusheng.server.conversation.language_model import LanguageModel
from liusheng.server.openai_names import OpenAINames
from liusheng.server.websocket.conversation import ConversationSocket
from liusheng.server.websocket.realtime import RealtimeSocket
from liusheng.server.websocket.realtime_support import Support

_TRANSCRIPTION = "transcription"
_BETA_SUBPROTOCOL = "openai-beta.realtime-v1"
"""In place of the header `OpenAI-Beta: realtime=v1`, which browsers cannot send."""


@dataclass(frozen=True)
class RealtimeServer:
    """What sessions need. synthesis: None: the server has none, and holds no conversations."""

    settings: Settings
    recognition: RecognitionService
    decoding: DecodingService
    synthesis: SpeechMaker | None
    names: OpenAINames

    def open(self, websocket: WebSocket) -> RealtimeSocket:
        """Return the driver of a new WebSocket: `intent=transcription` asks for a transcription
        session, otherwise it is a conversation."""
        limits = self.settings.limits
        options: dict[str, Any] = {
            "support": Support(self.recognition, self.names),
            "beta": "realtime=v1" in websocket.headers.get("openai-beta", "")
            or _BETA_SUBPROTOCOL in websocket.scope.get("subprotocols", ()),
            "max_append_bytes": limits.max_packet_bytes,
            "max_seconds": limits.max_session_seconds,
            "idle_seconds": limits.idle_seconds,
        }
        intent = websocket.query_params.get("intent", "")
        script = self.settings.asr.script
        refusal = None if intent == _TRANSCRIPTION else self._no_conversation(websocket, intent)
        llm = self.settings.llm
        if intent == _TRANSCRIPTION or refusal or self.synthesis is None:
            session = RealtimeSession(**options)
            if refusal:
                session.stop(refusal, CloseCode.POLICY)
            return RealtimeSocket(
                websocket, session, self.recognition, self.decoding, script=script, limits=limits
            )
        conversation = ConversationSession(
            system_prompt=llm.system_prompt,
            max_history_chars=llm.max_history_chars,
            model=llm.model,
            **options,
        )
        return ConversationSocket(
            websocket,
            conversation,
            self.recognition,
            self.decoding,
            self.synthesis,
            LanguageModel(llm, limits.max_text_chars),
            script=script,
            limits=limits,
        )

    def _no_conversation(self, websocket: WebSocket, intent: str) -> ProtocolError | None:
        """Return why a client gets no conversation; None: it gets one."""
        instead = f"For transcription alone connect to {paths.REALTIME}?intent={_TRANSCRIPTION}."
        if intent not in ("", "conversation"):
            return ProtocolError(
                ErrorCode.INVALID_FIELD,
                f"There are no sessions with the intent {quoted(intent)}. {instead}",
            )
        if not self.settings.llm.address or self.synthesis is None:
            lacks = "synthesis" if self.settings.llm.address else "language model (llm.address)"
            return ProtocolError(
                ErrorCode.INVALID_FIELD,
                f"This server holds no conversations: its operator has set up no {lacks}. "
                f"{instead}",
            )
        if not may(websocket.scope, "tts"):
            return ProtocolError(
                ErrorCode.NOT_ALLOWED,
                f"The API key {caller(websocket.scope)} is for recognition only, and a "
                f"conversation needs synthesis; use another key. {instead}",
            )
        return None
