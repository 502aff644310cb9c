"""Responses to unknown paths and methods, in the error format of the paths around them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from liusheng.protocol import paths
from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.quoting import quoted
from liusheng.server.http.error_format import error_format, http_status
from liusheng.server.http.exchange import JSON
from liusheng.server.http.refusal import refuse
from liusheng.server.request_record import current_record

_NO_RECOGNITION = "this server recognises no speech (its setting asr.models is empty)"
_NO_SYNTHESIS = "this server synthesises no speech (its setting tts.models is empty)"

_MISSING_TASK = {
    paths.ASR_STREAMING: _NO_RECOGNITION,
    paths.SPEECH_WEB_ASR: _NO_RECOGNITION,
    paths.REALTIME: _NO_RECOGNITION,
    paths.TTS_STREAMING: _NO_SYNTHESIS,
    paths.SPEECH_WEB_TTS: _NO_SYNTHESIS,
}
"""Why a WebSocket is missing that every server with the task has."""


def not_found(path_prefix: str) -> Callable[[Request, Exception], Awaitable[Response]]:
    """Return the exception handler for Starlette's 404 and 405, which also answers OPTIONS."""

    async def answer(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        path = quoted(request.url.path)
        headers = dict(error.headers or {})
        if error.status_code == 405 and request.method == "OPTIONS":
            return Response(status_code=204, headers={"Allow": f"{headers['Allow']}, OPTIONS"})
        if error.status_code == 405:
            reply = ProtocolError(
                ErrorCode.WRONG_METHOD,
                f"{path} does not accept {request.method}; use "
                f"{headers.get('Allow', 'another method')}, or open a WebSocket if the path has "
                "one.",
            )
        else:
            reply = ProtocolError(
                ErrorCode.UNKNOWN_PATH,
                f"There is nothing at {path} on this server; {path_prefix}{paths.DOCS} lists its "
                "paths.",
            )
        current_record().failed(reply.code.value)
        errors = error_format(request.url.path, path_prefix)
        body = msgspec.json.encode(errors.message(reply))
        return Response(body, http_status(reply.code), headers, JSON)

    return answer


class NoRoute:
    """What answers a path without a route: a WebSocket with the reason in place of its handshake.

    http: answers requests over HTTP.
    websockets: the paths of the WebSockets, with the prefix.
    """

    def __init__(self, http: ASGIApp, websockets: Sequence[str], path_prefix: str) -> None:
        self._http = http
        self._websockets = websockets
        self._path_prefix = path_prefix
        self._missing = {f"{path_prefix}{path}": why for path, why in _MISSING_TASK.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        if scope["type"] != "websocket":
            await self._http(scope, receive, send)
            return
        path: str = scope["path"]
        meant = path.rstrip("/")
        if meant in self._websockets:
            advice = f"connect to {meant}, without the slash at its end"
        elif meant in self._missing:
            advice = self._missing[meant]
        else:
            advice = f"those of this server are {', '.join(self._websockets)}"
        error = ProtocolError(
            ErrorCode.UNKNOWN_PATH, f"There is no WebSocket at {quoted(path)}; {advice}."
        )
        await refuse(scope, receive, send, error, self._path_prefix)
