"""`liusheng bench` with the fake server."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from liusheng.asr.options import VadOptions, WhisperOptions
from liusheng.bench.intelligibility import ServerVoice
from liusheng.bench.texts import SENTENCES
from liusheng.cli import main

from ..client.conftest import FakeServer

Recorder = Callable[[str, float], Path]


def test_recognition_is_measured(
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
    assert "Live recognition under load" in out.out
    assert "reached" in out.out
    assert "2 streams: token delay" in out.err
    assert "<svg" in chart.read_text(encoding="utf-8")


def test_a_goal_that_is_missed_is_a_failure(
    server: FakeServer, recording: Recorder, capsys: pytest.CaptureFixture[str]
) -> None:
    wav = recording("a.wav", 0.1)
    command = ["bench", "asr", "--streams", "1", "--seconds", "0.1", "--ramp", "0", "--json"]
    assert main([*command, "--audio", str(wav), "--delay-goal", "-30"]) == 1
    data = json.loads(capsys.readouterr().out)
    assert data["trials"][0]["streams"] == 1
    assert data["trials"][0]["reached"] is False


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
def test_synthesis_is_measured(
    server: FakeServer, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    server.sample_rate = 60  # a text of six bytes lasts 50 ms
    command = ["bench", "tts", "--length", "8", "--repeat", "2", "--listeners", "1"]
    command += ["--seconds", "0.1", "--sentences", "1", "--json"]
    chart = tmp_path / "chart.html"
    goals = ["--single-goal", "30", "--load-goal", "30"]
    # The fake server's audio is not speech. Whether the goal is reached depends on the machine.
    assert main([*command, *goals, "--chart", str(chart)]) in (0, 1)
    data = json.loads(capsys.readouterr().out)
    assert data["single"]["8"]["first_packet"]["count"] == 2
    assert data["load"]["listeners"] == 1
    assert [each["text"] for each in data["intelligibility"]] == [SENTENCES["zh"][0]]
    assert "First packet, many listeners" in chart.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["bench", "asr"], "name recordings"),
        (["bench", "asr", "--audio", "a.wav", "--streams", "0"], "--streams and --seconds"),
        (["bench", "asr", "--audio", "a.wav", "--", "--no-tts"], "need --serve"),
        (["bench", "memory", "--", "--no-tts"], "need --serve"),
        (["bench", "memory", "--server", "ws://example.invalid"], "not a server on this machine"),
        (["bench", "tts", "--repeat", "0"], "--repeat and --seconds"),
        (["bench", "tts", "--", "--no-asr"], "need --serve"),
        (["bench", "soak"], "name recordings"),
        (["bench", "soak", "--audio", "a.wav", "--minutes", "0"], "--minutes and --fault-interval"),
        (["bench", "soak", "--audio", "a.wav", "--", "--no-tts"], "need --serve"),
    ],
)
def test_command_lines_that_are_not_valid(
    arguments: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert problem in capsys.readouterr().err


def test_recordings_that_do_not_exist(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "asr", "--audio", "none.wav"]) == 1
    assert capsys.readouterr().err == "error: none.wav: No such file or directory\n"


@pytest.mark.skipif(sys.platform != "linux", reason="known on Linux only")
def test_memory_is_shown(server: FakeServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "memory", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["processes"][0]["role"] == "server"
    assert data["total"] >= data["processes"][0]["own"] > 0


def test_no_server(
    recording: Recorder, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    wav = recording("a.wav", 0.1)
    assert main(["bench", "asr", "--audio", str(wav), "--server", "127.0.0.1:9"]) == 1
    assert "There is no server" in capsys.readouterr().err


def test_the_results_of_a_soak_do_not_depend_on_how_busy_the_machine_is(
    recording: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Sequence[str]] = []

    def start_server(arguments: Sequence[str]) -> None:
        started.append(arguments)
        raise OSError("enough")

    monkeypatch.setattr("liusheng.cli.measured_server.start_server", start_server)
    command = ["bench", "soak", "--serve", "--audio", str(recording("a.wav", 0.5))]
    assert main([*command, "--", "--no-asr"]) == 1
    (arguments,) = started
    settings = dict(each.split("=") for each in arguments[1:-1:2])
    assert settings.pop("tts.flush_seconds") == "0"
    assert settings.pop("asr.correction.rescored") == "0"
    assert float(settings.pop("asr.whisper.pad_final")) == WhisperOptions().pad_partial
    assert float(settings.pop("asr.live.hold")) >= VadOptions().max_utterance
    assert not settings
    assert arguments[-1] == "--no-asr"


def test_a_manifest_without_recordings_in_a_language(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    manifest = tmp_path / "manifest.tsv"
    manifest.write_text("id\tlang\tpath\treference\n", encoding="utf-8")
    assert main(["bench", "asr", "--manifest", str(manifest), "--lang", "en"]) == 2
    assert "there is no recording in en" in capsys.readouterr().err


@pytest.mark.slow
def test_a_server_that_does_not_start(
    recording: Recorder, capsys: pytest.CaptureFixture[str]
) -> None:
    wav = recording("a.wav", 0.1)
    command = ["bench", "asr", "--audio", str(wav), "--serve", "--", "--no-asr", "--no-tts"]
    assert main(command) == 1
    assert "the server ended with status 2 before it was ready" in capsys.readouterr().err


def test_a_voice_that_the_server_does_not_have(
    server: FakeServer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def voices(client: object) -> list[ServerVoice]:
        return [ServerVoice("baker", ("zh",))]

    monkeypatch.setattr("liusheng.bench.tts_benchmark.list_voices", voices)
    assert main(["bench", "tts", "--voice", "nobody"]) == 2
    assert "the server has no voice nobody; it has: baker" in capsys.readouterr().err


def test_a_chart_that_cannot_be_written(
    server: FakeServer, recording: Recorder, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["bench", "asr", "--streams", "1", "--seconds", "0.1", "--ramp", "0"]
    command += ["--audio", str(recording("a.wav", 0.1)), "--chart", "no/folder/chart.html"]
    assert main(command) == 1
    assert "no/folder/chart.html" in capsys.readouterr().err
