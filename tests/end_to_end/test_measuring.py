"""The measuring commands, briefly, against the server that users start."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from liusheng.audio.wav import open_wav
from liusheng.bench.texts import SENTENCES
from liusheng.cli import main
from liusheng.client import sync

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def manifest(address: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sentences that the server itself said."""
    folder = tmp_path_factory.mktemp("recordings")
    lines = ["id\tlang\tpath\treference"]
    with sync.connect(address) as client:
        rate = client.sample_rate()
        for number, text in enumerate(SENTENCES["zh"][:2]):
            with open_wav(folder / f"{number}.wav", rate) as wav:
                for pcm in client.synthesize(text):
                    wav.write(pcm)
            lines.append(f"{number}\tzh\t{number}.wav\t{text}")
    path = folder / "manifest.tsv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_speakers(address: str, manifest: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["bench", "asr", "--streams", "2", "--seconds", "3", "--ramp", "1", "--json"]
    assert main([*command, "--server", address, "--manifest", str(manifest)]) in (0, 1)
    trial = json.loads(capsys.readouterr().out)["trials"][0]
    assert trial["failures"] == {}
    assert trial["final_latency"]["count"] == len(trial["results"]) >= 2
    assert trial["token_delay"]["count"] > 20
    assert trial["errors"]["zh"]["rate"] < 0.5


def test_listeners(address: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    command = ["bench", "tts", "--length", "8", "--length", "100", "--repeat", "2", "--json"]
    command += ["--listeners", "2", "--seconds", "4", "--sentences", "2", "--chart", str(page)]
    assert main([*command, "--server", address]) in (0, 1)
    data = json.loads(capsys.readouterr().out)
    assert data["single"]["100"]["first_packet"]["p50"] > 0
    assert all(each["failure"] == "" and each["rate"] < 0.5 for each in data["intelligibility"])
    assert {each["lang"] for each in data["intelligibility"]} == {"zh", "en"}
    assert page.read_text(encoding="utf-8").count("<svg") == 2


def test_recordings(manifest: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "--manifest", str(manifest), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["languages"]["zh"]
    assert found["recordings"] == 2
    for way in ("live", "whole", "plain"):
        assert found[way]["rate"] < 0.5
        assert found["real_time_factor"][way] > 0
    assert found["token_delay"]["count"] > 20


def test_recordings_on_a_server(
    address: str, manifest: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["eval", "--manifest", str(manifest), "--server", address, "--streams", "2"]
    assert main([*command, "--live-only", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["languages"]["zh"]
    assert found["lost"] == 0
    assert found["live"]["rate"] < 0.5
