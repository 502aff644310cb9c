"""The table of written forms in English, `english.tsv`, and which language decides."""

from pathlib import Path

import pytest

from liusheng.tts.text.frontend import FrontEnd

ROWS = [
    tuple(line.split("\t"))
    for line in Path(__file__).with_name("english.tsv").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


@pytest.mark.parametrize(("text", "expected"), ROWS, ids=lambda value: value[:24])
def test_reading(front_end: FrontEnd, text: str, expected: str) -> None:
    clauses = list(front_end.clauses(text, "en"))
    assert " | ".join(clause.reading for clause in clauses) == expected
    assert {clause.lang for clause in clauses} == {"en"}


@pytest.mark.parametrize("text", ["OK.", "10:30 AM", "$5", "100%", "5 lbs, 6 oz", "a = b"])
def test_the_requested_language_decides_where_the_text_does_not(
    front_end: FrontEnd, text: str
) -> None:
    assert {clause.lang for clause in front_end.clauses(text, "en")} == {"en"}
    assert {clause.lang for clause in front_end.clauses(text)} == {"zh"}


def test_a_text_that_shows_its_language_is_read_in_it(front_end: FrontEnd) -> None:
    assert {c.lang for c in front_end.clauses("10:30，我们走", "en")} == {"zh"}
    assert [c.lang for c in front_end.clauses("2020, the year of change.")] == ["en"]


def test_a_mark_inside_a_quotation_stays(front_end: FrontEnd) -> None:
    (clause,) = front_end.clauses('He said "take 5GB, please" twice.')
    assert clause.reading == 'He said "take 5 gigabytes, please" twice'
