from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest

from liusheng.cluster.serving.load import ReplicaLoad
from liusheng.runtime.histogram import Histogram
from liusheng.server.config.cluster import ClusterSettings


class Engines:
    """Two services, with what they measured."""

    def __init__(self, **measured: Any) -> None:
        self.lags = Histogram()
        self.first_packets = Histogram()
        self.recognition: Any = SimpleNamespace(
            streams=measured.get("streams", 0),
            options=SimpleNamespace(max_streams=10),
            partial_interval=lambda: measured.get("interval", 0.0),
            statistics=SimpleNamespace(lags=self.lags),
        )
        self.synthesis: Any = SimpleNamespace(
            under_way=measured.get("speeches", 0),
            options=SimpleNamespace(max_speeches=10),
            demand=lambda: measured.get("demand", 0.0),
            statistics=SimpleNamespace(first_packets=self.first_packets),
        )


SETTINGS = ClusterSettings(partial_seconds=2, lag_seconds=2, first_packet_seconds=0.5)


def measure(**measured: Any) -> dict[str, float]:
    return ReplicaLoad(Engines(**measured), SETTINGS).measure()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("measured", "capacity"),
    [
        ({}, 0.0),
        ({"streams": 5}, 0.5),
        ({"speeches": 3}, 0.3),
        ({"streams": 3, "interval": 2.0}, 0.75),  # 2 s would be those of four
        ({"streams": 3, "interval": math.inf}, 2.0),
        ({"interval": 2.0}, 0.0),
        ({"speeches": 1, "demand": 0.425}, 0.5),
    ],
)
def test_the_scarcest_is_the_share(measured: dict[str, Any], capacity: float) -> None:
    assert measure(**measured) == {"capacity": pytest.approx(capacity), "delay": 0.0}


def test_delays_are_those_since_the_last_look() -> None:
    engines = Engines()
    load = ReplicaLoad(engines, SETTINGS)  # type: ignore[arg-type]
    engines.lags.observe(1.0)
    engines.lags.observe(2.0)
    assert load.measure()["delay"] == pytest.approx(0.75)
    assert load.measure()["delay"] == 0.0, "nobody waited"
    engines.lags.observe(1.0)
    engines.first_packets.observe(1.0)
    assert load.measure()["delay"] == pytest.approx(2.0)


def test_a_replica_of_one_task_only() -> None:
    engines = Engines(streams=5, speeches=9)
    engines.synthesis = None
    assert ReplicaLoad(engines, SETTINGS).measure()["capacity"] == 0.5  # type: ignore[arg-type]
    engines.recognition = None
    assert ReplicaLoad(engines, SETTINGS).measure() == {"capacity": 0.0, "delay": 0.0}  # type: ignore[arg-type]
