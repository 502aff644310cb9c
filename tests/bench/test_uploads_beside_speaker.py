"""tools/uploads_beside_speaker.py: its file, and what it reports."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from liusheng.audio.decode import decode_file
from liusheng.bench.asr_client import AsrResult
from liusheng.bench.asr_trial import AsrGoal, AsrTrial
from liusheng.bench.processes import ResourceUsage
from liusheng.bench.recordings import Clip, Recording
from tools.uploads_beside_speaker import MAX_RISE, broken_promises, flac, rows

RECORDING = Recording("r1", "zh", Path("r1.wav"), "")


def clip(value: int, seconds: float) -> Clip:
    return Clip(RECORDING, np.full(round(16_000 * seconds), value, "<i2").tobytes())


def trial(delays: tuple[float, ...], final: float, cores: float | None) -> AsrTrial:
    usage = None if cores is None else ResourceUsage(0.1, cores, 0.1, 0, 0, 0, 2)
    lags = tuple(each / 2 for each in delays)
    results = [AsrResult(RECORDING, 0.0, 1.0, "你好", "m", delays, final, lags)]
    return AsrTrial(1, results, AsrGoal(), usage)


@pytest.mark.parametrize("seconds", [1.0, 2.0, 7.3])
def test_a_file_has_its_duration_and_the_recordings_again_and_again(seconds: float) -> None:
    file = flac([clip(1_000, 1.0), clip(-1_000, 0.5)], seconds)
    samples = np.concatenate(list(decode_file(io.BytesIO(file), 16_000)))
    once = [np.full(16_000, 1_000), np.zeros(8_000), np.full(8_000, -1_000), np.zeros(8_000)]
    expected = np.tile(np.concatenate(once), 3)[: round(16_000 * seconds)]
    assert np.array_equal(np.round(samples * 32_768), expected)


def test_the_report_compares_percentiles() -> None:
    alone = trial(tuple(np.linspace(0.0, 2.0, 101)), 0.5, 0.65)
    beside = trial(tuple(np.linspace(0.0, 2.0, 101) + 0.08), 0.4, 1.52)
    assert rows(alone, beside) == [
        "token delay, p95: 1.90 s alone, 1.98 s beside the uploads (+0.08 s)",
        "lag, p95: 0.95 s alone, 0.99 s beside the uploads (+0.04 s)",
        "final latency, p95: 0.50 s alone, 0.40 s beside the uploads (-0.10 s)",
        "cores used by the workers: 0.65 alone, 1.52 beside them",
    ]


def test_cores_are_left_out_where_they_are_not_known() -> None:
    assert len(rows(trial((1.0,), 0.5, None), trial((1.0,), 0.5, 1.0))) == 3


@pytest.mark.parametrize("rise", [-0.3, 0.0, MAX_RISE - 0.01])
def test_a_delay_that_hardly_rises_is_as_promised(rise: float) -> None:
    beside = trial((1.0 + rise,), 5.0, None)
    assert broken_promises(trial((1.0,), 0.5, None), beside, []) == []


@pytest.mark.parametrize(("rise", "names"), [(0.6, ["token delay"]), (1.1, ["token delay", "lag"])])
def test_a_delay_that_rises_is_not(rise: float, names: list[str]) -> None:
    alone = trial(tuple(np.linspace(0.0, 2.0, 101)), 0.5, None)
    beside = trial(tuple(np.linspace(0.0, 2.0, 101) + rise), 0.5, None)
    found = broken_promises(alone, beside, [])
    assert [line.split(" (p95)")[0] for line in found] == [f"the {name}" for name in names]
    assert found[0].endswith(f"rose by {rise:.2f} s beside the uploads, not by 0.5 s at most")


def test_without_a_measurement_nothing_is_as_promised() -> None:
    found = broken_promises(trial((1.0,), 0.5, None), trial((), 0.5, None), [])
    assert ["nan" in line for line in found] == [True, True]


def test_nor_is_it_where_an_upload_ended_or_a_recording_was_lost() -> None:
    alone = trial((1.0,), 0.5, None)
    lost = AsrResult(RECORDING, 0.0, 1.0, failure="server_busy")
    beside = AsrTrial(1, [*alone.results, lost], AsrGoal(), None)
    assert broken_promises(alone, beside, ["it had no text"]) == [
        "an upload was not under way: it had no text",
        "recordings that were lost: {'server_busy': 1}",
    ]
