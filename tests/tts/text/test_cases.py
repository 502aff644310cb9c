"""The tables of written forms: `cases.tsv` with their syllables (its head says how it is written),
`wordings.tsv` with their words."""

import re
from pathlib import Path

import pytest

from liusheng.tts.text.frontend import FrontEnd


def rows(name: str) -> list[tuple[str, ...]]:
    lines = Path(__file__).with_name(name).read_text(encoding="utf-8").splitlines()
    return [tuple(line.split("\t")) for line in lines if line and not line.startswith("# ")]


ROWS = rows("cases.tsv")
WORDINGS = rows("wordings.tsv")


def spoken(front_end: FrontEnd, text: str) -> list[str]:
    read = []
    for clause in front_end.clauses(text):
        if clause.lang == "en":
            read.append(f"<{clause.reading}>")
        else:
            read.extend(syllable.pinyin for syllable in clause.syllables)
    return read


def accepted(place: str) -> set[str]:
    """The readings allowed at one place: "er4/liang3", "ge4/5"."""
    if place.startswith("<"):
        return {place}
    first, *others = place.split("/")
    return {first, *(first[:-1] + other if other.isdigit() else other for other in others)}


def matches(expected: str, read: list[str]) -> bool:
    for reading in expected.split(" | "):
        places = re.findall(r"<[^>]*>|\S+", reading)
        if len(places) == len(read) and all(
            syllable in accepted(place) for place, syllable in zip(places, read, strict=True)
        ):
            return True
    return False


def test_the_table_is_as_large_as_promised() -> None:
    assert len(ROWS) >= 150
    assert len({text for _, text, _ in ROWS}) == len(ROWS)


@pytest.mark.parametrize("category", sorted({category for category, _, _ in ROWS}))
def test_reading(front_end: FrontEnd, category: str) -> None:
    wrong = {}
    for text, expected in (row for of, *row in ROWS if of == category):
        read = spoken(front_end, text)
        if not matches(expected, read):
            wrong[text] = " ".join(read)
    assert wrong == {}


def test_the_comparison_can_fail() -> None:
    assert matches("er4/liang3 bai2", ["liang3", "bai2"])
    assert matches("ge4/5", ["ge5"])
    assert not matches("ge4/5", ["ge3"])
    assert not matches("ni3 hao3", ["ni3"])
    assert not matches("<Hello>", ["<hello>"])


def test_wordings(front_end: FrontEnd) -> None:
    """All in one test: they are many, and each takes less time than a test."""
    wrong = {}
    for text, expected in WORDINGS:
        clauses = front_end.clauses(text)
        read = "".join(c.reading if c.lang == "zh" else f"<{c.reading}>" for c in clauses)
        if read.replace("，", "") != expected:
            wrong[text] = read
    assert wrong == {}
    assert len(WORDINGS) > 1400
