from __future__ import annotations

import random
from pathlib import Path

import pytest

from training.voice.grammar import Grammar

_TEXTS = Path(__file__).parents[3] / "training" / "voice" / "texts"


def _grammar(folder: Path, text: str) -> Grammar:
    path = folder / "grammar.txt"
    path.write_text(text, "utf-8")
    return Grammar(path)


def test_takes_each_line_and_each_choice(tmp_path: Path) -> None:
    grammar = _grammar(tmp_path, "[sentence]\n{who}来{了|}。\n# a note\n\n[who]\n我\n你{们|}\n")
    rng = random.Random(0)
    assert {grammar.sentence(rng) for _ in range(200)} == {
        "我来了。", "我来。", "你来了。", "你来。", "你们来了。", "你们来。",
    }  # fmt: skip


def test_makes_numbers_within_their_bounds(tmp_path: Path) -> None:
    grammar = _grammar(tmp_path, "[sentence]\n{int 3 5} {two 0 12} {decimal} {letter} {phone}\n")
    rng = random.Random(0)
    for _ in range(50):
        number, two, decimal, letter, phone = grammar.sentence(rng).split(" ")
        assert 3 <= int(number) <= 5
        assert 0 <= int(two) <= 12
        assert len(two) == 2
        assert float(decimal) < 1000
        assert letter.isalpha()
        assert 8 <= len(phone.replace("-", "")) <= 11


def test_takes_a_choice_with_choices_in_it(tmp_path: Path) -> None:
    grammar = _grammar(tmp_path, "[sentence]\n{a{b|c}|d}\n")
    rng = random.Random(0)
    assert {grammar.sentence(rng) for _ in range(100)} == {"ab", "ac", "d"}


def test_says_which_brace_is_open(tmp_path: Path) -> None:
    grammar = _grammar(tmp_path, "[sentence]\n{a|b\n")
    with pytest.raises(ValueError, match="not closed"):
        grammar.sentence(random.Random(0))


@pytest.mark.parametrize("name", ["zh", "en", "mixed"])
def test_the_grammars_are_whole(name: str) -> None:
    grammar = Grammar(_TEXTS / f"{name}.txt")
    rng = random.Random(0)
    found = {grammar.sentence(rng) for _ in range(500)}
    assert len(found) > 300
    assert not [each for each in found if set(each) & set("{}|[]")]
