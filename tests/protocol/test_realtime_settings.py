"""`session.update`: what it changes, and what it leaves."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liusheng.protocol import realtime
from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.realtime_settings import updated_session

DEFAULT = realtime.Session()


def update(**audio_input: Any) -> realtime.Session:
    return updated_session(DEFAULT, {"session": {"audio": {"input": audio_input}}})


def test_an_empty_update_changes_nothing() -> None:
    assert updated_session(DEFAULT, {"session": {}}) == DEFAULT
    assert update() == DEFAULT


def test_a_session_updated_with_itself_is_the_same() -> None:
    session = update(format={"type": "audio/pcmu"}, turn_detection=None)
    assert updated_session(session, {"session": msgspec.to_builtins(session)}) == session


def test_what_is_not_named_stays() -> None:
    german = update(transcription={"language": "de"})
    assert german.audio.input.transcription == realtime.Transcription(language="de")
    assert german.audio.input.turn_detection == realtime.ServerVad()
    quiet = updated_session(german, {"session": {"audio": {"input": {"turn_detection": None}}}})
    assert quiet.audio.input.turn_detection is None
    assert quiet.audio.input.transcription.language == "de"


def test_another_format_replaces_the_whole_object() -> None:
    law = update(format={"type": "audio/pcma"})
    assert law.audio.input.format == realtime.Pcma()
    back = updated_session(
        law, {"session": {"audio": {"input": {"format": {"type": "audio/pcm"}}}}}
    )
    assert back.audio.input.format == realtime.Pcm()


@pytest.mark.parametrize(
    ("session", "code"),
    [
        (None, ErrorCode.MISSING_FIELD),
        ("x", ErrorCode.MISSING_FIELD),
        ({"audio": 3}, ErrorCode.INVALID_FIELD),
        ({"audio": {"input": {"format": {"type": "audio/mp3"}}}}, ErrorCode.INVALID_FIELD),
        ({"audio": {"input": {"transcription": {"model": 1}}}}, ErrorCode.INVALID_FIELD),
        ({"include": ["logprobs"]}, ErrorCode.UNSUPPORTED_FIELD),
        ({"audio": {"input": {"transcription": {"prompt": "x"}}}}, ErrorCode.UNSUPPORTED_FIELD),
    ],
)
def test_a_wrong_update(session: Any, code: ErrorCode) -> None:
    with pytest.raises(ProtocolError) as caught:
        updated_session(DEFAULT, {"session": session})
    assert caught.value.code is code


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "audio", "input", "format", "transcription", "include", "x"])
            | st.text(),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)


@given(json_values)
def test_any_json_is_taken_or_refused(session: Any) -> None:
    try:
        changed = updated_session(DEFAULT, {"session": session})
    except ProtocolError:
        return
    assert isinstance(changed, realtime.Session)
