from __future__ import annotations

import json

import msgspec
import pytest

from liusheng.bench.intelligibility import IntelligibilityResult
from liusheng.bench.processes import ResourceUsage
from liusheng.bench.tts_client import PlaybackGap, TtsResult
from liusheng.bench.tts_report import report
from liusheng.bench.tts_trial import TtsGoal, TtsMeasurement, TtsTrial

USAGE = ResourceUsage(0.1, 1.2, 0.05, 0, 5 << 20, 0, 2)


def result(first: float = 0.04, gaps: tuple[PlaybackGap, ...] = ()) -> TtsResult:
    return TtsResult("你好", 0.0, first, took=0.1, seconds=2.0, gaps=gaps, complete=True)


def measurement(single: TtsResult, *load: TtsResult) -> TtsMeasurement:
    many = TtsTrial("many", load, USAGE, 20) if load else None
    return TtsMeasurement({8: TtsTrial("8 characters", [single])}, many, [])


def test_a_goal_is_reached_or_missed() -> None:
    goal = TtsGoal(single=0.05, load=0.3)
    refused = TtsResult("", 0.0, failure="server_busy")
    assert measurement(result(), result(0.2)).reached(goal)
    assert not measurement(result(0.06)).reached(goal)
    assert not measurement(result(), result(0.2), result(0.5)).reached(goal)
    assert not measurement(result(), result(0.2, (PlaybackGap(0.5, 0.01),))).reached(goal)
    assert not measurement(result(), result(0.2), refused).reached(goal)
    assert not measurement(TtsResult("", 0.0, failure="no_audio")).reached(goal)


def test_only_complete_results_have_a_real_time_factor() -> None:
    disconnected = TtsResult("你好", 0.0, 0.03, took=0.03, seconds=0.1)
    trial = TtsTrial("8 characters", [result(), disconnected])
    assert trial.real_time_factor == pytest.approx(0.05)
    assert trial.first_packet.count == 2


def test_tables_charts_and_data() -> None:
    made = report(
        TtsMeasurement(
            {8: TtsTrial("8 characters", [result(), result(0.06)])},
            TtsTrial("20 listeners", [result(0.2, (PlaybackGap(1.0, 0.05),))], USAGE, 20),
            [
                IntelligibilityResult("baker", "zh", "你好", "你号。"),
                IntelligibilityResult("baker", "zh", "再见", "再见。"),
                IntelligibilityResult("", "en", "one two", failure="server_busy"),
            ],
        ),
        TtsGoal(),
        [],
    )
    single, load, intelligibility = made.tables
    assert single.columns == ["characters", "8"]
    assert ["first packet, p50 (ms)", "50"] in single.rows
    assert ["real-time factor", "0.050"] in single.rows
    assert ["longest gap (ms)", "50"] in load.rows
    assert ["cores used by its workers", "1.20"] in load.rows
    assert intelligibility.rows == [
        ["baker", "zh", "2", "0", "4 characters", "25.0%"],
        ["(default)", "en", "1", "1", "0 words", "–"],
    ]
    assert ("reached", "no") in made.facts
    worst, *_, best = made.details[0].rows
    assert worst == ["", "2", "one two", "server_busy"]
    assert best == ["baker", "0", "再见", "再见。"]
    data = json.loads(msgspec.json.encode(made.data))
    assert data["load"]["results"][0]["gaps"] == [{"at": 1.0, "seconds": 0.05}]
    assert data["intelligibility"][0]["rate"] == 0.5
    assert [chart.title for chart in made.charts] == [
        "First packet, one listener",
        "First packet, many listeners",
    ]


def test_parts_that_were_left_out_are_not_reported() -> None:
    made = report(TtsMeasurement({}, None, []), TtsGoal(), [])
    assert (made.tables, made.charts, made.details) == ([], [], [])
    assert made.data["load"] is None
