"""Errors about fields are sentences: which field, what it may hold, what it was."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liusheng.protocol import asr, http, openai, realtime, tts
from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.expected import expected, field_and_value, named
from liusheng.protocol.frames import convert
from liusheng.protocol.realtime_updates import SessionUpdate

CHARACTERS = "a text of 1 to 50 characters"


def refusal(struct: type[Any], message: dict[str, Any], *, strict: bool = True) -> str:
    with pytest.raises(ProtocolError) as caught:
        convert(message, struct, strict=strict)
    assert caught.value.code is ErrorCode.INVALID_FIELD
    return caught.value.message


@pytest.mark.parametrize(
    ("struct", "field", "value", "words"),
    [
        (asr.Start, "name", 3, "a text of at most 1,000 characters, not the number 3"),
        (asr.Start, "name", None, "a text of at most 1,000 characters, not null"),
        (asr.Start, "nbest", True, "a whole number from 1 to 100, not true"),
        (asr.Start, "nbest", "1", 'a whole number from 1 to 100, not the text "1"'),
        (asr.Start, "endpoint_ms", 9_999, "a whole number from 200 to 5,000, not the number 9999"),
        (asr.Start, "itn", "yes", 'true or false, not the text "yes"'),
        (asr.Start, "lang", "", 'a text of 1 to 20 characters, not the text ""'),
        (asr.Start, "channels", 3, "1 or 2, not the number 3"),
        (asr.Start, "partials", "all", '"cumulative" or "utterance", not the text "all"'),
        (
            asr.Start,
            "hotwords",
            "a",
            f"a list of at most 200 items, each {CHARACTERS}, not the text",
        ),
        (tts.Start, "task", "asr", '"tts", not the text "asr"'),
        (tts.TextPart, "text", {"a": 1}, 'a text, not the object {"a":1}'),
        (tts.TextPart, "speed", "fast", 'a number from 0.5 to 2, not the text "fast"'),
        (tts.TextPart, "spk_id", -1, "a whole number, at least 0, not the number -1"),
        (http.SpeechBody, "volume", 0, "a number above 0, at most 3, not the number 0"),
        (http.SpeechBody, "save_path", 1, "a text or null, not the number 1"),
        (openai.SpeechBody, "voice", 3, "a text or an object, not the number 3"),
        (realtime.Append, "audio", [1], "a text, not the list [1]"),
    ],
)
def test_every_kind_of_field_has_its_words(
    struct: Any, field: str, value: object, words: str
) -> None:
    required = {"name": "", "text": "", "model": "", "input": "", "voice": ""}
    message = {key: each for key, each in required.items() if key in struct.__struct_fields__}
    assert refusal(struct, {**message, field: value}).startswith(
        f'The field "{field}" must be {words}'
    )


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("format.type", "audio/mp3", '"audio/pcm" or "audio/pcmu" or "audio/pcma", not the text'),
        ("format.rate", 16_000, "24000, not the number 16000"),
        ("turn_detection.threshold", 1.5, "a number from 0 to 1 or null, not the number 1.5"),
        ("turn_detection", 5, 'an object whose "type" is "server_vad" or an object'),
        ("transcription.language", 3, "a text of at most 20 characters or null, not the number 3"),
    ],
)
def test_a_field_in_an_object_has_its_whole_path(path: str, value: object, words: str) -> None:
    message = msgspec.to_builtins(realtime.Session())
    place = message["audio"]["input"]
    *above, last = path.split(".")
    for name in above:
        place = place[name]
    place[last] = value
    text = refusal(SessionUpdate, message)
    assert text.startswith(f'The field "audio.input.{path}" must be {words}')


def test_an_item_of_a_list_has_its_number() -> None:
    text = refusal(asr.Start, {"name": "", "hotwords": ["国庆", 3]})
    assert text == f'The field "hotwords[1]" must be {CHARACTERS}, not the number 3.'


def test_what_is_too_long_to_quote_has_its_length() -> None:
    assert named("x" * 70) == 'the text "' + "x" * 58 + "… of 70 characters"
    assert named([0] * 201).endswith("… of 201 items")


def test_query_parameters_have_the_same_words() -> None:
    text = refusal(http.RecognitionQuery, {"nbest": "many"}, strict=False)
    assert text == 'The field "nbest" must be a whole number from 1 to 100, not the text "many".'


class Others(msgspec.Struct):
    """Kinds of fields that no message has yet."""

    at_most: Annotated[int, msgspec.Meta(le=5)] = 0
    above: Annotated[float, msgspec.Meta(gt=0)] = 1.0
    words: list[Literal["a"]] = []
    anything: list[Any] = []
    by_name: dict[str, int] = {}


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("at_most", "a whole number, at most 5"),
        ("above", "a number above 0"),
        ("words", 'a list, each "a"'),
        ("anything", "a list"),
        ("by_name", "an object, each name a text, each value a whole number"),
        ("unknown", "another value"),
    ],
)
def test_other_kinds(field: str, words: str) -> None:
    assert expected(Others, field) == words


def test_a_path_ends_where_the_message_does() -> None:
    assert field_and_value({"by_name": {"a": "x"}}, "by_name[...]") == ("by_name", {"a": "x"})
    assert field_and_value({"items": [1]}, "items[7]") == ("items", [1])


STRUCTS = (
    asr.Start,
    http.RecognitionBody,
    http.RecognitionQuery,
    http.SpeechBody,
    openai.SpeechBody,
    openai.TranscriptionForm,
    realtime.Session,
    tts.TextPart,
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


def error_of(struct: type[Any], message: dict[str, Any]) -> ProtocolError | None:
    try:
        convert(message, struct)
    except ProtocolError as error:
        return error
    return None


@given(st.sampled_from(STRUCTS), st.data())
def test_no_error_speaks_the_librarys_language(struct: Any, data: st.DataObject) -> None:
    message = data.draw(st.dictionaries(st.sampled_from(struct.__struct_fields__), VALUES))
    error = error_of(struct, message)
    if error:
        assert "Expected" not in error.message
        assert "`" not in error.message or "`" in repr(message)
        assert "another value" not in error.message
        if error.code is ErrorCode.INVALID_FIELD:
            assert any(f'"{name}' in error.message for name in message)
