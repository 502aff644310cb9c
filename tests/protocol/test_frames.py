"""Text frames: what cannot be read is told in words that help."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liusheng.protocol import asr, tts
from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.frames import (
    convert,
    encode,
    is_costly,
    parse_body,
    parse_object,
    refuse_unsupported,
)
from liusheng.protocol.http import UNSUPPORTED_RECOGNITION
from liusheng.protocol.quoting import quoted


def refusal(call: Any, *args: Any) -> ProtocolError:
    with pytest.raises(ProtocolError) as caught:
        call(*args)
    return caught.value


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("", ErrorCode.INVALID_JSON),
        ("hello", ErrorCode.INVALID_JSON),
        ('{"signal": "start"', ErrorCode.INVALID_JSON),
        ('{"signal": NaN}', ErrorCode.INVALID_JSON),
        ("\ud800", ErrorCode.INVALID_JSON),
        ("[" * 5_000, ErrorCode.INVALID_JSON),
        ("1" * 5_000, ErrorCode.INVALID_JSON),
        ("[1, 2]", ErrorCode.NOT_AN_OBJECT),
        ('"start"', ErrorCode.NOT_AN_OBJECT),
        ("null", ErrorCode.NOT_AN_OBJECT),
        ("3", ErrorCode.NOT_AN_OBJECT),
        ('{"a": "' + "x" * 20_000 + '"}', ErrorCode.MESSAGE_TOO_LARGE),
    ],
)
def test_unreadable_frames_have_their_code(frame: str, code: ErrorCode) -> None:
    assert refusal(parse_object, frame, 20_000).code is code


def attempt(call: Any, *args: Any) -> Any:
    try:
        return call(*args)
    except ProtocolError as error:
        return error


@given(st.text())
def test_any_text_is_an_object_or_a_protocol_error(frame: str) -> None:
    outcome = attempt(parse_object, frame, 1_000)
    assert isinstance(outcome, dict) or outcome.message


@given(
    st.dictionaries(
        st.sampled_from(["name", "nbest", "lang", "other"]),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text()),
    )
)
def test_a_start_is_taken_or_the_error_names_a_field(message: dict[str, object]) -> None:
    outcome = attempt(convert, message, asr.Start)
    if isinstance(outcome, ProtocolError):
        assert outcome.code in (ErrorCode.MISSING_FIELD, ErrorCode.INVALID_FIELD)
        assert any(f'"{field}"' in outcome.message for field in ("name", "nbest", "lang"))
    else:
        assert outcome.name == message["name"]


@pytest.mark.parametrize(
    ("message", "struct", "code", "words"),
    [
        ({"nbest": 1}, asr.Start, ErrorCode.MISSING_FIELD, ['"name"']),
        ({"name": 3}, asr.Start, ErrorCode.INVALID_FIELD, ['"name"', "a text", "3"]),
        ({"name": "a", "nbest": "1"}, asr.Start, ErrorCode.INVALID_FIELD, ['"nbest"', '"1"']),
        ({"name": "a", "nbest": 0}, asr.Start, ErrorCode.INVALID_FIELD, ["from 1 to 100", "0"]),
        ({"name": "a", "nbest": True}, asr.Start, ErrorCode.INVALID_FIELD, ["true"]),
        ({"task": "asr"}, tts.Start, ErrorCode.INVALID_FIELD, ['"tts"', '"asr"']),
        ({}, tts.Start, ErrorCode.MISSING_FIELD, ['"task"']),
        ({"text": "a", "spk_id": -1}, tts.Text, ErrorCode.INVALID_FIELD, ['"spk_id"', "-1"]),
        ({"text": "a", "speed": 9}, tts.Text, ErrorCode.INVALID_FIELD, ['"speed"', "9"]),
        ({"text": "a", "encoding": "x"}, tts.Text, ErrorCode.INVALID_FIELD, ['"base64"', '"x"']),
    ],
)
def test_wrong_fields_are_named_with_value_and_remedy(
    message: Any, struct: Any, code: Any, words: Any
) -> None:
    error = refusal(convert, message, struct)
    assert error.code is code
    assert all(word in error.message for word in words), error.message


def test_unknown_fields_are_left_alone() -> None:
    assert convert({"name": "a", "future": {"x": 1}}, asr.Start).name == "a"


@pytest.mark.parametrize("field", sorted(UNSUPPORTED_RECOGNITION))
def test_fields_not_built_are_refused_unless_they_change_nothing(field: str) -> None:
    error = refusal(refuse_unsupported, {field: "something else"}, UNSUPPORTED_RECOGNITION)
    assert error.code is ErrorCode.UNSUPPORTED_FIELD
    assert f'"{field}"' in error.message
    for harmless in UNSUPPORTED_RECOGNITION[field]:
        refuse_unsupported({field: harmless}, UNSUPPORTED_RECOGNITION)


def test_true_is_not_one() -> None:
    assert refusal(refuse_unsupported, {"channels": True}, {"channels": (1,)})


def test_a_long_value_is_cut_in_errors() -> None:
    assert len(quoted("x" * 10_000)) == 60


def test_messages_keep_the_originals_shape() -> None:
    limits = asr.Limits(
        idle_seconds=60, max_packet_bytes=1, max_queued_seconds=30, max_session_seconds=0
    )
    ready = msgspec.json.decode(encode(asr.ServerReady(session="s", model="m", limits=limits)))
    assert (ready["status"], ready["signal"]) == ("ok", "server_ready")
    error = msgspec.json.decode(encode(asr.Error(code=ErrorCode.NOT_STARTED, message="m")))
    assert error == {"status": "error", "code": "not_started", "message": "m"}
    reply = msgspec.json.decode(
        encode(asr.Error(code=ErrorCode.NOT_STARTED, message="m", result=""))
    )
    assert reply["result"] == ""
    assert msgspec.json.decode(encode(tts.Audio(status=2, audio=""))) == {"status": 2, "audio": ""}
    assert msgspec.json.decode(encode(tts.Error(code=ErrorCode.EMPTY_TEXT, message="m"))) == {
        "status": -1,
        "code": "empty_text",
        "message": "m",
        "audio": "",
    }


def test_too_many_values_are_refused_before_they_are_made() -> None:
    """Each list takes many times the memory of its two characters."""
    many = '{"text": [' + "[]," * 200_000 + "[]]}"
    for error in (refusal(parse_body, many.encode()), refusal(parse_object, many, 1 << 20)):
        assert error.code is ErrorCode.MESSAGE_TOO_LARGE
        assert "over the limit of 20,000 values" in error.message


@pytest.mark.parametrize(
    "text", ["1, 2 [3] {4} " * 10_000, '", "' * 9_000, "\\," * 30_000, '\\",' * 30_000]
)
def test_commas_and_brackets_of_a_text_are_no_values(text: str) -> None:
    frame = json.dumps({"text": text})
    assert parse_object(frame, 1 << 20) == parse_body(frame.encode()) == {"text": text}
    many = json.dumps({"text": text, "other": [0] * 20_000})
    assert refusal(parse_object, many, 1 << 20).code is ErrorCode.MESSAGE_TOO_LARGE


def test_numbers_are_python_s_and_none_is_infinite() -> None:
    """msgspec's own way takes eight times as long for those with many digits."""
    numbers = "[1.5, -0.0, 1E5, 1.2345678901234567e-300, 123456789012345678901234567890, 7]"
    parsed = parse_object(f'{{"a": {numbers}}}', 1_000)["a"]
    assert parsed == json.loads(numbers)
    assert [type(each) for each in parsed] == [float] * 4 + [int] * 2
    for number in ("-1e400", "0." + "1" * 100):
        assert refusal(parse_object, f'{{"a": {number}}}', 1_000).code is ErrorCode.INVALID_JSON


@pytest.mark.parametrize(
    ("frame", "costly"),
    [
        ('{"text": "' + "a" * 15_000 + '"}', False),
        ('{"text": "' + "a" * 17_000 + '"}', True),
        ('{"text": [' + "0," * 90 + "0]}", False),
        ('{"text": [' + "0," * 110 + "0]}", True),
    ],
)
def test_what_is_costly_to_parse(frame: str, costly: bool) -> None:
    assert is_costly(frame) is is_costly(frame.encode()) is costly


def _values() -> st.SearchStrategy[object]:
    return st.recursive(
        st.none() | st.booleans() | st.integers(-99, 10**12) | st.text(max_size=80),
        lambda inner: (
            st.lists(inner, max_size=30) | st.dictionaries(st.text(max_size=70), inner, max_size=30)
        ),
    )


@given(_values(), st.integers(1, 100))
def test_a_quotation_is_the_beginning(value: object, most: int) -> None:
    whole = msgspec.json.encode(value).decode()
    if len(whole) <= most:
        assert quoted(value, most) == whole
    else:
        assert quoted(value, most)[:-1] == whole[: most - 1]


def test_of_much_only_what_is_quoted_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[object] = []
    encode = msgspec.json.encode

    def written_whole(value: object) -> bytes:
        written.append(value)
        return encode(value)

    monkeypatch.setattr(msgspec.json, "encode", written_whole)
    large = {"a" * 10**6: ["b" * 10**6, [0] * 10**5, {str(n): n for n in range(10**5)}]}
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    for value in (large, deep, [deep, large], "流" * 10**6):
        assert len(quoted(value)) == 60
    assert all(len(repr(each)) < 1_000 for each in written)
