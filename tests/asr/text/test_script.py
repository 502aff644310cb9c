from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liusheng.asr.text.pieces import Piece
from liusheng.asr.text.script import in_script, to_script
from liusheng.asr.types import Script


@pytest.mark.parametrize(
    ("text", "script", "converted"),
    [
        ("國務院派出八個督察組", Script.SIMPLIFIED, "国务院派出八个督察组"),
        ("国务院派出八个督察组", Script.TRADITIONAL, "國務院派出八個督察組"),
        ("乾坤", Script.SIMPLIFIED, "乾坤"),
        ("Wi-Fi 12", Script.TRADITIONAL, "Wi-Fi 12"),
    ],
)
def test_texts_are_converted(text: str, script: Script, converted: str) -> None:
    assert to_script(text, script) == converted


def test_pieces_are_converted_with_their_neighbours() -> None:
    pieces = [Piece(char, i, i + 1) for i, char in enumerate("头发发现")]
    converted = in_script(pieces, Script.TRADITIONAL)
    assert "".join(p.text for p in converted) == "頭髮發現", "发 has two traditional forms"
    assert [(p.start, p.end) for p in converted] == [(p.start, p.end) for p in pieces]


@given(st.lists(st.text("头发国里后皇 a,。", min_size=1, max_size=4), max_size=6))
def test_each_piece_keeps_its_length(texts: list[str]) -> None:
    pieces = [Piece(text, 0.0, 1.0) for text in texts]
    for script in Script:
        converted = in_script(pieces, script)
        assert [len(p.text) for p in converted] == [len(text) for text in texts]
