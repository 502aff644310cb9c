"""Errors over HTTP: the status of each code, and the response bodies that clients expect."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from liusheng.protocol import openai
from liusheng.protocol.errors import SERVER_ERRORS, ErrorCode, ProtocolError
from liusheng.protocol.http import Failure, FailureMessage

_STATUSES = {
    ErrorCode.INVALID_API_KEY: 401,
    ErrorCode.NOT_ALLOWED: 403,
    ErrorCode.HOST_NOT_ALLOWED: 403,
    ErrorCode.ORIGIN_NOT_ALLOWED: 403,
    ErrorCode.RATE_LIMIT_EXCEEDED: 429,
    ErrorCode.NOT_ACCEPTABLE: 406,
    ErrorCode.UNKNOWN_MODEL: 404,
    ErrorCode.UNKNOWN_PATH: 404,
    ErrorCode.WRONG_METHOD: 405,
    ErrorCode.IDLE_TIMEOUT: 408,
    ErrorCode.NO_AUDIO: 408,
    ErrorCode.NO_TEXT: 408,
    ErrorCode.MESSAGE_TOO_LARGE: 413,
    ErrorCode.HEADERS_TOO_LARGE: 431,
    ErrorCode.TEXT_TOO_LONG: 413,
    ErrorCode.SESSION_TOO_LONG: 413,
    ErrorCode.TOO_MANY_CONNECTIONS: 429,
    ErrorCode.TOO_MANY_SESSIONS: 429,
    ErrorCode.SERVER_BUSY: 503,
    ErrorCode.SERVER_STOPPING: 503,
    ErrorCode.RECOGNITION_FAILED: 500,
    ErrorCode.SYNTHESIS_FAILED: 500,
    ErrorCode.INTERNAL_ERROR: 500,
    ErrorCode.NO_PUNCTUATION: 501,
    ErrorCode.MODEL_FAILED: 502,
    ErrorCode.STORAGE_FULL: 507,
}

_RETRY_SECONDS = 5.0
"""Seconds after which a client tries again, where nothing better is known."""


def http_status(code: ErrorCode) -> int:
    """Return the HTTP status for an error code: 400 unless a more specific one is defined."""
    return _STATUSES.get(code, 400)


def retry_headers(error: ProtocolError) -> dict[str, str]:
    """Return the headers that tell a client which was refused when it may try again."""
    if http_status(error.code) not in (429, 503):
        return {}
    return {"Retry-After": str(math.ceil(error.retry_after or _RETRY_SECONDS))}


@dataclass(frozen=True)
class ErrorFormat:
    """The error responses of a family of paths.

    message_type: type of the response, for the API's description.
    message: makes the response for an error.
    """

    message_type: type[msgspec.Struct]
    message: Callable[[ProtocolError], msgspec.Struct]


def _paddlespeech(error: ProtocolError) -> Failure:
    return Failure(
        code=http_status(error.code),
        message=FailureMessage(description=error.message),
        error=error.code,
    )


def _openai(error: ProtocolError) -> openai.Failure:
    return openai.Failure(
        error=openai.ErrorBody(
            message=error.message,
            type="server_error" if error.code in SERVER_ERRORS else "invalid_request_error",
            code=error.code.value,
        )
    )


PADDLESPEECH_ERRORS = ErrorFormat(Failure, _paddlespeech)
"""The original server's format, with our code added."""

OPENAI_ERRORS = ErrorFormat(openai.Failure, _openai)
"""OpenAI's format."""


def error_format(path: str, path_prefix: str) -> ErrorFormat:
    """Return the format of the paths around `path`."""
    return OPENAI_ERRORS if path.startswith(f"{path_prefix}/v1/") else PADDLESPEECH_ERRORS
