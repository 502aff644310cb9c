"""`session.update`: what it changes, and what it leaves."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liusheng.protocol import realtime
from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.realtime_settings import session_update
from liusheng.protocol.realtime_turn_detection import endpoint_ms
from tests.support.able import Able

DEFAULT = realtime.Session()


def settled(session: Any, message: dict[str, Any]) -> Any:
    return session_update(session, {"type": "session.update", **message}, Able()).session


def update(**audio_input: Any) -> Any:
    return settled(DEFAULT, {"session": {"audio": {"input": audio_input}}})


def test_an_empty_update_changes_nothing() -> None:
    assert settled(DEFAULT, {"session": {}}) == DEFAULT
    assert update() == DEFAULT


def test_a_session_updated_with_itself_is_the_same() -> None:
    session = update(format={"type": "audio/pcmu"}, turn_detection=None)
    assert settled(session, {"session": msgspec.to_builtins(session)}) == session


def test_what_is_not_named_stays() -> None:
    german = update(transcription={"language": "de"})
    assert german.audio.input.transcription == realtime.Transcription(language="de")
    assert german.audio.input.turn_detection == realtime.ServerVad()
    quiet = settled(german, {"session": {"audio": {"input": {"turn_detection": None}}}})
    assert quiet.audio.input.turn_detection is None
    assert quiet.audio.input.transcription.language == "de"


def test_another_format_replaces_the_whole_object() -> None:
    law = update(format={"type": "audio/pcma"})
    assert law.audio.input.format == realtime.Pcma()
    back = settled(law, {"session": {"audio": {"input": {"format": {"type": "audio/pcm"}}}}})
    assert back.audio.input.format == realtime.Pcm()


@pytest.mark.parametrize(
    ("session", "code"),
    [
        (None, ErrorCode.MISSING_FIELD),
        ("x", ErrorCode.MISSING_FIELD),
        ({"audio": 3}, ErrorCode.INVALID_FIELD),
        ({"audio": {"input": {"format": {"type": "audio/mp3"}}}}, ErrorCode.INVALID_FIELD),
        ({"audio": {"input": {"transcription": {"model": 1}}}}, ErrorCode.INVALID_FIELD),
        ({"include": ["logprobs"]}, ErrorCode.INVALID_FIELD),
        ({"audio": {"input": {"transcription": {"promt": "x"}}}}, ErrorCode.UNSUPPORTED_FIELD),
        ({"audio": {"input": {"transcription": None}}}, ErrorCode.INVALID_FIELD),
        ({"instructions": "x"}, ErrorCode.UNSUPPORTED_FIELD),
        ({"type": "realtime"}, ErrorCode.INVALID_FIELD),
    ],
)
def test_a_wrong_update(session: Any, code: ErrorCode) -> None:
    with pytest.raises(ProtocolError) as caught:
        settled(DEFAULT, {"session": session})
    assert caught.value.code is code


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                "type audio input output format transcription turn_detection include model voice "
                "language keywords modalities input_audio_format silence_duration_ms x".split()
            )
            | st.text(),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)


@given(json_values, st.sampled_from([DEFAULT, realtime.Conversation(model="m")]))
def test_any_json_is_taken_or_refused(update: Any, session: realtime.AnySession) -> None:
    try:
        changed = settled(session, {"session": update})
    except ProtocolError:
        return
    assert isinstance(changed, type(session))


# What clients send by default


def notes(session: realtime.AnySession, update: dict[str, Any]) -> dict[str, str]:
    """Return the fields of an update that are not applied, with the reasons."""
    found = session_update(session, {"type": "session.update", "session": update}, Able())
    return {each.param.removeprefix("session."): each.reason for each in found.not_applied}


PIPECAT = {
    "type": "transcription",
    "audio": {
        "input": {
            "format": {"type": "audio/pcm", "rate": 24_000},
            "transcription": {"model": "gpt-realtime-whisper", "language": "en"},
            "turn_detection": None,
        }
    },
}
LIVEKIT = {
    "type": "transcription",
    "audio": {
        "input": {
            "format": {"rate": 24_000, "type": "audio/pcm"},
            "transcription": {"model": "gpt-4o-mini-transcribe", "language": "en"},
            "turn_detection": {
                "type": "server_vad",
                "threshold": 0.5,
                "prefix_padding_ms": 600,
                "silence_duration_ms": 350,
            },
        }
    },
}
QUICK_START = {
    "type": "transcription",
    "audio": {
        "input": {
            "format": {"type": "audio/pcm", "rate": 24_000},
            "noise_reduction": {"type": "near_field"},
            "transcription": {"model": "gpt-4o-transcribe", "prompt": "", "language": "en"},
            "turn_detection": {
                "type": "server_vad",
                "threshold": 0.5,
                "prefix_padding_ms": 300,
                "silence_duration_ms": 500,
            },
        }
    },
    "include": ["item.input_audio_transcription.logprobs"],
}
LIVEKIT_CONVERSATION = {
    "type": "realtime",
    "model": "gpt-realtime",
    "output_modalities": ["audio"],
    "audio": {
        "input": {
            "format": {"rate": 24_000, "type": "audio/pcm"},
            "noise_reduction": None,
            "transcription": {"model": "gpt-4o-mini-transcribe"},
            "turn_detection": {
                "type": "semantic_vad",
                "create_response": True,
                "eagerness": "medium",
                "interrupt_response": True,
            },
        },
        "output": {
            "format": {"rate": 24_000, "type": "audio/pcm"},
            "speed": 1.0,
            "voice": "marin",
        },
    },
    "max_output_tokens": "inf",
    "tool_choice": "auto",
    "tracing": None,
    "instructions": "Be brief.",
}


@pytest.mark.parametrize(
    ("update", "ignored", "endpoint"),
    [
        (PIPECAT, set(), None),
        (LIVEKIT, {"turn_detection.prefix_padding_ms"}, 350),
        (QUICK_START, {"noise_reduction", "turn_detection.prefix_padding_ms", "include"}, 500),
    ],
    ids=["pipecat", "livekit", "quick start"],
)
def test_transcription(update: dict[str, Any], ignored: set[str], endpoint: int | None) -> None:
    found = notes(DEFAULT, update)
    assert {name.removeprefix("audio.input.") for name in found} == ignored
    audio = settled(DEFAULT, {"session": update}).audio.input
    assert endpoint_ms(audio.turn_detection) == endpoint
    assert audio.transcription.language == "en"


def test_conversation() -> None:
    session = realtime.Conversation(model="qwen")
    assert set(notes(session, LIVEKIT_CONVERSATION)) == {"model", "audio.input.turn_detection.type"}
    changed = settled(session, {"session": LIVEKIT_CONVERSATION})
    assert changed.model == "qwen"
    assert changed.instructions == "Be brief."
    assert changed.audio.output.voice == "marin"
    assert changed.audio.input.turn_detection == realtime.SemanticVad(
        eagerness="medium", create_response=True, interrupt_response=True
    )
    assert endpoint_ms(changed.audio.input.turn_detection) == 500


@pytest.mark.parametrize(
    ("update", "ignored"),
    [
        ({"audio": {"input": {"turn_detection": {"type": "server_vad", "threshold": 0.9}}}}, 1),
        ({"audio": {"input": {"turn_detection": {"type": "server_vad"}}}}, 0),
        ({"audio": {"input": {"transcription": {"languages": ["zh", "en"]}}}}, 1),
        ({"audio": {"input": {"transcription": {"languages": ["zh"]}}}}, 0),
        ({"audio": {"input": {"transcription": {"prompt": "a", "delay": "low"}}}}, 2),
        ({"audio": {"input": {"transcription": {"keywords": ["none", "流声"]}}}}, 1),
        ({"audio": {"output": {"voice": "alloy"}}}, 1),
        ({"id": "sess_1", "object": "realtime.session", "expires_at": 0}, 3),
    ],
)
def test_what_has_no_effect_is_said(update: dict[str, Any], ignored: int) -> None:
    assert len(notes(DEFAULT, update)) == ignored


def test_what_has_no_effect_in_a_conversation() -> None:
    session = realtime.Conversation(model="qwen")
    update = {
        "tools": [{"type": "function", "name": "look"}],
        "tool_choice": "required",
        "tracing": "auto",
        "truncation": {"type": "retention_ratio"},
        "reasoning": {"effort": "low"},
        "audio": {"output": {"speed": 0.25}},
    }
    assert len(notes(session, update)) == 6
    assert settled(session, {"session": update}).audio.output.speed == 0.5
    with pytest.raises(ProtocolError, match="output_modalities"):
        settled(session, {"session": {"output_modalities": ["audio", "text"]}})
    flat = {"modalities": ["audio", "text"], "voice": "alloy", "output_audio_format": "g711_alaw"}
    changed = settled(session, {"session": flat})
    assert changed.output_modalities == ("audio",)
    assert changed.audio.output.format == realtime.Pcma()


@pytest.mark.parametrize(("asked", "used"), [(0, 200), (199, 200), (700, 700), (60_000, 5_000)])
def test_silence_is_what_an_endpoint_can_be(asked: int, used: int) -> None:
    update = {"audio": {"input": {"turn_detection": {"type": "server_vad"}}}}
    update["audio"]["input"]["turn_detection"]["silence_duration_ms"] = asked  # type: ignore[assignment]
    changed = settled(DEFAULT, {"session": update})
    assert changed.audio.input.turn_detection.silence_duration_ms == used
    assert len(notes(DEFAULT, update)) == (asked != used)


def test_a_model_with_an_endpoint_of_its_own() -> None:
    able = Able(endpoints=False)
    nothing = session_update(DEFAULT, {"session": {}}, able)
    assert nothing.not_applied == ()
    detection = nothing.session.audio.input.turn_detection
    assert isinstance(detection, realtime.ServerVad)
    assert detection.silence_duration_ms is None
    assert endpoint_ms(detection) is None
    update = {"audio": {"input": {"turn_detection": {"type": "server_vad"}}}}
    update["audio"]["input"]["turn_detection"]["silence_duration_ms"] = 700  # type: ignore[assignment]
    (note,) = session_update(DEFAULT, {"session": update}, able).not_applied
    assert note.param == "session.audio.input.turn_detection.silence_duration_ms"
    eager = {"audio": {"input": {"turn_detection": {"type": "semantic_vad"}}}}
    params = [each.param for each in session_update(DEFAULT, {"session": eager}, able).not_applied]
    assert params[-1] == "session.audio.input.turn_detection.eagerness"


def test_a_type_that_is_not_named_stays() -> None:
    eager = update(turn_detection={"type": "semantic_vad", "eagerness": "low"})
    changes = {"audio": {"input": {"turn_detection": {"eagerness": "high"}, "format": {}}}}
    changed = settled(eager, {"session": changes}).audio.input
    assert changed.turn_detection == realtime.SemanticVad(eagerness="high")
    assert changed.format == realtime.Pcm()
    manual = update(turn_detection=None)
    vad = {"audio": {"input": {"turn_detection": {"silence_duration_ms": 300}}}}
    changed = settled(manual, {"session": vad}).audio.input
    assert changed.turn_detection == realtime.ServerVad(silence_duration_ms=300)


@pytest.mark.parametrize("name", ["audio.input", "a.b", ".", "voice."])
def test_a_name_with_dots_beside_the_flat_shape_is_a_name(name: str) -> None:
    """Found by libFuzzer: it was taken for a place."""
    for fields in ({name: None, "turn_detection": None}, {"turn_detection": None, name: None}):
        with pytest.raises(ProtocolError) as caught:
            settled(DEFAULT, {"session": fields})
        assert caught.value.code is ErrorCode.UNSUPPORTED_FIELD
        assert f'"{name}"' in caught.value.message
