"""The rules on a text for synthesis, which are the same on every path."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.synthesis_request import (
    SynthesisRequest,
    checked_request,
    decode_text,
    nothing_to_say,
    plain_text,
)

VOICES = {0: "anna", 3: "ben"}


def check(**message: Any) -> SynthesisRequest:
    return checked_request(message, VOICES, 20, {"ssml": (False,)})


def test_defaults() -> None:
    assert check(text="hello") == SynthesisRequest("hello", "anna", 1.0)


def test_a_voice_by_number_or_name() -> None:
    assert check(text="a", spk_id=3).voice == "ben"
    assert check(text="a", voice="ben").voice == "ben"
    assert check(text="a", voice="ben", spk_id=0).voice == "ben", "the name counts"


@pytest.mark.parametrize(
    ("message", "code", "words"),
    [
        ({}, ErrorCode.MISSING_FIELD, '"text"'),
        ({"text": 1}, ErrorCode.INVALID_FIELD, '"text"'),
        ({"text": " \n"}, ErrorCode.EMPTY_TEXT, '"text"'),
        ({"text": "x" * 21}, ErrorCode.TEXT_TOO_LONG, "20"),
        ({"text": "a", "spk_id": 1}, ErrorCode.UNKNOWN_VOICE, "0 (anna), 3 (ben)"),
        ({"text": "a", "voice": "eve"}, ErrorCode.UNKNOWN_VOICE, '"eve"'),
        ({"text": "a", "speed": 9}, ErrorCode.INVALID_FIELD, '"speed"'),
        ({"text": "a", "ssml": True}, ErrorCode.UNSUPPORTED_FIELD, '"ssml"'),
        ({"text": "!", "encoding": "base64"}, ErrorCode.INVALID_FIELD, "base64"),
    ],
)
def test_a_wrong_request(message: dict[str, Any], code: ErrorCode, words: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        check(**message)
    assert caught.value.code is code
    assert words in caught.value.message


@given(st.text())
def test_declared_base64_is_decoded(text: str) -> None:
    assert decode_text(base64.b64encode(text.encode()).decode(), encoded=True) == text


@given(st.text(alphabet=st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=2))
def test_base64_of_chinese_is_detected(text: str) -> None:
    assert decode_text(base64.b64encode(text.encode()).decode(), encoded=False) == text


@given(st.text(alphabet=st.characters(max_codepoint=0x7F)))
def test_base64_without_chinese_is_not(text: str) -> None:
    encoded = base64.b64encode(text.encode()).decode()
    assert decode_text(encoded, encoded=False) == encoded


@given(st.text(max_size=30), st.integers(1, 30))
def test_a_text_is_returned_unchanged_or_refused(text: str, limit: int) -> None:
    if text.strip() and len(text) <= limit:
        assert plain_text(text, "input", limit) == text
        return
    with pytest.raises(ProtocolError) as caught:
        plain_text(text, "input", limit)
    assert caught.value.code in (ErrorCode.EMPTY_TEXT, ErrorCode.TEXT_TOO_LONG)


def test_a_text_without_sound_is_quoted() -> None:
    error = nothing_to_say("…" * 100)
    assert error.code is ErrorCode.NOTHING_TO_SAY
    assert len(error.message) < 200
