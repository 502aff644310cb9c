"""Clauses in two languages, for voices that say both in one pass."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liusheng.tts.text.assemble import ENGLISH_LONGEST, LONGEST
from liusheng.tts.text.frontend import FrontEnd
from liusheng.tts.text.growing import GrowingText
from liusheng.tts.text.types import Clause
from tests.support.examples import examples

FRAGMENTS = [
    *"今天天气很好 你好 打开 的 价格是 3 ， 。 、 ？ — hello Bluetooth iPhone it's Python".split(),
    *("It works", "字" * 30, "word " * 20, " ", "A股", "\n"),
]
texts = st.lists(st.sampled_from(FRAGMENTS), max_size=14).map("".join)


def shown(clauses: list[Clause]) -> list[str]:
    return [f"{clause.lang}:{clause.reading}:{clause.pause}" for clause in clauses]


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("打开Bluetooth设置。", ["mixed:打开 Bluetooth 设置:sentence"]),
        ("打开Bluetooth设置，好吗", ["mixed:打开 Bluetooth 设置:comma", "zh:好吗:none"]),
        ("好，iPad。", ["zh:好:comma", "en:iPad:sentence"]),
        ("手机、iPad", ["mixed:手机， iPad:none"]),
        ("你好。Hello there.", ["zh:你好:sentence", "en:Hello there:sentence"]),
        (
            "今天我们在图书馆里面用Bluetooth",
            ["zh:今天我们在图书馆里面用:none", "en:Bluetooth:none"],
        ),
    ],
)
def test_languages_that_no_pause_parts(front_end: FrontEnd, text: str, clauses: list[str]) -> None:
    assert shown(list(front_end.clauses(text, mixed=True))) == clauses


def test_a_question_is_asked_at_the_end(front_end: FrontEnd) -> None:
    (clause,) = front_end.clauses("用iPad吗？", mixed=True)
    assert (clause.asks, clause.parts[-1].asks, clause.parts[0].asks) == (True, True, False)
    assert (clause.ends_sentence, clause.span) == (True, (0, 6))


@settings(deadline=None, max_examples=examples(300))
@given(texts)
def test_the_same_is_read_with_and_without(front_end: FrontEnd, text: str) -> None:
    apart = [unit for clause in front_end.clauses(text) for unit in clause.units]
    clauses = list(front_end.clauses(text, mixed=True))
    together = [unit for clause in clauses for unit in clause.units]
    assert [unit.span for unit in apart] == [unit.span for unit in together]
    assert [unit.text.rstrip(",") for unit in apart] == [unit.text.rstrip(",") for unit in together]
    for clause in clauses:
        assert bool(clause.parts) == (clause.lang == "mixed")
        assert len(clause.units) <= LONGEST or len(clause.reading) <= ENGLISH_LONGEST
        if clause.parts:
            assert len(clause.parts) > 1
            assert all(part.pause == "none" for part in clause.parts[:-1])
            assert clause.reading == " ".join(part.reading for part in clause.parts)


@settings(deadline=None, max_examples=examples(200))
@given(texts, st.lists(st.integers(1, 9), min_size=1, max_size=5))
def test_pieces_are_read_as_the_whole(front_end: FrontEnd, text: str, sizes: list[int]) -> None:
    growing, found, given_sizes = GrowingText(), [], 0
    for clause in front_end.follow(growing, mixed=True):
        if clause is not None:
            found.append(clause)
        elif len(growing.text) < len(text):
            at = len(growing.text)
            growing.extend(text[at : at + sizes[given_sizes % len(sizes)]])
            given_sizes += 1
        else:
            growing.extend("", last=True)
    assert found == list(front_end.clauses(text, mixed=True))


def test_a_sentence_is_given_when_it_ends(front_end: FrontEnd) -> None:
    following = front_end.follow(GrowingText("打开Bluetooth设置，然"), mixed=True)
    clause = next(following)
    assert clause is not None
    assert clause.reading == "打开 Bluetooth 设置"
