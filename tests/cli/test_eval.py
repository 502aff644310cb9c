"""`liusheng eval` with the fake server, and with the model of the tests."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from liusheng.bench import evaluation
from liusheng.cli import main
from liusheng.client import connect

from ..client.conftest import FakeServer

CLIPS = Path(__file__).parents[1] / "data" / "tiny"
Recorder = Callable[[str, float], Path]
Capture = pytest.CaptureFixture[str]


def test_recordings_are_evaluated_on_a_server(
    server: FakeServer, recording: Recorder, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    server.modern = True
    recording("a.wav", 0.2)  # three packets
    manifest = tmp_path / "manifest.tsv"
    manifest.write_text("id\tlang\tpath\treference\na\tzh\ta.wav\t三包\n", encoding="utf-8")
    command = ["eval", "--manifest", str(manifest), "--server", server.url, "--json"]
    assert main(command) == 0
    out = capsys.readouterr()
    data = json.loads(out.out)
    assert data["languages"]["zh"]["live"]["edits"] == 0
    assert data["recordings"][0]["live"] == "3包。"
    assert "Not compared with m offline" in out.err


def test_models_in_this_process(capsys: Capture, tmp_path: Path) -> None:
    """With the model that is part of the package."""
    chart, manifest = tmp_path / "chart.html", tmp_path / "manifest.tsv"
    lines = [
        "id\tlang\tpath\treference",
        f"a\ten\t{CLIPS / 'one-five-nine-three.flac'}\tone five nine three",
        f"b\tzh\t{CLIPS / '零七三.flac'}\t零七三",
    ]
    manifest.write_text("\n".join(lines) + "\n", encoding="utf-8")
    command = ["eval", "--manifest", str(manifest), "--asr", "tiny"]
    assert main([*command, "--json", "--chart", str(chart)]) == 0
    captured = capsys.readouterr()
    data = json.loads(captured.out)
    assert set(data["languages"]) == {"en", "zh", "all"}
    assert data["languages"]["all"]["live"] == {"edits": 0, "length": 7, "rate": 0.0}
    for result in data["recordings"]:
        assert result["model"] == "tiny"
        assert result["whole"] is not None
        assert result["plain"] is None, "an online model has no plain transcript"
    assert "<svg" in chart.read_text(encoding="utf-8")


def test_joined_recordings(capsys: Capture, tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.tsv"
    clip = CLIPS / "one-five-nine-three.flac"
    lines = [f"{name}\ten\t{clip}\tone five nine three" for name in "abc"]
    manifest.write_text("\n".join(["id\tlang\tpath\treference", *lines]) + "\n", encoding="utf-8")
    command = ["eval", "--manifest", str(manifest), "--asr", "tiny", "--live-only", "--json"]
    assert main([*command, "--join", "2"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["facts"]["joined"] == "2 pairs and triples, seed 0"
    assert data["languages"]["en"]["joined"]["live"]["sentences"] >= 4
    assert [len(each["parts"]) for each in data["recordings"]] == [
        len(each["id"].split("+")) for each in data["recordings"]
    ]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--manifest", "none.tsv", "--streams", "0"], "--streams must be at least 1, not 0"),
        (["--manifest", "none.tsv", "--join", "-1"], "--join must not be negative: -1"),
        (["--manifest", "columns.tsv"], "the manifest has no column lang, path, reference"),
        (["--manifest", "empty.tsv", "--lang", "zh"], "there is no recording in zh"),
        (["--manifest", "empty.tsv"], "empty.tsv: there is no recording\n"),
    ],
)
def test_command_lines_that_are_not_valid(
    arguments: list[str], problem: str, tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / "columns.tsv").write_text("id\n", encoding="utf-8")
    (tmp_path / "empty.tsv").write_text("id\tlang\tpath\treference\n", encoding="utf-8")
    assert main(["eval", *arguments]) == 2
    assert problem in capsys.readouterr().err


def test_a_manifest_that_does_not_exist(capsys: Capture) -> None:
    assert main(["eval", "--manifest", "none.tsv"]) == 1
    assert capsys.readouterr().err == "error: none.tsv: No such file or directory\n"


def test_no_server(
    recording: Recorder, capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluation, "connect", partial(connect, retry_for=0.0))
    recording("a.wav", 0.1)
    manifest = tmp_path / "manifest.tsv"
    manifest.write_text("id\tlang\tpath\treference\na\tzh\ta.wav\t\n", encoding="utf-8")
    assert main(["eval", "--manifest", str(manifest), "--server", "127.0.0.1:9"]) == 1
    assert "There is no server" in capsys.readouterr().err
