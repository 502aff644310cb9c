from __future__ import annotations

from pathlib import Path

import pytest

from liusheng.bench.asr_client import AsrResult
from liusheng.bench.asr_trial import AsrGoal, AsrTrial
from liusheng.bench.recordings import Recording


def result(
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


def late() -> AsrResult:
    recording = Recording("r1", "zh", Path("r1.wav"), "你好")
    return AsrResult(recording, 0.0, 1.0, "你好", "m", (9.0,), 0.2, lags=(0.1, 0.3))


def test_a_goal_is_reached_or_missed() -> None:
    goal = AsrGoal(delay=0.6, final=0.2)
    assert AsrTrial(1, [result()], goal).reached
    assert not AsrTrial(1, [result(delays=(0.5, 0.8))], goal).reached, "the mean delay is 0.65 s"
    assert not AsrTrial(1, [result(), result(final=0.3)], goal).reached
    assert not AsrTrial(1, [result(), result(failure="server_busy")], goal).reached
    assert not AsrTrial(1, [], goal).reached, "without results nothing is reached"


def test_with_a_goal_for_the_lag_token_delays_do_not_count() -> None:
    assert AsrTrial(1, [late()], AsrGoal(lag=0.5)).reached
    assert not AsrTrial(1, [late()], AsrGoal(lag=0.2)).reached
    trial = AsrTrial(1, [result()], AsrGoal(lag=0.5))
    assert not trial.reached, "a server that does not report its progress has no lags"


def test_errors_and_losses_are_counted() -> None:
    results = [result(), result("你号"), result(failure="server_busy")]
    trial = AsrTrial(2, results, AsrGoal())
    assert (trial.errors["zh"].edits, trial.errors["zh"].length) == (1, 4)
    assert trial.failures == {"server_busy": 1}
    assert len(trial.finals) == 2


def test_recordings_without_a_reference_have_no_error_rate() -> None:
    recording = Recording("r1", "auto", Path("r1.wav"), "")
    results = [AsrResult(recording, 0, 1, "你好", "m", (0.5,), 0.2)]
    assert AsrTrial(1, results, AsrGoal()).errors == {}


def test_a_trial_in_one_line() -> None:
    trial = AsrTrial(2, [result(), result(failure="no_final")], AsrGoal())
    expected = "2 streams: token delay 0.60 s on average, final 0.20 s at p95, 1 lost: goal missed"
    assert str(trial) == expected
    trial = AsrTrial(1, [late()], AsrGoal(lag=0.5))
    assert str(trial) == "1 stream: lag 0.29 s at p95, final 0.20 s at p95, 0 lost: goal reached"


def test_data_has_every_single_measurement() -> None:
    data = AsrTrial(1, [result()], AsrGoal()).as_data()
    assert data["reached"] is True
    assert data["token_delay"]["mean"] == pytest.approx(0.6)  # type: ignore[index]
    assert data["usage"] is None
    assert data["results"][0]["token_delays"] == (0.5, 0.7)  # type: ignore[index]
