"""Errors of the server: a stable code, and a sentence that says what to do."""

from __future__ import annotations

import pytest

from liusheng.asr.capabilities import NotSupportedError
from liusheng.protocol.errors import SERVER_ERRORS, ErrorCode, ProtocolError
from liusheng.runtime.errors import BusyError, GaveWayError, TextStoppedError
from liusheng.server import errors
from liusheng.tts.ssml import SsmlError


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.server_busy("text", BusyError("128 are open")), ErrorCode.SERVER_BUSY),
        (errors.server_stopping(), ErrorCode.SERVER_STOPPING),
        (errors.internal_error(), ErrorCode.INTERNAL_ERROR),
        (errors.recognition_failed(), ErrorCode.RECOGNITION_FAILED),
        (errors.synthesis_failed(), ErrorCode.SYNTHESIS_FAILED),
    ],
)
def test_a_fault_of_the_server_is_no_fault_of_the_client(
    error: ProtocolError, code: ErrorCode
) -> None:
    assert error.code is code
    assert code in SERVER_ERRORS
    assert any(word in error.message.lower() for word in ("again", "later")), "what to do"


@pytest.mark.parametrize(
    "error",
    [
        errors.not_supported(NotSupportedError("no hotwords")),
        errors.invalid_ssml(SsmlError("<break> is open")),
    ],
)
def test_a_fault_of_the_request_is_the_clients(error: ProtocolError) -> None:
    assert error.code not in SERVER_ERRORS


def test_the_reason_is_in_the_message() -> None:
    busy = errors.server_busy("recognition", BusyError("128 are open"))
    assert "another recognition" in busy.message
    assert "128 are open" in busy.message
    assert "no hotwords" in errors.not_supported(NotSupportedError("no hotwords")).message
    assert "<break> is open" in errors.invalid_ssml(SsmlError("<break> is open")).message


def test_what_a_client_is_told_of_a_failure(
    caplog: pytest.LogCaptureFixture,
) -> None:
    own = errors.invalid_ssml(SsmlError("<break> is open"))
    assert errors.recognition_error(own) is own
    assert errors.synthesis_error(GaveWayError()).code is ErrorCode.SLOW_READER
    assert errors.synthesis_error(TextStoppedError()).code is ErrorCode.NO_TEXT
    assert not caplog.records
    assert errors.synthesis_error(RuntimeError("mute")).code is ErrorCode.SYNTHESIS_FAILED
    assert "synthesis failed: RuntimeError" in caplog.text
    assert errors.recognition_error(RuntimeError("died")).code is ErrorCode.RECOGNITION_FAILED
    assert "recognition failed: RuntimeError" in caplog.text
    assert "died" not in caplog.text
