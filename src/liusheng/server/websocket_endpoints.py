"""The WebSockets of an application: their paths, who serves each kind, and those that are open."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import structlog
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from liusheng.protocol import paths
from liusheng.protocol.asr import Limits
from liusheng.protocol.dialects import CppRuntime, SpeechWebTts
from liusheng.protocol.errors import CloseCode, ProtocolError
from liusheng.runtime.decoding.service import DecodingService
from liusheng.runtime.recognition.service import RecognitionService
from liusheng.runtime.synthesis.interface import SpeechMaker
from liusheng.server.access.caller import caller
from liusheng.server.config.settings import Settings
from liusheng.server.ending import end_with
from liusheng.server.errors import server_stopping
from liusheng.server.http.refusal import refuse
from liusheng.server.kept_places import GiveUpKept
from liusheng.server.limits.addresses import client_address
from liusheng.server.openai_names import OpenAINames
from liusheng.server.websocket.adapters import Adapter
from liusheng.server.websocket.asr import ASRSocket
from liusheng.server.websocket.deepgram import DeepgramSocket
from liusheng.server.websocket.driver import SocketDriver
from liusheng.server.websocket.realtime_opening import RealtimeServer
from liusheng.server.websocket.resumption import ResumableRecognitions
from liusheng.server.websocket.tts import TTSSocket
from liusheng.server.websocket.twilio import twilio_socket
from liusheng.server.websocket.wyoming import wyoming_socket

WebSocketEndpoint = Adapter | Callable[[WebSocket], Awaitable[None]]

STOP_TIMEOUT = 3.0
"""Seconds for which a client that is told of the end may take to read that."""

_QUIET_SECONDS = 1.0
"""Seconds after its last message in which a client may begin something, or end its session."""

_DAY = 86_400.0


class WebSockets:
    """The WebSockets, and the connections of the Wyoming protocol.

    recognition, synthesis: None: the server has none. decoding: recognition needs it.
    names: of models and voices, for OpenAI's clients.
    resumable: the recognitions whose clients may resume them.
    """

    def __init__(
        self,
        settings: Settings,
        recognition: RecognitionService | None,
        decoding: DecodingService | None,
        synthesis: SpeechMaker | None,
        names: OpenAINames,
        resumable: ResumableRecognitions,
        give_up_kept: GiveUpKept,
    ) -> None:
        self._settings = settings
        self._recognition = recognition
        self._decoding = decoding
        self._synthesis = synthesis
        self._names = names
        self._resumable = resumable
        self._give_up_kept = give_up_kept
        self._open: set[SocketDriver[Any]] = set()

    def endpoints(self) -> dict[str, WebSocketEndpoint]:
        """Return what serves each path."""
        compat = self._settings.compat
        found: dict[str, WebSocketEndpoint] = {}
        if self._recognition:
            found[paths.ASR_STREAMING] = self._serve_asr
            found[paths.REALTIME] = self._serve_realtime
            if self._settings.deepgram.enabled:
                found[paths.LISTEN] = self._serve_deepgram
            if self._settings.twilio.enabled:
                found[paths.MEDIA_STREAMS] = self._serve_twilio
            if compat.cpp_runtime:
                found[paths.CPP_RUNTIME] = Adapter(CppRuntime, self._serve_asr)
            if compat.speech_web:
                found[paths.SPEECH_WEB_ASR] = self._serve_asr
        if self._synthesis:
            found[paths.TTS_STREAMING] = self._serve_tts
            if compat.speech_web:
                found[paths.SPEECH_WEB_TTS] = Adapter(SpeechWebTts, self._serve_speech_web)
        return found

    # Their end

    def release_idle(self) -> None:
        """Tell the clients with nothing under way to reconnect, and close their WebSockets."""
        for socket in tuple(self._open):
            socket.release(server_stopping(), CloseCode.SERVICE_RESTART, _QUIET_SECONDS)

    def wind_down(self) -> None:
        """Close every WebSocket after the results of what was received; does not wait."""
        for socket in tuple(self._open):
            socket.wind_down(server_stopping(), CloseCode.SERVICE_RESTART)

    async def stop(self) -> None:
        """Send every client the error server_stopping, and close its connection."""
        await asyncio.gather(
            *(
                socket.stop(server_stopping(), CloseCode.SERVICE_RESTART, STOP_TIMEOUT)
                for socket in tuple(self._open)
            )
        )

    # Each kind

    async def _serve_asr(self, websocket: WebSocket) -> None:
        assert self._recognition is not None
        assert self._decoding is not None
        limits = self._settings.limits
        socket = ASRSocket(
            websocket,
            self._recognition,
            self._decoding,
            script=self._settings.asr.script,
            limits=Limits(
                idle_seconds=limits.idle_seconds,
                max_packet_bytes=limits.max_packet_bytes,
                max_queued_seconds=limits.max_queued_seconds,
                max_session_seconds=limits.max_session_seconds,
                first_audio_seconds=limits.first_audio_seconds,
            ),
            resumable=self._resumable,
            client=caller(websocket.scope),
            address=client_address(websocket.scope),
            on_begin=partial(self._give_up_kept, websocket.scope),
        )
        await self._serve("asr", websocket, socket, may_resume=True)

    async def _serve_realtime(self, websocket: WebSocket) -> None:
        assert self._recognition is not None
        assert self._decoding is not None
        opened = RealtimeServer(
            self._settings, self._recognition, self._decoding, self._synthesis, self._names
        )
        socket = opened.open(websocket)
        await self._serve("asr", websocket, socket)

    async def _serve_deepgram(self, websocket: WebSocket) -> None:
        assert self._recognition is not None
        assert self._decoding is not None
        try:
            socket = DeepgramSocket(
                websocket,
                self._recognition,
                self._decoding,
                script=self._settings.asr.script,
                limits=self._settings.limits,
            )
        except ProtocolError as error:
            prefix = self._settings.path_prefix
            await refuse(websocket.scope, websocket.receive, websocket.send, error, prefix)
        else:
            await self._serve("asr", websocket, socket)

    async def _serve_twilio(self, websocket: WebSocket) -> None:
        assert self._recognition is not None
        assert self._decoding is not None
        socket = twilio_socket(
            websocket,
            self._recognition,
            self._decoding,
            self._synthesis,
            script=self._settings.asr.script,
            limits=self._settings.limits,
        )
        await self._serve("asr", websocket, socket)

    async def serve_wyoming(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a connection of the Wyoming protocol."""
        websocket = WebSocket(scope, receive, send)
        socket = wyoming_socket(
            websocket,
            self._recognition,
            self._decoding,
            self._synthesis,
            script=self._settings.asr.script,
            limits=self._settings.limits,
        )
        await self._serve("wyoming", websocket, socket)

    async def _serve_tts(self, websocket: WebSocket) -> None:
        await self._synthesize(websocket, self._settings.limits.idle_seconds)

    async def _serve_speech_web(self, websocket: WebSocket) -> None:
        # The demo's page opens one connection and keeps it.
        await self._synthesize(websocket, _DAY)

    async def _synthesize(self, websocket: WebSocket, idle_seconds: float) -> None:
        assert self._synthesis is not None
        socket = TTSSocket(
            websocket,
            self._synthesis,
            max_text_chars=self._settings.limits.max_text_chars,
            idle_seconds=idle_seconds,
        )
        await self._serve("tts", websocket, socket)

    async def _serve(
        self,
        task: str,
        websocket: WebSocket,
        socket: SocketDriver[Any],
        *,
        may_resume: bool = False,
    ) -> None:
        if not may_resume:
            self._give_up_kept(websocket.scope)
        self._open.add(socket)
        try:
            end_with(websocket.scope, partial(_end, socket))
            with structlog.contextvars.bound_contextvars(task=task):
                await socket.run()
        finally:
            self._open.discard(socket)


async def _end(socket: SocketDriver[Any], error: ProtocolError) -> None:
    await socket.stop(error, CloseCode.POLICY, STOP_TIMEOUT)
