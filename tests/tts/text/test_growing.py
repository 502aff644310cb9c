"""A text in pieces is read as the whole text is, and as soon as that can be known."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from liusheng.tts.text.cut import LONGEST_PIECE, piece_end, sure_end
from liusheng.tts.text.frontend import FrontEnd
from liusheng.tts.text.growing import GrowingText
from liusheng.tts.text.types import Clause
from tests.support.examples import examples

FRAGMENTS = [
    *"今天天气很好 你好 价格是 元 3 14 1,234 ５ ， 。 ！ ？ … — ——".split(),
    *"： ； 、 “ ” 「 」 （ ）".split(),
    *"hello U.S e.g www.a.com/b?c=d foo@qq.com 3:30 2-1 头髮 😀 《红楼梦》 AB x² ％ ． A股".split(),
    *". , : ( ) \" ' Mr Dr.".split(),
    *(" ", "  ", "\n", "It works", "字" * 30, "a," * 30, "word " * 20),
]

texts = st.one_of(
    st.lists(st.sampled_from(FRAGMENTS), max_size=14).map("".join),
    st.text(alphabet="。，.：:—“”\"（）(1a 字…\n/'", max_size=40),
)


def read(front_end: FrontEnd, pieces: Sequence[str]) -> list[Clause]:
    """Every clause, each piece given only when nothing more can be told without it."""
    text = GrowingText()
    clauses = []
    rest = list(pieces)
    for clause in front_end.follow(text):
        if clause is not None:
            clauses.append(clause)
        elif rest:
            text.extend(rest.pop(0))
        else:
            text.extend("", last=True)
    return clauses


def split(text: str, sizes: Sequence[int]) -> list[str]:
    pieces: list[str] = []
    while text:
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(text[:size])
        text = text[size:]
    return pieces


@settings(deadline=None, max_examples=examples(300))
@given(texts, st.lists(st.integers(1, 9), min_size=1, max_size=5))
@example("他说：“你好。我来了。”然后走了。", [1])
@example("3. 14", [1])
@example("2020, the year of change.", [2])
@example("Dr. Smith came. He left.", [1])
@example("hello,/x", [6])
@example("U.S'A股", [1])
def test_pieces_are_read_as_the_whole(front_end: FrontEnd, text: str, sizes: list[int]) -> None:
    assert read(front_end, split(text, sizes)) == list(front_end.clauses(text))


@settings(deadline=None, max_examples=examples(500))
@given(texts, texts, st.integers(0, 40))
def test_what_is_sure_stays(text: str, more: str, start: int) -> None:
    end = sure_end(text, min(start, len(text)), len(text))
    if end is not None:
        assert piece_end(text + more, min(start, len(text))) == end


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("今天天气很好，我", "今天天气很好"),
        ("你好世界！今", "你好世界"),
        ("好的。今", "好的"),
        ("The weather is fine today. It", "The weather is fine today"),
    ],
)
def test_a_complete_clause_is_read_at_once(front_end: FrontEnd, text: str, first: str) -> None:
    clause = next(front_end.follow(GrowingText(text)))
    assert clause is not None
    assert clause.reading == first


def test_a_sentence_is_not_held_back_for_the_next(front_end: FrontEnd) -> None:
    following = front_end.follow(GrowingText("今天天气很好。我们去公园玩吧。大"))
    readings = [clause.reading for clause in (next(following), next(following)) if clause]
    assert readings == ["今天天气很好", "我们去公园玩吧"]
    assert next(following) is None


def test_without_punctuation_a_long_text_goes_on(front_end: FrontEnd) -> None:
    assert next(front_end.follow(GrowingText("字" * 4 * LONGEST_PIECE))) is not None


def flushed(front_end: FrontEnd, before: str, after: str) -> list[str]:
    """What is read when the speaker pauses after `before`, then what is read in the end."""
    text = GrowingText(before)
    following = front_end.follow(text)
    heard: list[str] = []

    def listen() -> None:
        heard.append("")
        for clause in following:
            if clause is None:
                return
            heard[-1] += clause.reading + "|"

    listen()
    text.flush(len(before))
    listen()
    text.extend(after, last=True)
    listen()
    return heard


@pytest.mark.parametrize(
    ("before", "after", "heard"),
    [
        ("今天天气很好，", "我们走。", ["", "今天天气很好|", "我们走|"]),
        ("今天天气很好。", "我们走。", ["", "今天天气很好|", "我们走|"]),
        ("今天天", "气很好。", ["", "", "今天天气很好|"]),
        ("好，今天天", "气很好。", ["", "好|", "今天天气很好|"]),
        ("一共是3.", "14元。", ["", "", "一共是三点一四元|"]),
        ("他说：“你好。", "再见。”", ["", "他说，你好|", "再见|"]),
    ],
)
def test_a_pause_flushes_what_is_complete(
    front_end: FrontEnd, before: str, after: str, heard: list[str]
) -> None:
    assert flushed(front_end, before, after) == heard


@settings(deadline=None, max_examples=examples(100))
@given(texts, texts)
def test_what_was_flushed_is_read_again_the_same(
    front_end: FrontEnd, before: str, after: str
) -> None:
    """A worker that takes over gets the whole text and the lengths at which it was flushed."""
    again = GrowingText(before + after, last=True, flushes=[len(before)])
    replayed = "".join(f"{c.reading}|" for c in front_end.follow(again) if c is not None)
    assert replayed == "".join(flushed(front_end, before, after))
