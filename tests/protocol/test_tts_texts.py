"""A text of a synthesis session, from its first piece to its last."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.tts_commands import StartText
from liusheng.protocol.tts_texts import TextInTurn, is_last

VOICES = {0: "anna", 1: "ben"}


def begun(text: str, max_chars: int = 100, **fields: Any) -> TextInTurn:
    turn = TextInTurn(7)
    turn.begin({"text": text, **fields}, VOICES, max_chars)
    return turn


def test_the_command_has_every_parameter() -> None:
    turn = begun(
        "hi", spk_id=1, speed=2.0, volume=0.5, sample_rate=8_000, format="wav", marks=True,
        pace=1.5, ssml=True,
    )  # fmt: skip
    assert turn.start_command() == StartText(
        7, "hi", "ben", 2.0, 0.5, 8_000, "wav", True, 1.5, True, True
    )


def test_defaults_are_those_of_the_command() -> None:
    assert begun("hi").start_command() == StartText(7, "hi", "anna")


@given(st.lists(st.text(alphabet="ab ", max_size=5), min_size=1, max_size=10))
def test_pieces_are_joined(pieces: list[str]) -> None:
    turn = begun(pieces[0], more=True)
    for piece in pieces[1:]:
        assert turn.add({"text": piece, "more": True}, 100) == piece
    assert turn.plain == "".join(pieces)
    assert turn.start_command().text == turn.plain


def test_a_blank_text_is_refused_only_if_no_more_follows() -> None:
    assert begun(" ", more=True).plain == " "
    with pytest.raises(ProtocolError) as caught:
        begun(" ")
    assert caught.value.code is ErrorCode.EMPTY_TEXT


def test_ssml_comes_whole() -> None:
    with pytest.raises(ProtocolError, match="SSML") as caught:
        begun("<speak>", ssml=True, more=True)
    assert caught.value.code is ErrorCode.INVALID_FIELD


def test_the_limit_is_on_all_pieces_together() -> None:
    turn = begun("abc", 5, more=True)
    with pytest.raises(ProtocolError) as caught:
        turn.add({"text": "def"}, 5)
    assert caught.value.code is ErrorCode.TEXT_TOO_LONG
    assert turn.plain == "abc", "the piece is not used"
    assert turn.add({"text": "de"}, 5) == "de"


@pytest.mark.parametrize(
    ("field", "value", "same"),
    [("speed", 2.0, 1.0), ("voice", "ben", "anna"), ("format", "mp3", "pcm_s16le")],
)
def test_a_piece_repeats_the_first_ones_fields_or_leaves_them_out(
    field: str, value: object, same: object
) -> None:
    turn = begun("a", more=True, voice="anna")
    assert turn.add({"text": "b", "more": True, field: same}, 100) == "b"
    with pytest.raises(ProtocolError, match=field) as caught:
        turn.add({"text": "c", field: value}, 100)
    assert caught.value.code is ErrorCode.INVALID_FIELD
    assert turn.plain == "ab"


@pytest.mark.parametrize(
    ("message", "last"),
    [({}, True), ({"more": False}, True), ({"more": "yes"}, True), ({"more": True}, False)],
)
def test_a_text_ends_with_the_first_message_without_more(
    message: dict[str, Any], last: bool
) -> None:
    assert is_last(message) is last
