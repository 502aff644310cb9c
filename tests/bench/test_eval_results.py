from __future__ import annotations

import math
from pathlib import Path

from liusheng.bench.eval_results import EvalResult, difference_interval, total
from liusheng.bench.recordings import Recording
from liusheng.bench.scoring import Errors


def result(
    lang: str, reference: str, live: str, whole: str | None = None, **more: object
) -> EvalResult:
    recording = Recording(f"{lang}1", lang, Path("r.wav"), reference)
    return EvalResult(recording, 2.0, "m", live, (0.4, 0.6), 0.2, 0.5, whole, **more)  # type: ignore[arg-type]


def test_errors_of_each_transcript() -> None:
    one = result("zh", "你好", "你号", "你好", plain="好")
    assert one.live_errors == Errors(1, 2)
    assert one.whole_errors == Errors(0, 2)
    assert one.plain_errors == Errors(1, 2)
    assert result("zh", "你好", "你好").whole_errors is None


def test_a_total_skips_what_was_not_measured() -> None:
    assert total([Errors(1, 2), None, Errors(0, 3)]) == Errors(1, 5)
    assert total([]) == Errors()


def test_the_interval_contains_the_difference() -> None:
    pairs = [(Errors(1, 10), Errors(0, 10)), (Errors(0, 10), Errors(0, 10))] * 20
    low, high = difference_interval(pairs)
    assert 0 < low < 0.05 < high < 0.1
    assert difference_interval(pairs) == (low, high), "it is reproducible"
    assert difference_interval([(Errors(2, 9), Errors(2, 9))] * 5) == (0.0, 0.0)


def test_without_enough_recordings_there_is_no_interval() -> None:
    assert math.isnan(difference_interval([(Errors(1, 10), Errors(0, 10))])[0])
    assert math.isnan(difference_interval([(Errors(), Errors())] * 5)[0]), "without references"
