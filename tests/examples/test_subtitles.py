from __future__ import annotations

from pathlib import Path

import pytest

from liusheng.client import Final, Word

FINAL = Final("One two.", (Word("One", 0.5, 1.0), Word("two.", 1.0, 2.0)))
SRT = "1\n00:00:00,500 --> 00:00:02,000\nOne two.\n\n"
VTT = "WEBVTT\n\n00:00:00.500 --> 00:00:02.000\nOne two.\n\n"


@pytest.mark.parametrize(
    ("output", "expected"), [(None, SRT), (Path("a.srt"), SRT), (Path("a.vtt"), VTT)]
)
def test_the_kind_of_file_follows_its_name(output: Path | None, expected: str) -> None:
    from subtitles import subtitles

    assert subtitles(FINAL, output) == expected
