"""The ASGI application: which path leads where."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.exceptions import HTTPException
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from liusheng.protocol.asr import Limits
from liusheng.protocol.dialects import CppRuntime, SpeechWebTts
from liusheng.protocol.errors import CloseCode
from liusheng.runtime.punctuation.service import Punctuation
from liusheng.runtime.recognition.service import Recognition
from liusheng.runtime.synthesis.service import Synthesis
from liusheng.server.config.settings import Settings
from liusheng.server.errors import server_stopping
from liusheng.server.http.not_found import not_found
from liusheng.server.http.routes import routes
from liusheng.server.web_page import add_page
from liusheng.server.websocket.adapters import Adapter
from liusheng.server.websocket.asr import ASRSocket
from liusheng.server.websocket.driver import SocketDriver, logged
from liusheng.server.websocket.realtime import PATH as REALTIME_PATH
from liusheng.server.websocket.realtime import RealtimeSocket
from liusheng.server.websocket.tts import TTSSocket

ASR_PATH = "/paddlespeech/asr/streaming"
TTS_PATH = "/paddlespeech/tts/streaming"

_STOP_PATIENCE = 3.0
_DAY = 86_400.0


class Application:
    """The application and the sessions that are open on it.

    recognition, synthesis, punctuation: started; None where the server was set up without.
    """

    def __init__(
        self,
        settings: Settings,
        recognition: Recognition | None,
        synthesis: Synthesis | None,
        punctuation: Punctuation | None = None,
    ) -> None:
        self._settings = settings
        self._recognition = recognition
        self._synthesis = synthesis
        self._sockets: set[SocketDriver[Any]] = set()
        # FastAPI's own documents know neither these doors nor the sockets.
        self.asgi = FastAPI(openapi_url=None)
        self.asgi.include_router(self._routes(), prefix=settings.path_prefix)
        self.asgi.add_exception_handler(HTTPException, not_found(settings.path_prefix))
        self._doors = routes(settings, recognition, synthesis, punctuation)
        for door in self._doors:
            path = settings.path_prefix + door.path
            self.asgi.router.routes.append(Route(path, door, methods=[door.method]))
        for path, adapter in self._adapters().items():
            self.asgi.router.routes.append(WebSocketRoute(settings.path_prefix + path, adapter))
        add_page(self.asgi, settings.path_prefix)

    async def stop_sessions(self) -> None:
        """Tell every client that the server stops, and close its socket."""
        error = server_stopping()
        await asyncio.gather(
            *(
                socket.stop(error, CloseCode.GOING_AWAY, _STOP_PATIENCE)
                for socket in tuple(self._sockets)
            ),
            *(door.stop(_STOP_PATIENCE) for door in self._doors),
        )

    def _routes(self) -> APIRouter:
        routes = APIRouter()
        if self._recognition:
            routes.add_api_websocket_route(ASR_PATH, self._recognize)
            routes.add_api_websocket_route(REALTIME_PATH, self._transcribe)
        if self._synthesis:
            routes.add_api_websocket_route(TTS_PATH, self._speak)
        return routes

    def _adapters(self) -> dict[str, Adapter | Callable[[WebSocket], Awaitable[None]]]:
        compat = self._settings.compat
        found: dict[str, Adapter | Callable[[WebSocket], Awaitable[None]]] = {}
        if self._recognition and compat.cpp_runtime:
            found["/"] = Adapter(CppRuntime, self._recognize)
        if self._recognition and compat.speech_web:
            found["/ws/asr/onlineStream"] = self._recognize
        if self._synthesis and compat.speech_web:
            found["/ws/tts/online"] = Adapter(SpeechWebTts, self._speak_to_page)
        return found

    async def _recognize(self, websocket: WebSocket) -> None:
        assert self._recognition is not None
        limits = self._settings.limits
        socket = ASRSocket(
            websocket,
            self._recognition,
            script=self._settings.asr.script,
            limits=Limits(
                idle_seconds=limits.idle_seconds,
                max_packet_bytes=limits.max_packet_bytes,
                max_queued_seconds=limits.max_queued_seconds,
                max_session_seconds=limits.max_session_seconds,
            ),
        )
        await self._run("asr", websocket, socket)

    async def _speak(self, websocket: WebSocket) -> None:
        await self._say(websocket, self._settings.limits.idle_seconds)

    async def _speak_to_page(self, websocket: WebSocket) -> None:
        """Speak to speech_web's page, which opens its socket once and for all."""
        await self._say(websocket, _DAY)

    async def _say(self, websocket: WebSocket, idle_seconds: float) -> None:
        assert self._synthesis is not None
        socket = TTSSocket(
            websocket,
            self._synthesis,
            max_text_chars=self._settings.limits.max_text_chars,
            idle_seconds=idle_seconds,
        )
        await self._run("tts", websocket, socket)

    async def _transcribe(self, websocket: WebSocket) -> None:
        assert self._recognition is not None
        socket = RealtimeSocket(
            websocket,
            self._recognition,
            script=self._settings.asr.script,
            limits=self._settings.limits,
        )
        await self._run("asr", websocket, socket)

    async def _run(self, task: str, websocket: WebSocket, socket: SocketDriver[Any]) -> None:
        self._sockets.add(socket)
        try:
            with logged(task, websocket):
                await socket.run()
        finally:
            self._sockets.discard(socket)
