from __future__ import annotations

import json

import pytest

from liusheng.cli.transcription.formats import render
from liusheng.client import Final, Word

ENGLISH = Final("One two.", (Word("One", 0.5, 1.0), Word("two.", 1.0, 2.0)))


def test_each_format() -> None:
    assert render(ENGLISH, "txt") == "One two.\n"
    assert render(ENGLISH, "srt") == "1\n00:00:00,500 --> 00:00:02,000\nOne two.\n\n"
    assert render(ENGLISH, "vtt") == "WEBVTT\n\n00:00:00.500 --> 00:00:02.000\nOne two.\n\n"
    assert render(ENGLISH, "tsv") == "start\tend\ttext\n500\t2000\tOne two.\n"
    assert json.loads(render(ENGLISH, "json")) == {
        "text": "One two.",
        "words": [
            {"text": "One", "start": 0.5, "end": 1.0},
            {"text": "two.", "start": 1.0, "end": 2.0},
        ],
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "今天天气很好我们出去走一走好不好明天再去看电影。",
            "今天天气很好我们出去走一走好不好明天再去看电影。",
        ),
        ("This is a long line of words that needs two lines", None),
    ],
)
def test_a_subtitle_of_two_lines_is_one_line_of_a_table(text: str, words: str | None) -> None:
    units = list(words) if words else text.split()
    times = tuple(Word(unit, 0.2 * n, 0.2 * n + 0.2) for n, unit in enumerate(units))
    _, *lines = render(Final(text, times), "tsv").splitlines()
    shown = [line.split("\t")[2] for line in lines]
    assert ("" if words else " ").join(shown) == text


@pytest.mark.parametrize("form", ["srt", "vtt", "tsv"])
def test_subtitles_need_times(form: str) -> None:
    with pytest.raises(ValueError, match="need the time of each word"):
        render(Final("One two."), form)  # type: ignore[arg-type]
    render(Final(""), form)  # type: ignore[arg-type]
