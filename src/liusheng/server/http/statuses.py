"""Errors over HTTP: the status that goes with each code, and the bodies that clients expect."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.http import Failure, FailureMessage

_STATUSES = {
    ErrorCode.NOT_ACCEPTABLE: 406,
    ErrorCode.UNKNOWN_MODEL: 404,
    ErrorCode.UNKNOWN_PATH: 404,
    ErrorCode.WRONG_METHOD: 405,
    ErrorCode.IDLE_TIMEOUT: 408,
    ErrorCode.MESSAGE_TOO_LARGE: 413,
    ErrorCode.TEXT_TOO_LONG: 413,
    ErrorCode.SESSION_TOO_LONG: 413,
    ErrorCode.SERVER_BUSY: 503,
    ErrorCode.SERVER_STOPPING: 503,
    ErrorCode.RECOGNITION_FAILED: 500,
    ErrorCode.SYNTHESIS_FAILED: 500,
    ErrorCode.INTERNAL_ERROR: 500,
    ErrorCode.NO_PUNCTUATION: 501,
}


def http_status(code: ErrorCode) -> int:
    """Return the status of an answer that carries this error: 400 unless a truer one is known."""
    return _STATUSES.get(code, 400)


@dataclass(frozen=True)
class Failures:
    """How a family of paths tells of errors.

    kind: the type of the message, for the documents.
    """

    kind: type[msgspec.Struct]
    message: Callable[[ProtocolError], msgspec.Struct]


def _original(error: ProtocolError) -> Failure:
    return Failure(
        code=http_status(error.code),
        message=FailureMessage(description=error.message),
        error=error.code,
    )


ORIGINAL_FAILURES = Failures(Failure, _original)
"""As the original server tells of them, with our code beside."""
