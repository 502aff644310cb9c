"""`/twilio/media-streams`: calls in the messages of Twilio's Media Streams."""

from __future__ import annotations

from functools import partial

from starlette.websockets import WebSocket

from liusheng.asr.types import Script
from liusheng.audio.g711 import compress
from liusheng.protocol.spoken_texts import voices_of
from liusheng.protocol.twilio_session import TwilioSession
from liusheng.runtime.decoding.service import DecodingService
from liusheng.runtime.recognition.service import RecognitionService
from liusheng.runtime.synthesis.interface import SpeechMaker
from liusheng.server.config.limits import LimitSettings
from liusheng.server.stream_params import supported_hints
from liusheng.server.websocket.two_way import TwoWaySocket


def twilio_socket(
    websocket: WebSocket,
    recognition: RecognitionService,
    decoding: DecodingService,
    synthesis: SpeechMaker | None,
    *,
    script: Script,
    limits: LimitSettings,
) -> TwoWaySocket:
    """Return the driver of a call. script: of Chinese text."""
    session = TwilioSession(
        languages=recognition.languages,
        voices=voices_of(synthesis.voices) if synthesis else {},
        hints=partial(supported_hints, recognition),
        max_packet_bytes=limits.max_packet_bytes,
        max_seconds=limits.max_session_seconds,
        max_text_chars=limits.max_text_chars,
        idle_seconds=limits.idle_seconds,
    )
    return TwoWaySocket(
        websocket,
        session,
        recognition,
        decoding,
        synthesis,
        script=script,
        limits=limits,
        encode=partial(compress, law="mulaw"),
    )
