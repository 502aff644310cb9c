"""A connection of the Wyoming protocol, and what the server says of itself there."""

from __future__ import annotations

from functools import partial
from typing import Any

from starlette.websockets import WebSocket

from liusheng import __version__
from liusheng.asr.types import Script
from liusheng.protocol.spoken_texts import voices_of
from liusheng.protocol.wyoming_session import WyomingSession
from liusheng.runtime.decoding.service import DecodingService
from liusheng.runtime.recognition.service import RecognitionService
from liusheng.runtime.synthesis.interface import SpeechMaker
from liusheng.server.config.limits import LimitSettings
from liusheng.server.stream_params import supported_hints
from liusheng.server.websocket.two_way import TwoWaySocket


def wyoming_socket(
    websocket: WebSocket,
    recognition: RecognitionService | None,
    decoding: DecodingService | None,
    synthesis: SpeechMaker | None,
    *,
    script: Script,
    limits: LimitSettings,
) -> TwoWaySocket:
    """Return the driver of a connection. script: of Chinese text."""
    session = WyomingSession(
        info=describe(recognition, synthesis),
        languages=recognition.languages if recognition else (),
        voices=voices_of(synthesis.voices) if synthesis else {},
        hints=partial(supported_hints, recognition) if recognition else lambda start: start,
        max_packet_bytes=limits.max_packet_bytes,
        max_seconds=limits.max_session_seconds,
        max_text_chars=limits.max_text_chars,
        idle_seconds=limits.idle_seconds,
    )
    return TwoWaySocket(
        websocket, session, recognition, decoding, synthesis, script=script, limits=limits
    )


def describe(
    recognition: RecognitionService | None, synthesis: SpeechMaker | None
) -> dict[str, Any]:
    """Return the data of the event `info`."""
    asr, tts = [], []
    if recognition:
        models: dict[str, list[str]] = {}
        for language in sorted(recognition.languages):
            models.setdefault(recognition.model_for(language), []).append(language)
        asr.append(
            _artifact("liusheng", "Streaming recognition")
            | {
                "models": [
                    _artifact(model, model) | {"languages": spoken}
                    for model, spoken in models.items()
                ],
                "supports_transcript_streaming": True,
                "requires_external_vad": True,
                "prefers_auto_gain_enabled": False,
                "prefers_noise_reduction_enabled": False,
            }
        )
    if synthesis:
        voices = [
            _artifact(each.name, each.name) | {"languages": list(each.languages), "speakers": None}
            for each in synthesis.voices
        ]
        tts.append(
            _artifact("liusheng", "Streaming synthesis")
            | {"voices": voices, "supports_synthesize_streaming": True}
        )
    return {"asr": asr, "tts": tts}


def _artifact(name: str, description: str) -> dict[str, Any]:
    return {
        "name": name,
        "description": description,
        "attribution": {"name": "Liusheng", "url": ""},
        "installed": True,
        "version": __version__,
    }
