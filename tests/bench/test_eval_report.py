from __future__ import annotations

import json
import math
from pathlib import Path

import msgspec

from liusheng.bench.eval_report import Result, difference_interval, report, total
from liusheng.bench.scoring import Errors
from liusheng.bench.transcribe import Recording


def result(lang: str, said: str, live: str, whole: str | None = None, **more: object) -> Result:
    recording = Recording(f"{lang}1", lang, Path("r.wav"), said)
    return Result(recording, 2.0, "m", live, (0.4, 0.6), 0.2, 0.5, whole, **more)  # type: ignore[arg-type]


def test_errors_are_counted_each_way() -> None:
    one = result("zh", "你好", "你号", "你好", plain="好")
    assert one.live_errors == Errors(1, 2)
    assert one.whole_errors == Errors(0, 2)
    assert one.plain_errors == Errors(1, 2)
    assert result("zh", "你好", "你好").whole_errors is None
    assert total([Errors(1, 2), None, Errors(0, 3)]) == Errors(1, 5)


def test_the_interval_is_around_the_difference() -> None:
    pairs = [(Errors(1, 10), Errors(0, 10)), (Errors(0, 10), Errors(0, 10))] * 20
    low, high = difference_interval(pairs)
    assert 0 < low < 0.05 < high < 0.1
    assert difference_interval(pairs) == (low, high), "the same for the same recordings"
    assert difference_interval([(Errors(2, 9), Errors(2, 9))] * 5) == (0.0, 0.0)
    assert math.isnan(difference_interval(pairs[:1])[0])


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
    assert rows["errors live"] == ["0.0%", "50.0%", "25.0%"]
    assert rows["errors, whole at once"] == ["0.0%", "0.0%", "0.0%"]
    assert rows["live − whole (points)"] == ["+0.0", "+50.0", "+25.0"]
    assert rows["errors, plain"] == ["–", "–", "–"]
    assert rows["token delay, mean (ms)"] == ["500"] * 3
    assert rows["real-time factor, live"] == ["0.250"] * 3
    assert rows["real-time factor, whole"] == ["0.100"] * 3
    details = made.details[0]
    assert details.rows[0][0] == "zh1", "the worst come first"
    data = json.loads(msgspec.json.encode(made.data))
    assert data["languages"]["all"]["live"] == {"edits": 1, "length": 4, "rate": 0.25}
    assert data["recordings"][2]["failure"] == "server_busy"
    assert "Live against the whole at once" in [chart.title for chart in made.charts]


def test_without_anything_offline_there_is_no_comparison() -> None:
    made = report([result("zh", "你好", "你好")], [])
    rows = {row[0]: row[1] for row in made.tables[0].rows}
    assert rows["errors, whole at once"] == rows["live − whole (points)"] == "–"
    assert len(made.charts) == 2
    assert rows["errors live"] == "0.0%"
