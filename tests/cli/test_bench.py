"""`liusheng bench` and `liusheng eval` against a server that answers by the book."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from liusheng.bench.texts import SENTENCES
from liusheng.cli import main

from ..client.conftest import FakeServer

Recorder = Callable[[str, float], Path]


def test_speakers_are_measured(
    server: FakeServer, recording: Recorder, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    wav = recording("a.wav", 0.2)
    chart = tmp_path / "chart.html"
    status = main(
        ["bench", "asr", "--streams", "2", "--seconds", "0.3", "--ramp", "0",
         "--audio", str(wav), "--chart", str(chart), "--delay-goal", "30", "--final-goal", "30"]
    )  # fmt: skip
    out = capsys.readouterr()
    assert status == 0, out
    assert "Live recognition of many speakers" in out.out
    assert "held" in out.out
    assert "2 speakers: token delay" in out.err
    assert "<svg" in chart.read_text(encoding="utf-8")


def test_a_goal_that_is_missed_is_a_failure(
    server: FakeServer, recording: Recorder, capsys: pytest.CaptureFixture[str]
) -> None:
    wav = recording("a.wav", 0.1)
    command = ["bench", "asr", "--streams", "1", "--seconds", "0.1", "--ramp", "0", "--json"]
    assert main([*command, "--audio", str(wav), "--delay-goal", "-30"]) == 1
    data = json.loads(capsys.readouterr().out)
    assert data["trials"][0]["streams"] == 1
    assert data["trials"][0]["holds"] is False


def test_the_search_stops_where_the_goal_is_missed(
    server: FakeServer, recording: Recorder, capsys: pytest.CaptureFixture[str]
) -> None:
    wav = recording("a.wav", 0.1)
    command = ["bench", "asr", "--streams", "1", "--seconds", "0.1", "--ramp", "0", "--json"]
    assert main([*command, "--audio", str(wav), "--delay-goal", "-30", "--find-max"]) == 1
    data = json.loads(capsys.readouterr().out)
    assert data["largest"] == 0
    assert [trial["streams"] for trial in data["trials"]] == [1]


@pytest.mark.slow
def test_listeners_are_measured(
    server: FakeServer, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    server.sample_rate = 60  # a text of six bytes lasts 50 ms
    command = ["bench", "tts", "--length", "8", "--repeat", "2", "--listeners", "1"]
    command += ["--seconds", "0.1", "--sentences", "1", "--json"]
    chart = tmp_path / "chart.html"
    goals = ["--alone-goal", "30", "--together-goal", "30"]
    # Its audio is nothing that could be recognised; that all of it comes in time is the machine's
    # business, and so is whether the goal is held.
    assert main([*command, *goals, "--chart", str(chart)]) in (0, 1)
    data = json.loads(capsys.readouterr().out)
    assert data["alone"]["8"]["first_packet"]["count"] == 2
    assert data["together"]["listeners"] == 1
    assert [echo["text"] for echo in data["echoes"]] == [SENTENCES["zh"][0]]
    assert "First packet, many listeners" in chart.read_text(encoding="utf-8")


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


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["bench", "asr"], "name recordings"),
        (["bench", "asr", "--audio", "a.wav", "--streams", "0"], "--streams and --seconds"),
        (["bench", "asr", "--audio", "a.wav", "--", "--no-tts"], "need --serve"),
        (["bench", "tts", "--repeat", "0"], "--repeat and --seconds"),
        (["bench", "tts", "--", "--no-asr"], "need --serve"),
        (["eval", "--manifest", "none.tsv", "--streams", "0"], "at least 1, not 0"),
    ],
)
def test_what_cannot_be_understood(
    arguments: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert problem in capsys.readouterr().err


def test_recordings_that_are_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "asr", "--audio", "none.wav"]) == 1
    assert "none.wav" in capsys.readouterr().err
    assert main(["eval", "--manifest", "none.tsv"]) == 1
    assert "none.tsv" in capsys.readouterr().err


def test_no_server(
    recording: Recorder, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    wav = recording("a.wav", 0.1)
    assert main(["bench", "asr", "--audio", str(wav), "--server", "127.0.0.1:9"]) == 1
    assert "There is no server" in capsys.readouterr().err
