"""Alternatives that are kept as utterances close are those of the whole."""

from __future__ import annotations

import gc
import itertools
import tracemalloc
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liusheng.protocol.alternatives import Alternatives
from liusheng.protocol.closed_text import ClosedText
from tests.protocol.test_transcript import Alternative, Utterance, spoken

UTTERANCES = st.lists(
    st.lists(
        st.tuples(st.sampled_from(["你好，", "好。", "well", "a b", "，"]), st.floats(-9, 0)),
        max_size=3,
    ),
    max_size=4,
)


def utterance(index: int, forms: list[tuple[str, float]]) -> Utterance:
    """An utterance with alternatives, its text the first of them."""
    alternatives = tuple(Alternative(text, score) for text, score in forms)
    text = forms[0][0] if forms else "no more"
    return replace(spoken(index, text), alternatives=alternatives)


def kept(count: int, utterances: list[Utterance]) -> list[tuple[str, float]]:
    alternatives, text = Alternatives(count), ClosedText()
    for each in utterances:
        alternatives.add(each, text.add(each.text), text.end)
    return alternatives.forms()


def joined(texts: tuple[str, ...]) -> str:
    text = ClosedText()
    for each in texts:
        text.add(each)
    return str(text)


@given(UTTERANCES)
def test_with_room_for_all_there_is_every_form_with_its_best_score(
    chosen: list[list[tuple[str, float]]],
) -> None:
    """Scores that are better than the first one's count as that."""
    utterances = [utterance(i, forms) for i, forms in enumerate(chosen)]
    total = sum(forms[0][1] for forms in chosen if forms)
    expected: dict[str, float] = {}
    for form in itertools.product(*(each.alternatives or [None] for each in utterances)):
        text = joined(
            tuple(
                choice.text if choice else each.text
                for choice, each in zip(form, utterances, strict=True)
            )
        )
        loss = sum(
            max(0.0, each.alternatives[0].score - choice.score)
            for choice, each in zip(form, utterances, strict=True)
            if choice
        )
        expected[text] = max(expected.get(text, -1e9), total - loss)
    found = dict(kept(100, utterances))
    assert found == pytest.approx(expected)


@given(UTTERANCES, st.integers(2, 5))
def test_few_are_the_best_of_all(chosen: list[list[tuple[str, float]]], count: int) -> None:
    utterances = [utterance(i, forms[:count]) for i, forms in enumerate(chosen)]
    few, every = kept(count, utterances), kept(100, utterances)
    assert few[0] == every[0], "the text itself"
    scores = [score for _, score in few]
    assert scores == sorted(scores, reverse=True)
    for text, score in few:
        assert dict(every)[text] == pytest.approx(score)


def test_forms_of_a_long_text_share_it() -> None:
    """A form keeps only what is different in it, however long the text is."""
    said = [("one", -1.0), ("two", -1.5), ("three", -1.6)]
    alternatives, text = Alternatives(5), ClosedText()
    tracemalloc.start()
    try:
        for index in range(1_000):
            one = utterance(index, said)
            alternatives.add(one, text.add(one.text), text.end)
        gc.collect()
        kept = sum(
            each.size
            for each in tracemalloc.take_snapshot().statistics("filename")
            if each.traceback[0].filename.endswith("alternatives.py")
        )
    finally:
        tracemalloc.stop()
    assert kept < 1_000 * 16, "a reference to each piece, and little more"
    found = alternatives.forms()
    assert len(found) == 5
    assert found[0] == (" ".join(["one"] * 1_000), pytest.approx(-1_000))
