from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liusheng.asr.text.pieces import split_pieces, spread


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        (" Hello, world.", [" Hello,", " world."]),
        ("你好，我是Bob。", ["你", "好，", "我", "是", "Bob。"]),
        ("很高兴 use 3个", ["很", "高", "兴", " use", " 3", "个"]),
        ("他说“你好”了", ["他", "说", "“你", "好”", "了"]),
        ("《红楼梦》", ["《红", "楼", "梦》"]),
        ("3.5公里", ["3.5", "公", "里"]),
        ("one - two", ["one", " -", " two"]),
        ("ありがとう", list("ありがとう")),
        ("  ", []),
        ("", []),
    ],
)
def test_a_text_is_split_into_characters_and_words(text: str, pieces: list[str]) -> None:
    assert split_pieces(text) == pieces


@given(st.text())
def test_pieces_joined_are_the_text(text: str) -> None:
    pieces = split_pieces(text)
    assert "".join(pieces) == text.rstrip()
    assert all(p.strip() for p in pieces)


@given(st.lists(st.text(min_size=1)), st.floats(0, 100), st.floats(0, 30))
def test_spread_pieces_fill_their_span_in_order(
    texts: list[str], start: float, length: float
) -> None:
    pieces = spread(texts, start, start + length)
    assert [p.text for p in pieces] == texts
    places = [t for p in pieces for t in (p.start, p.end)]
    assert places == sorted(places)
    if texts:
        assert places[0] == pytest.approx(start)
        assert places[-1] == pytest.approx(start + length)
