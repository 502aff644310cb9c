from __future__ import annotations

import pytest

from liusheng.asr.offline.repetition import has_loop, without_loops
from liusheng.asr.text.pieces import split_pieces, spread


def cleaned(text: str) -> str:
    return "".join(p.text for p in without_loops(spread(split_pieces(text), 0, 1)))


@pytest.mark.parametrize(
    "text",
    [
        "今天天气今天天气",
        "晴晴晴晴晴晴晴晴",
        "I am here. I am here. I am here. I am here.",
        "《日报》是《日报》是《日报》是《日报》是",
        "what do you think what do you think",
        "".join("abcdefghij"[i % 3] * 2 + " " for i in range(40)),
    ],
)
def test_loops_are_detected(text: str) -> None:
    assert has_loop(split_pieces(text), 2.4)


@pytest.mark.parametrize(
    "text", ["", "汪汪汪咬几声", "谢谢谢谢", "so very, very, very good", "一二三四五六七八九十"]
)
def test_ordinary_repetition_is_no_loop(text: str) -> None:
    assert not has_loop(split_pieces(text), 2.4)
    assert cleaned(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("我们走晴晴晴晴晴晴晴晴", "我们走晴"),
        ("今天天气，今天天气，今天天气，好", "今天天气，好"),
        ("I am. I am. I am. I am. Yes.", "I am. Yes."),
        ("今天天气今天天气好", "今天天气今天天气好"),
    ],
)
def test_of_a_loop_one_stays(text: str, shown: str) -> None:
    assert cleaned(text) == shown
