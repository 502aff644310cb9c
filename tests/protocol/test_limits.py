"""The wording of limits: each error names the value and the limit."""

from __future__ import annotations

import sys

import pytest

from liusheng.protocol import asr, limits
from liusheng.protocol.errors import ErrorCode, ProtocolError


def test_room_is_whole_samples_of_all_channels() -> None:
    start = asr.Start(name="a", sample_rate=8_000, channels=2)
    assert limits.audio_room(start, 0, 0.00015) == 4
    assert limits.audio_room(start, 2 / 32_000, 0.00015) == 2
    assert limits.audio_room(start, 0, 1e-9) == 4
    assert limits.audio_room(start, 10**6, 0) == sys.maxsize
    container = asr.Start(name="a", format="wav")
    assert limits.audio_room(container, 10**6, 1) == sys.maxsize


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (
            limits.session_too_long(90, "Send it in parts."),
            ErrorCode.SESSION_TOO_LONG,
            ("90 s", "Send it in parts."),
        ),
        (limits.packet_too_large(5_000, 4_000), ErrorCode.PACKET_TOO_LARGE, ("5,000", "4,000")),
        (
            limits.message_too_large("The body", 10_000, "bytes"),
            ErrorCode.MESSAGE_TOO_LARGE,
            ("The body is", "10,000 bytes"),
        ),
        (limits.text_too_long(51, 50), ErrorCode.TEXT_TOO_LONG, ("51", "50")),
    ],
)
def test_an_error_names_value_and_limit(
    error: ProtocolError, code: ErrorCode, words: tuple[str, ...]
) -> None:
    assert error.code is code
    assert all(word in error.message for word in words)
