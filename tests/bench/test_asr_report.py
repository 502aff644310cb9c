from __future__ import annotations

import json

import msgspec
import pytest

from liusheng.bench.asr_report import report
from liusheng.bench.asr_trial import AsrGoal, AsrTrial
from liusheng.bench.processes import ResourceUsage

from .test_asr_trial import late, result


def test_a_column_for_each_trial() -> None:
    usage = ResourceUsage(0.1, 1.5, 0.05, 100 << 20, 140 << 20, 120 << 20, 2)
    trials = [
        AsrTrial(4, [result(final=0.9), result(final=0.9)], AsrGoal(), usage),
        AsrTrial(2, [result("你号")], AsrGoal()),
    ]
    made = report(trials, [("machine", "m")], 2)
    table = made.tables[0]
    assert table.columns == ["streams", "2", "4"]
    rows = {row[0]: row[1:] for row in table.rows}
    assert rows["token delay, mean (ms)"] == ["600", "600"]
    assert rows["final latency, p95 (ms)"] == ["200", "900"]
    assert rows["final latency over 0.6 s"] == ["0.0%", "100.0%"]
    assert rows["character error rate, zh"] == ["50.0%", "0.0%"]
    assert rows["cores used by its workers"] == ["–", "1.50"]
    assert rows["cores per stream"] == ["–", "0.400"]
    assert rows["memory, maximum (MB)"] == ["–", "140"]
    assert rows["goal"] == ["reached", "missed"]
    assert ("most streams", "2 reach the goal") in made.facts
    by_streams = made.charts[0]
    assert [series.points for series in by_streams.series] == [
        [(2, pytest.approx(0.6)), (4, pytest.approx(0.6))],
        [(2, pytest.approx(0.2)), (4, pytest.approx(0.9))],
    ]


def test_the_lag_is_reported_if_there_is_a_goal_for_it() -> None:
    goal = AsrGoal(lag=0.5)
    made = report([AsrTrial(1, [late()], goal), AsrTrial(2, [late()], goal)], [], None)
    rows = {row[0]: row[1:] for row in made.tables[0].rows}
    assert rows["lag of a chunk, p50 (ms)"] == ["200", "200"]
    assert rows["lag of a chunk over 0.5 s"] == ["0.0%", "0.0%"]
    assert made.charts[0].series[0].name == "lag, p95"
    assert ("goal", "lag 0.5 s and final 0.6 s, both at the 95th percentile") in made.facts


def test_the_data_can_be_encoded_as_json() -> None:
    made = report([AsrTrial(1, [result()], AsrGoal())], [("machine", "m")], None)
    data = json.loads(msgspec.json.encode(made.data))
    assert data["largest"] is None
    assert data["facts"]["machine"] == "m"
    assert data["trials"][0]["results"][0]["id"] == "r1"
    titles = [chart.title for chart in made.charts]
    assert titles == ["Token delay", "Final latency", "Final latency over time"]
