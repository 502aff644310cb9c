"""The soak, briefly, against the server that users start: every fault once, both tasks."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from liusheng.bench.soak.schedule import FaultKind
from liusheng.cli import main

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

CLIPS = Path(__file__).parents[1] / "data" / "tiny"
AUDIO = [
    argument
    for name in ("零七三", "三八五五", "nine-four-three-one")
    for argument in ("--audio", str(CLIPS / f"{name}.flac"))
]
# What a machine with other work may not keep.
BY_THE_CLOCK = ("small requests answered at once", "no session refused")


def test_every_fault_once_and_nothing_lost(capfd: pytest.CaptureFixture[str]) -> None:
    command = ["bench", "soak", "--serve", "--minutes", "0.7", "--fault-interval", "2.5"]
    command += ["--recordings", "3", "--speeches", "1", "--texts", "2", *AUDIO, "--json"]
    command += ["--", "--asr", "tiny", "--tts", "liusheng-zh-en", "--log-level", "error"]
    status = main(command)
    out, err = capfd.readouterr()
    data = json.loads(out)
    assert status == (0 if data["reached"] else 1)
    broken = [each for each in data["checks"] if each["passed"] is False]
    assert [each["name"] for each in broken if each["name"] not in BY_THE_CLOCK] == [], (
        broken,
        err,
    )
    assert {each["kind"] for each in data["faults"]} == {kind.name.lower() for kind in FaultKind}
    held = {each["work"] for each in data["sessions"]["with_faults"]}
    assert held == {"live", "resumed", "long", "upload", "http", "streamed", "parts"}
    assert data["ending"]["status"] == 0
    assert len(data["samples"]) > 10


def test_ctrl_c_ends_it_with_a_report() -> None:
    command = [sys.executable, "-m", "liusheng.cli", "bench", "soak", "--serve", *AUDIO]
    command += ["--recordings", "1", "--speeches", "1", "--minutes", "60"]
    soak = subprocess.Popen(
        [*command, "--", "--asr", "tiny", "--no-tts", "--log-level", "error"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert soak.stderr is not None
    for line in soak.stderr:
        if line.startswith("the load without faults"):
            soak.send_signal(signal.SIGINT)
            break
    out, _ = soak.communicate(timeout=300)
    assert soak.returncode == 1
    assert "interrupted" in out
    assert "status 0" in out, "the server ended by itself"
