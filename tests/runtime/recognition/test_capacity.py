"""When there is room for another recognition."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from liusheng.runtime.options import RecognitionServiceOptions
from liusheng.runtime.recognition.capacity import shortage

OPTIONS = RecognitionServiceOptions(
    max_streams=4, max_lag=2.0, max_backlog_lag=60.0, max_interval=3.0
)


@dataclass
class Measurements:
    streams: int = 0
    live_lag: float = 0.0
    upload_lag: float = 0.0
    seconds: float = 0.0

    def __len__(self) -> int:
        return self.streams

    def lag(self, now: float) -> float:
        return self.live_lag

    def backlog_lag(self, now: float) -> float:
        return self.upload_lag

    def interval(self, workers: float, now: float) -> float:
        return self.seconds / workers


def reason(measured: Measurements, *, upload: bool = False, stranded: bool = False) -> str:
    found = shortage(measured, OPTIONS, 2.0, 0.0, upload=upload, stranded=stranded)
    return found.reason if found else ""


@pytest.mark.parametrize(
    ("measured", "live", "upload"),
    [
        (Measurements(3, 2.0, 60.0, 6.0), "", ""),
        (Measurements(4), "sessions", "sessions"),
        (Measurements(3, live_lag=2.1), "lag", ""),
        (Measurements(3, upload_lag=61.0), "", "uploads"),
        (Measurements(3, seconds=6.1), "interval", ""),
    ],
)
def test_what_is_short(measured: Measurements, live: str, upload: str) -> None:
    assert reason(measured) == live
    assert reason(measured, upload=upload != "" or live != "") == upload
    assert reason(measured, stranded=True) == "workers"


def test_how_long_it_lasts_at_least() -> None:
    found = shortage(Measurements(1, live_lag=7.0), OPTIONS, 2.0, 0.0, upload=False, stranded=False)
    assert found
    assert found.least == 7.0
    assert "lags 7.0 s behind, over 2 s" in found.message


def test_who_leaves_makes_room() -> None:
    full = Measurements(4)
    assert shortage(full, OPTIONS, 2.0, 0.0, upload=False, stranded=False, leaving=1) is None
    more = Measurements(5)
    assert shortage(more, OPTIONS, 2.0, 0.0, upload=False, stranded=False, leaving=1)
