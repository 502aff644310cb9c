"""`liusheng plan`."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from liusheng.cli import main, plan, plan_basis
from liusheng.cli.constants import FAILED, USAGE
from liusheng.cluster.planning import this_machine
from liusheng.cluster.planning.measured import figures
from liusheng.cluster.planning.this_machine import MeasurementError, ThisMachine
from liusheng.cluster.simulation.capacity import SimulatedLoad
from liusheng.cluster.simulation.coarse import Curve, CurvePoint
from liusheng.cluster.simulation.costs import BatchCosts
from liusheng.runtime.recognition.messages import BatchTest
from liusheng.runtime.synthesis.self_test import VoiceTest

WHISPER = ["plan", "--speakers", "5000", "--lang", "zh", "--model", "whisper-base"]
VOICE = ["plan", "--speakers", "50", "--model", "baker-zh", "--task", "tts"]


def whisper(*arguments: str) -> list[str]:
    """The command with these arguments instead of its own."""
    pairs = [WHISPER[n : n + 2] for n in range(1, len(WHISPER), 2)]
    kept = [word for pair in pairs if pair[0] not in arguments for word in pair]
    return ["plan", *kept, *arguments]


@pytest.fixture
def one_curve(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replicas that are not simulated in detail first."""
    points = [CurvePoint(1, 0.2, 0.4, 0.1, True), CurvePoint(32, 2.0, 4.0, 2.0, False)]
    monkeypatch.setattr(plan, "measure_curve", lambda costs, workers: Curve(points))


def machine(**tests: Any) -> ThisMachine:
    return ThisMachine("Fast", 4, 4, 900_000_000, **tests)


def measuring(monkeypatch: pytest.MonkeyPatch, found: ThisMachine | Exception) -> None:
    """Let a measurement find this."""

    async def measure(*arguments: Any) -> ThisMachine:
        await asyncio.sleep(0)
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setattr(this_machine, "measure_recognition", measure)
    monkeypatch.setattr(this_machine, "measure_synthesis", measure)


def test_the_arithmetic_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    prices = ["--price-per-core-hour", "0.04", "--price-per-gb-hour", "0.005"]
    assert main([*WHISPER, *prices, "--active", "0.5", "--mean-load", "0.4", "--spare", "2"]) == 0
    shown = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert shown[0].startswith("machine X: Intel Xeon")
    assert shown[4:] == [
        "active at once 5,000 users × 0.5 who are active = 2,500",
        "replicas 2,500 / 16 a replica = 156.25, rounded up 157",
        "with spares 157 + 2 = 159",
        "cores 159 × 2 = 318",
        "memory 159 × 1,422 MB = 226.1 GB",
        "cores, an hour 318 × 0.04 = 12.72",
        "memory, an hour 226.1 GB × 0.005 = 1.13",
        "hours of users 5,000 users × 0.4 of them on average = 2,000 in an hour",
        "a thousand hours 13.85 / 2,000 × 1,000 = 6.93",
        "",
    ]


def test_synthesis(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*VOICE, "--price-per-gb-hour", "1"]) == 0
    out = capsys.readouterr().out
    assert "20 listeners: first packet within 0.079 s" in out
    assert "the memory that has a price was not measured" in out


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["--speakers", "0"], USAGE, "--speakers is 0; it is at least 1"),
        (["--active", "0"], USAGE, "--active is 0; it is above 0"),
        (["--mean-load", "1.5"], USAGE, "--mean-load is 1.5"),
        (["--resumable", "2"], USAGE, "--resumable is 2"),
        (["--price-per-core-hour", "inf"], USAGE, "--price-per-core-hour is inf"),
        (["--task", "tts", "--simulate"], USAGE, "--simulate is for recognition"),
        (["--charts", "x"], USAGE, "--charts and --fixed need --simulate"),
        (["--lang", "fr"], FAILED, "there are no figures for whisper-base in fr, but for"),
        (["--machine", "Y"], FAILED, "whisper-base in zh on machine Y"),
        (["--delay-goal", "0.1"], FAILED, "no measured load of whisper-base reaches the goals"),
        (
            ["--model", "moonshine-tiny-en", "--lang", "en", "--simulate"],
            FAILED,
            "the costs of batches of moonshine-tiny-en in en were not measured",
        ),
    ],
)
def test_what_cannot_be_planned(
    arguments: list[str], status: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(whisper(*arguments)) == status
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.out == ""


@pytest.mark.usefixtures("one_curve")
def test_a_simulation(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    small = whisper("--speakers", "60", "--simulate", "--hours", "4")
    assert main([*small, "--charts", str(tmp_path / "new")]) == 0
    captured = capsys.readouterr()
    assert "an autoscaler aims at 12 sessions a replica" in captured.out
    assert "ended by themselves" in captured.out
    names = {file.name for file in (tmp_path / "new").iterdir()}
    assert {"scaling-sessions.svg", "scaling-replica.svg"} <= names
    assert all(name in captured.err for name in names)
    assert main([*small, "--fixed", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["plan"]["total"] == data["simulation"]["scenario"]["minimum"] == 5
    assert data["simulation"]["results"]["began"] > 100
    assert main([*small, "--fixed"]) == 0
    assert "5 replicas at any time" in capsys.readouterr().out


def test_this_machine_is_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    known = figures().batches[0].tests
    measuring(monkeypatch, machine(batches=known))
    monkeypatch.setattr(plan_basis, "largest_load", lambda *_: SimulatedLoad(33, 0.4, 0.9, 0.3))
    assert main([*WHISPER, "--measure", "--final-goal", "1"]) == 0
    out = capsys.readouterr().out
    assert "Fast, 4 cores" in out
    assert "33 speakers without pauses" in out
    assert "the server's scheduler with 4 workers" in out
    assert "before any session" in out
    measuring(monkeypatch, machine(voices=[VoiceTest("v", 0.2, 0.1, 2.0)]))
    assert main([*VOICE, "--measure"]) == 0
    out = capsys.readouterr().out
    assert "68 listeners who never run out of audio" in out
    assert "0.0500 s of a worker for a second of audio" in out


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (MeasurementError("m: the self-test failed"), "the self-test failed"),
        (ValueError("m is no model of recognition"), "m is no model"),
        (
            machine(batches=[BatchTest((5.0,), 0.1, False, False)]),
            "ended before it had measured finals",
        ),
        (machine(batches=[BatchTest((5.0,), 0.1, True, True)]), "step by step"),
        (
            machine(batches=[BatchTest((5.0,), 20.0, final, False) for final in (False, True)]),
            "cannot serve even one speaker",
        ),
    ],
)
def test_machines_that_cannot_be_measured(
    found: ThisMachine | Exception,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    measuring(monkeypatch, found)
    assert main([*WHISPER, "--measure"]) == FAILED
    assert message in capsys.readouterr().err


def test_a_machine_for_no_listener(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    measuring(monkeypatch, machine(voices=[VoiceTest("v", 9.0, 9.0, 1.0)]))
    assert main([*VOICE, "--measure"]) == FAILED
    assert "cannot serve even one listener" in capsys.readouterr().err


def test_the_reference_is_simulated_with_its_scale() -> None:
    known = figures().batches[0]
    costs = BatchCosts(known.tests, known.scale)
    assert [test.seconds for test in costs.tests] == [
        pytest.approx(known.scale * test.seconds) for test in known.tests
    ]
