from __future__ import annotations

import json

import msgspec

from liusheng.bench.eval_report import report

from .test_eval_results import result


def test_the_report_has_languages_and_a_total() -> None:
    results = [
        result("zh", "你好", "你号", "你好", cpu_whole=0.2),
        result("en", "one two", "one two", "one two", cpu_whole=0.2),
        result("en", "one", "", failure="server_busy"),
    ]
    made = report(results, [])
    table = made.tables[0]
    assert table.columns == ["", "en (words)", "zh (characters)", "all (tokens)"]
    rows = {row[0]: row[1:] for row in table.rows}
    assert rows["lost"] == ["1", "0", "1"]
    assert rows["error rate, live"] == ["0.0%", "50.0%", "25.0%"]
    assert rows["error rate, whole"] == ["0.0%", "0.0%", "0.0%"]
    assert rows["live − whole (points)"] == ["+0.0", "+50.0", "+25.0"]
    assert rows["error rate, plain"] == ["–", "–", "–"]
    assert rows["token delay, mean (ms)"] == ["500"] * 3
    assert rows["real-time factor, live"] == ["0.250"] * 3
    assert rows["real-time factor, whole"] == ["0.100"] * 3
    details = made.details[0]
    assert details.rows[0][0] == "zh1", "worst first"
    data = json.loads(msgspec.json.encode(made.data))
    assert data["languages"]["all"]["live"] == {"edits": 1, "length": 4, "rate": 0.25}
    assert data["recordings"][2]["failure"] == "server_busy"
    assert "Live and whole" in [chart.title for chart in made.charts]


def test_without_anything_offline_there_is_no_comparison() -> None:
    made = report([result("zh", "你好", "你好")], [])
    rows = {row[0]: row[1] for row in made.tables[0].rows}
    assert rows["error rate, whole"] == rows["live − whole (points)"] == "–"
    assert len(made.charts) == 2
    assert rows["error rate, live"] == "0.0%"
