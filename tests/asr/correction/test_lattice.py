"""Spelling with a lexicon and a language model small enough to work out by hand."""

from __future__ import annotations

from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liusheng.asr.correction.corrector import Corrector
from liusheng.asr.correction.hotwords import Hotword
from liusheng.asr.correction.lattice import Lattice
from liusheng.asr.correction.lexicon import HomophoneLexicon
from liusheng.asr.correction.trigram import Trigram
from liusheng.asr.options import CorrectionOptions

from .conftest import Frequencies, entries

ALL = " ".join(word for word, _ in entries())


def lattice(text: str = ALL, pairs: Any = None, **options: Any) -> Lattice:
    model = cast(Trigram, Frequencies(text, pairs))
    return Lattice(HomophoneLexicon(entries(), model.prior), model, CorrectionOptions(**options))


def test_the_likelier_word_wins_when_it_outweighs_the_change() -> None:
    assert lattice(ALL).spell("正式") == "正式"
    assert lattice(ALL + " 正是").spell("正式") == "正式"
    assert lattice(ALL + " 正是 正是").spell("正式") == "正是"


def test_a_word_is_judged_by_the_one_before() -> None:
    pairs = {("政府", "正是"): 3.0}
    assert lattice(ALL, pairs).spell("正式") == "正式"
    assert lattice(ALL, pairs).spell("政府正式") == "政府正是"


@pytest.mark.parametrize(
    ("penalty", "heard"),
    [("penalty_same", "式"), ("penalty_tone", "实"), ("penalty_accent", "真实")],
)
def test_what_a_change_costs_depends_on_the_sound(penalty: str, heard: str) -> None:
    likely = {"式": "是", "实": "是", "真实": "正是"}[heard]
    text = ALL + f" {likely}" * 6
    # 真实 has both: its first syllable has an accent, its second another tone.
    cheap = {"penalty_same": 0.0, "penalty_tone": 0.0, "penalty_accent": 0.0}
    assert lattice(text, **cheap).spell(heard) == likely
    assert lattice(text, **{**cheap, penalty: 9.0}).spell(heard) == heard


def test_single_characters_are_not_changed_for_an_accent() -> None:
    assert lattice(ALL + " 真" * 20, penalty_accent=0.0, penalty_tone=0.0).spell("正") == "正"


def test_every_reading_of_a_character_counts() -> None:
    assert lattice(ALL + " 银行" * 6).spell("银行") == "银行"
    assert lattice(ALL + " 行" * 3).spell("行") == "行"


def test_what_the_lexicon_does_not_know_stays() -> None:
    assert lattice().spell("龘正式靐") == "龘正式靐"
    assert lattice().spell("") == ""


HAN = st.text("是事式实正真银行陈取曲兰澜龘", max_size=12)


@given(HAN, st.integers(0, 12), st.booleans())
def test_the_length_and_what_is_kept_stay(run: str, keep: int, expected: bool) -> None:
    hotwords = [Hotword.of("陈曲澜"), Hotword.of("实事")] if expected else []
    keep = min(keep, len(run))
    spelled = lattice(ALL + " 是 是 是").spell(run, keep, hotwords)
    assert len(spelled) == len(run)
    assert spelled[:keep] == run[:keep]


def test_hotwords_win_over_what_sounds_like_them() -> None:
    hotword = [Hotword.of("陈曲澜")]
    assert lattice().spell("你好陈取兰") == "你好陈取兰"
    assert lattice().spell("你好陈取兰", 0, hotword) == "你好陈曲澜"
    assert lattice().spell("你好陈曲澜", 0, hotword) == "你好陈曲澜"


def test_hotwords_do_not_win_over_the_most_frequent_characters() -> None:
    hotword = [Hotword.of("倪浩")]
    assert lattice().spell("你好", 0, hotword) == "倪浩"
    assert lattice(ALL + " 你 好").spell("你好", 0, hotword) == "你好"
    assert lattice(ALL + " 你").spell("你好", 0, hotword) == "倪浩"
    assert lattice(ALL + " 你 好").spell("倪浩", 0, hotword) == "倪浩"


def test_a_word_as_frequent_as_a_hotword_stays() -> None:
    hotword = [Hotword.of("时事")]
    assert lattice(ALL.replace(" 时事", "")).spell("事实", 0, hotword) == "事实"


def test_a_hotword_matches_with_an_accent_or_another_tone() -> None:
    assert lattice().spell("陈取浪", 0, [Hotword.of("陈曲澜")]) == "陈曲澜"


def test_of_a_long_hotword_a_syllable_may_be_off() -> None:
    hotword = [Hotword.of("鲍曼普莱斯")]
    assert lattice().spell("暴慢普来丝", 0, hotword) == "鲍曼普莱斯"
    assert lattice().spell("好慢普来丝", 0, hotword) == "鲍曼普莱斯"
    assert lattice().spell("好蓝普来丝", 0, hotword) == "好蓝普来丝"
    assert lattice().spell("曲慢普来丝", 0, hotword) == "曲慢普来丝"


def test_hotwords_that_are_not_spoken_are_not_written() -> None:
    assert lattice(ALL + " 事实 事实").spell("事实", 0, [Hotword.of("时事")]) == "事实"


def test_a_lexicon_line_with_too_few_syllables() -> None:
    with pytest.raises(ValueError, match="银行 has 2 characters but 1"):
        HomophoneLexicon([("银行", ["yin2"])])
    with pytest.raises(ValueError, match="'yin' is not a syllable"):
        HomophoneLexicon([("银", ["yin"])])


class TestCorrector:
    def test_marks_and_letters_part_runs(self) -> None:
        corrector = Corrector(lattice(ALL + " 事实" * 3))
        assert corrector.correct("是实，OK 是实。") == "事实，OK 事实。"
        assert corrector.correct("是，实") == "是，实"

    def test_preceding_text_is_context_and_stays(self) -> None:
        corrector = Corrector(lattice(ALL, {("政府", "正是"): 3.0}))
        assert corrector.correct("正式", "政府") == "正是"
        assert corrector.correct("正式", "政府，") == "正式"
        assert corrector.correct("府正式", "政") == "府正是"
