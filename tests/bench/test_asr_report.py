from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from liusheng.bench.asr_report import Goal, Trial, report
from liusheng.bench.processes import Usage
from liusheng.bench.speaker import AsrResult
from liusheng.bench.transcribe import Recording


def take(
    text: str = "你好",
    *,
    delays: tuple[float, ...] = (0.5, 0.7),
    final: float = 0.2,
    failure: str = "",
) -> AsrResult:
    recording = Recording("r1", "zh", Path("r1.wav"), "你好")
    if failure:
        return AsrResult(recording, 0.0, 1.0, failure=failure)
    return AsrResult(recording, 0.0, 1.0, text, "m", delays, final)


def test_a_goal_is_held_or_missed() -> None:
    goal = Goal(delay=0.6, final=0.2)
    assert Trial(1, [take()], goal).holds
    assert not Trial(1, [take(delays=(0.5, 0.8))], goal).holds, "the mean delay is 0.65 s"
    assert not Trial(1, [take(), take(final=0.3)], goal).holds
    assert not Trial(1, [take(), take(failure="server_busy")], goal).holds
    assert not Trial(1, [], goal).holds, "nothing measured is nothing held"


def test_errors_and_losses_are_counted() -> None:
    trial = Trial(2, [take(), take("你号"), take(failure="server_busy")], Goal())
    assert (trial.errors["zh"].edits, trial.errors["zh"].length) == (1, 4)
    assert trial.failures == {"server_busy": 1}
    assert len(trial.finals) == 2


def test_recordings_without_a_reference_have_no_error_rate() -> None:
    recording = Recording("r1", "auto", Path("r1.wav"), "")
    assert Trial(1, [AsrResult(recording, 0, 1, "你好", "m", (0.5,), 0.2)], Goal()).errors == {}


def test_the_report_says_what_was_measured() -> None:
    usage = Usage(0.1, 1.5, 0.05, 100 << 20, 140 << 20, 120 << 20, 2)
    trials = [
        Trial(4, [take(final=0.9), take(final=0.9)], Goal(), usage),
        Trial(2, [take("你号")], Goal()),
    ]
    made = report(trials, [("machine", "m")], 2)
    table = made.tables[0]
    assert table.columns == ["speakers", "2", "4"]
    rows = {row[0]: row[1:] for row in table.rows}
    assert rows["token delay, mean (ms)"] == ["600", "600"]
    assert rows["final latency, p95 (ms)"] == ["200", "900"]
    assert rows["final latency over 0.6 s"] == ["0.0%", "100.0%"]
    assert rows["character error rate, zh"] == ["50.0%", "0.0%"]
    assert rows["its workers' cores"] == ["–", "1.50"]
    assert rows["cores for one speaker"] == ["–", "0.400"]
    assert rows["memory at most (MB)"] == ["–", "140"]
    assert rows["goal"] == ["held", "missed"]
    assert ("speakers held", "2") in made.facts
    by_number = made.charts[0]
    assert [line.points for line in by_number.lines] == [
        [(2, pytest.approx(0.6)), (4, pytest.approx(0.6))],
        [(2, pytest.approx(0.2)), (4, pytest.approx(0.9))],
    ]


def test_programs_get_every_single_measurement() -> None:
    data = json.loads(msgspec.json.encode(report([Trial(1, [take()], Goal())], [], None).data))
    assert data["largest"] is None
    trial = data["trials"][0]
    assert trial["holds"] is True
    assert trial["token_delay"]["mean"] == pytest.approx(0.6)
    assert trial["usage"] is None
    assert trial["takes"][0]["token_delays"] == [0.5, 0.7]


def test_with_a_goal_for_the_lag_token_delays_do_not_count() -> None:
    recording = Recording("r1", "zh", Path("r1.wav"), "你好")
    late = AsrResult(recording, 0.0, 1.0, "你好", "m", (9.0,), 0.2, lags=(0.1, 0.3))
    assert Trial(1, [late], Goal(lag=0.5)).holds
    assert not Trial(1, [late], Goal(lag=0.2)).holds
    assert not Trial(1, [take()], Goal(lag=0.5)).holds, "a server that does not say holds nothing"
    made = report([Trial(1, [late], Goal(lag=0.5)), Trial(2, [late], Goal(lag=0.5))], [], None)
    rows = {row[0]: row[1:] for row in made.tables[0].rows}
    assert rows["lag of a chunk, p50 (ms)"] == ["200", "200"]
    assert rows["lag of a chunk over 0.5 s"] == ["0.0%", "0.0%"]
    assert made.charts[0].lines[0].name == "lag, p95"
    assert ("goal", "lag 0.5 s and final 0.6 s, both at the 95th percentile") in made.facts
