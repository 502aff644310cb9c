from __future__ import annotations

import json
from pathlib import Path

import pytest

from liusheng.bench.recordings import Clip, Recording
from liusheng.bench.report import Report, Table
from liusheng.cli.reports import describe_clips, print_report

Capture = pytest.CaptureFixture[str]

REPORT = Report(
    "Title",
    [("machine", "[a]")],
    [Table("Figures", ["what", "2"], [["delay", "1"]])],
    [],
    {"delay": 1.0},
    [Table("Details", ["id"], [["r1"]])],
)


def test_for_people(capsys: Capture) -> None:
    print_report(REPORT, None, json=False)
    out = capsys.readouterr().out
    assert out.startswith("Title\n  machine         [a]\n")
    assert "delay" in out
    assert "Details" not in out


def test_for_programs_and_as_a_page(capsys: Capture, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    print_report(REPORT, page, json=True)
    captured = capsys.readouterr()
    assert json.loads(captured.out) == {"delay": 1.0}
    assert captured.err == f"Tables and charts are in {page}\n"
    assert "Details" in page.read_text(encoding="utf-8")


def test_recordings_are_described() -> None:
    clips = [
        Clip(Recording(lang, lang, Path(f"{lang}.wav"), ""), bytes(2 * 16_000 * 600))
        for lang in ("zh", "en", "zh")
    ]
    assert describe_clips(clips) == "3 (en, zh), 1,800 s"


def test_a_page_that_cannot_be_written_costs_no_measurement(
    capsys: Capture, tmp_path: Path
) -> None:
    with pytest.raises(FileNotFoundError):
        print_report(REPORT, tmp_path / "none" / "page.html", json=True)
    assert json.loads(capsys.readouterr().out) == {"delay": 1.0}
