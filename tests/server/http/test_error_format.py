"""The HTTP status and the body of every error code."""

from __future__ import annotations

import msgspec
import pytest

from liusheng.protocol.errors import SERVER_ERRORS, ErrorCode, ProtocolError
from liusheng.server.http.error_format import OPENAI_ERRORS, PADDLESPEECH_ERRORS, http_status


@pytest.mark.parametrize("code", ErrorCode)
def test_the_status_separates_errors_of_client_and_server(code: ErrorCode) -> None:
    status = http_status(code)
    assert 400 <= status < 600
    if code in SERVER_ERRORS:
        assert status >= 500
    elif code is not ErrorCode.NO_PUNCTUATION:  # 501: the server has no such function
        assert status < 500


@pytest.mark.parametrize("code", ErrorCode)
def test_paddlespeech_clients_get_their_envelope(code: ErrorCode) -> None:
    body = msgspec.to_builtins(PADDLESPEECH_ERRORS.message(ProtocolError(code, "What to do.")))
    assert body == {
        "success": False,
        "code": http_status(code),
        "message": {"description": "What to do."},
        "error": code.value,
    }


@pytest.mark.parametrize("code", ErrorCode)
def test_openai_clients_get_theirs(code: ErrorCode) -> None:
    body = msgspec.to_builtins(OPENAI_ERRORS.message(ProtocolError(code, "What to do.")))
    kind = "server_error" if code in SERVER_ERRORS else "invalid_request_error"
    assert body == {
        "error": {"message": "What to do.", "type": kind, "param": None, "code": code.value}
    }
