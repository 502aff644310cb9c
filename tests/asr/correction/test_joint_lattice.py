"""Hypotheses corrected together, with a lexicon and a language model worked out by hand."""

from __future__ import annotations

from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liusheng.asr.correction.corrector import Corrector
from liusheng.asr.correction.hotwords import Hotword
from liusheng.asr.correction.joint_lattice import JointLattice
from liusheng.asr.correction.lattice import Lattice
from liusheng.asr.correction.lexicon import HomophoneLexicon
from liusheng.asr.correction.trigram import Trigram
from liusheng.asr.options import CorrectionOptions

from .conftest import Frequencies, entries

ALL = " ".join(word for word, _ in entries())
LIKELY = ALL + " 政府 银行 正是" * 2


def parts(text: str = LIKELY, pairs: Any = None) -> tuple[HomophoneLexicon, Trigram]:
    model = cast(Trigram, Frequencies(text, pairs))
    return HomophoneLexicon(entries(), model.prior), model


def best(*hypotheses: tuple[str, float], hotwords: tuple[Hotword, ...] = ()) -> list[str]:
    found = JointLattice(*parts(), CorrectionOptions()).best(hypotheses, hotwords)
    return [text for text, _ in found]


def test_what_is_right_in_one_hypothesis_and_in_another_is_joined() -> None:
    assert best(("政府银来", -1.0), ("真来银行", -1.5))[0] == "政府银行"


def test_hypotheses_that_make_equal_sense_are_judged_by_their_likelihood() -> None:
    assert best(("你浪好", -1.0), ("你来好", -4.0))[0] == "你浪好"
    assert best(("你来好", -1.0), ("你浪好", -4.0))[0] == "你来好"


@pytest.mark.parametrize(
    ("hypotheses", "right"),
    [
        ((("银", -1.0), ("银行", -1.2)), "银行"),
        ((("银行银", -1.0), ("银行", -1.2)), "银行"),
        ((("，政府", -1.0), ("政府", -1.2)), "政府"),
        ((("政府 OK", -1.0),), "政府 OK"),
        ((("OK", -1.0),), "OK"),
    ],
)
def test_hypotheses_may_differ_in_length(
    hypotheses: tuple[tuple[str, float], ...], right: str
) -> None:
    assert right in [text.strip("，") for text in best(*hypotheses)[:1]]


def test_texts_that_differ_in_marks_only_count_as_one() -> None:
    found = best(("政府，银行", -1.0), ("政府银行", -1.0))
    letters = [text.replace("，", "") for text in found]
    assert len(letters) == len(set(letters))


def test_a_hotword_is_found_in_any_hypothesis() -> None:
    hotwords = (Hotword.of("曲澜"),)
    heard = (("陈曼浪", -1.0), ("陈取兰", -2.0))
    assert best(*heard, hotwords=hotwords)[0].endswith("曲澜")
    assert not best(*heard)[0].endswith("曲澜")


@given(st.lists(st.text("正是事实政府银行，A 真", min_size=1, max_size=8), min_size=1, max_size=4))
def test_there_is_always_a_best_and_scores_fall(texts: list[str]) -> None:
    hypotheses = [(text, -float(i)) for i, text in enumerate(texts)]
    found = JointLattice(*parts(), CorrectionOptions()).best(hypotheses)
    scores = [score for _, score in found]
    assert scores
    assert scores == sorted(scores, reverse=True)


def test_of_one_hypothesis_the_best_is_its_correction() -> None:
    lexicon, model = parts(ALL + " 正是 正是", {("政府", "正是"): 1.0})
    options = CorrectionOptions()
    expected = Lattice(lexicon, model, options).spell("政府正式银行")
    assert JointLattice(lexicon, model, options).best([("政府正式银行", -1.0)])[0][0] == expected


def test_proposals_are_few_and_not_much_worse_than_the_best() -> None:
    lexicon, model = parts()
    options = CorrectionOptions()
    lattice, joint = Lattice(lexicon, model, options), JointLattice(lexicon, model, options)
    heard = [("正式，真实，时事", -1.0)]
    many = Corrector(lattice, joint, 12).propose(heard)
    assert 2 < len(many) < len(joint.best(heard))
    assert Corrector(lattice, joint, 2).propose(heard) == many[:2]
    assert not Corrector(lattice, joint, 0).proposes
    assert not Corrector(lattice).propose(heard)
    assert not Corrector(lattice, joint, 2).propose([])
