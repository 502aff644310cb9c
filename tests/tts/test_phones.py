"""Pinyin to the phones of the Baker corpus."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from liusheng.tts.fastspeech2.phones import Boundary, PhoneTable

NONE, WORD, PHRASE = Boundary.NONE, Boundary.WORD, Boundary.PHRASE

SYLLABLES = {
    "hang": ["h", "ang"],
    "hua": ["h", "ua"],
    "er": ["^", "er"],
    "lv": ["l", "v"],
    "ju": ["j", "v"],
    "zhe": ["zh", "e"],
    "en": ["^", "en"],
}


@pytest.fixture
def table(tmp_path: Path) -> PhoneTable:
    """A table of a few of the model's syllables, with the model's names."""
    finals = ["ang", "ua", "er", "v", "e", "en", "eng", "ei", "iao"]
    names = ["pad", "sil", "#0", "#1", "#2", "#3", "^", "h", "l", "j", "zh", "c", "f"]
    names += [final + tone for final in finals for tone in "12345"] + ["eos"]
    path = tmp_path / "phones.json"
    ids = {name: number for number, name in enumerate(names)}
    path.write_text(json.dumps({"phones": ids, "syllables": SYLLABLES}), "utf-8")
    return PhoneTable(path)


@pytest.mark.parametrize(
    ("pinyin", "phones"),
    [
        ("hang2", ("h", "ang2")),
        ("lv4", ("l", "v4")),
        ("lü4", ("l", "v4")),
        ("lu:4", ("l", "v4")),
        ("ju1", ("j", "v1")),
        ("er2", ("^", "er2")),
        ("huar1", ("h", "ua1", "er5")),
        ("zher4", ("zh", "e4", "er5")),
        ("hua", ("h", "ua5")),
        ("hua0", ("h", "ua5")),
        ("cei4", ("c", "ei4")),
        ("fiao4", ("f", "iao4")),
        ("n2", ("^", "en2")),
        ("Hang2", ("h", "ang2")),
        ("xyz1", ()),
        ("", ()),
        ("好", ()),
    ],
)
def test_a_syllable(table: PhoneTable, pinyin: str, phones: tuple[str, ...]) -> None:
    assert table.syllable(pinyin) == phones


def names(ids: tuple[int, ...], path: Path) -> str:
    by_id = {
        v: k for k, v in json.loads((path / "phones.json").read_text("utf-8"))["phones"].items()
    }
    return " ".join(by_id[i] for i in ids)


def test_a_clause_has_marks_between_syllables_and_silence_around(
    table: PhoneTable, tmp_path: Path
) -> None:
    phones = table.encode([("hang2", NONE), ("hua1", WORD), ("lv4", PHRASE), ("ju1", WORD)])
    assert names(phones.ids, tmp_path) == ("sil h ang2 #0 h ua1 #1 l v4 #3 j v1 sil eos")
    assert phones.spans == ((1, 3), (4, 6), (7, 9), (10, 12))


def test_a_neutral_er_inside_a_word_colours_the_syllable_before_it(
    table: PhoneTable, tmp_path: Path
) -> None:
    phones = table.encode([("hua1", NONE), ("er5", WORD), ("er2", NONE)])
    assert names(phones.ids, tmp_path) == "sil h ua1 er5 #1 ^ er2 sil eos"


def test_syllables_that_are_not_mandarin_are_left_out(table: PhoneTable, tmp_path: Path) -> None:
    phones = table.encode([("hua1", WORD), ("blorp", WORD), ("hang2", WORD)])
    assert names(phones.ids, tmp_path) == "sil h ua1 #1 h ang2 sil eos"
    assert phones.spans[1] == (3, 3)


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "phones.json").write_text("{}")
    with pytest.raises(ValueError, match="pull the model again"):
        PhoneTable(tmp_path / "phones.json")
