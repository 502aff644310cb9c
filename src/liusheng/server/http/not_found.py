"""Paths and methods that there are not: told as the clients of the paths beside them expect."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.frames import quoted
from liusheng.server.http.exchange import JSON
from liusheng.server.http.openai_common import OPENAI_FAILURES
from liusheng.server.http.statuses import ORIGINAL_FAILURES, http_status


def not_found(path_prefix: str) -> Callable[[Request, Exception], Awaitable[Response]]:
    """Return what answers in place of the framework's 404 and 405."""

    async def answer(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        path = quoted(request.url.path)
        headers = dict(error.headers or {})
        if error.status_code == 405:
            told = ProtocolError(
                ErrorCode.WRONG_METHOD,
                f"{path} is not for {request.method}; use {headers.get('Allow', 'another method')}"
                ", or open a WebSocket where one is served.",
            )
        else:
            told = ProtocolError(
                ErrorCode.UNKNOWN_PATH,
                f"There is nothing at {path} on this server; {path_prefix}/docs lists what there "
                "is.",
            )
        openai = request.url.path.startswith(f"{path_prefix}/v1/")
        failures = OPENAI_FAILURES if openai else ORIGINAL_FAILURES
        body = msgspec.json.encode(failures.message(told))
        return Response(body, http_status(told.code), headers, JSON)

    return answer
