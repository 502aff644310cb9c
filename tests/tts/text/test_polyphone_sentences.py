"""Everyday sentences with characters of several readings, each marked with how it is read there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from liusheng.tts.text.frontend import FrontEnd

_MARKED = re.compile(r"(.)(?:\[([^\]]+)\])?")
LINES = [
    line
    for line in (Path(__file__).parent / "polyphones.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


@pytest.fixture(scope="module")
def front_end() -> FrontEnd:
    return FrontEnd()


def _wrong(front_end: FrontEnd, marked: str) -> list[str]:
    """What is read otherwise than marked. A third tone may stand as second: sandhi."""
    chars = _MARKED.findall(marked)
    read: dict[int, str] = {}
    for clause in front_end.clauses("".join(char for char, _ in chars)):
        for syllable in clause.syllables:
            read.update(dict.fromkeys(range(*syllable.span), syllable.pinyin.replace("r", "")))
    return [
        f"{marked}: {char} {read.get(at)}"
        for at, (char, listed) in enumerate(chars)
        if listed
        and not any(
            read.get(at, "") in (each.replace("r", ""), re.sub("3$", "2", each.replace("r", "")))
            for each in listed.split("/")
        )
    ]


@pytest.mark.parametrize("line", LINES, ids=lambda line: line[:24])
def test_sentences(front_end: FrontEnd, line: str) -> None:
    assert [wrong for marked in line.split() for wrong in _wrong(front_end, marked)] == []
