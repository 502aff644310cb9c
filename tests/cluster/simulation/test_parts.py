"""Clock, speakers, nodes, autoscaler, scenario, costs, charts."""

from __future__ import annotations

import random
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liusheng.asr.vad.segments import SpeechSegment
from liusheng.cluster.planning.measured import figures
from liusheng.cluster.simulation.autoscaler import Autoscaler
from liusheng.cluster.simulation.charts import charts, picture
from liusheng.cluster.simulation.clock import Clock
from liusheng.cluster.simulation.coarse import Curve, CurvePoint
from liusheng.cluster.simulation.costs import BatchCosts
from liusheng.cluster.simulation.nodes import Nodes
from liusheng.cluster.simulation.results import Sample, SimulationResults
from liusheng.cluster.simulation.scenario import HOUR, Burst, Scenario
from liusheng.cluster.simulation.talk import ENDPOINT, Talk
from liusheng.runtime.recognition.messages import BatchTest


@given(st.lists(st.floats(0.0, 100.0), max_size=20))
def test_events_happen_in_order(times: list[float]) -> None:
    clock = Clock()
    happened: list[tuple[float, float]] = []
    for time in times:
        clock.after(time, lambda time=time: happened.append((time, clock.now)))  # type: ignore[misc]
    clock.run(50.0)
    assert clock.now == 50.0
    assert happened == [(time, time) for time in sorted(times) if time <= 50.0]


@given(seed=st.integers(0, 100), steps=st.lists(st.integers(1, 30_000), min_size=1, max_size=60))
def test_a_speaker_is_the_same_however_it_is_heard(seed: int, steps: list[int]) -> None:
    """Utterances are closed once and in order, whatever the packets are."""
    talk, at = Talk(random.Random(seed)), 0
    closed: list[SpeechSegment] = []
    for step in steps:
        found = talk.activity(at, at + step)
        at += step
        closed += found.closed
        assert found.end == at
        if found.open:
            assert found.open.silence == at - found.open.speech_end < ENDPOINT
            assert not closed or found.open.start >= closed[-1].end
    whole = Talk(random.Random(seed)).activity(0, at)
    assert tuple(closed) == whole.closed


@given(st.lists(st.booleans(), max_size=60), st.integers(1, 5))
def test_nodes_hold_no_more_than_they_can(begins: list[bool], size: int) -> None:
    nodes: Nodes[int] = Nodes(size)
    here: list[int] = []
    known: set[int] = set()
    for number, add in enumerate(begins):
        if add:
            began = nodes.add(number)
            assert (began is not None) == (
                len(here) == sum(len(nodes.on(n)) for n in known)
                and all(len(nodes.on(n)) in (0, size) for n in known)
            )
            known |= set() if began is None else {began}
            here.append(number)
        elif here:
            nodes.remove(here.pop(0))
        assert sorted(each for n in known for each in nodes.on(n)) == sorted(here)
        assert all(len(nodes.on(n)) <= size for n in known)
    assert len(nodes) == sum(bool(nodes.on(n)) for n in known)


def test_the_autoscaler_waits_and_follows() -> None:
    scenario = Scenario(100, target=10, minimum=2, maximum=20)
    scaler = Autoscaler(scenario)
    assert [scaler.decide(100, 5, now) for now in (0, 10, 20, 30)] == [0, 0, 0, 5]
    assert scaler.decide(100, 10, 40) == 0
    assert scaler.decide(0, 10, 50) == 0
    assert scaler.decide(100, 10, 640) == 0, "more are needed again, so that it begins anew"
    assert [scaler.decide(0, 10, now) for now in (650, 1249, 1250)] == [0, 0, -8]
    assert scaler.wanted(10_000) == 20


def test_a_day() -> None:
    scenario = Scenario(300, day=(0.0, 1.0), session=300.0, bursts=(Burst(6 * HOUR, 60, 3.0),))
    assert scenario.arrivals(0.0) == 0.0
    assert scenario.arrivals(12 * HOUR) == 1.0
    assert scenario.arrivals(6 * HOUR) == 1.5
    assert scenario.arrivals(6 * HOUR + 60) == pytest.approx(0.5, rel=0.01)
    assert scenario.arrivals(36 * HOUR) == 1.0
    assert scenario.most_arrivals == 3.0


def test_batches_cost_what_was_measured() -> None:
    known = figures().batches[0]
    costs = BatchCosts(known.tests, 2.0)
    for test in known.tests:
        found = costs.seconds(test.weights, final=test.final)
        assert found == pytest.approx(2.0 * test.seconds, rel=0.03)
    assert costs.seconds([], final=True) == 0.0


def test_what_cannot_be_simulated() -> None:
    with pytest.raises(ValueError, match="step by step"):
        BatchCosts([BatchTest((1.0,), 0.1, False, True)])
    with pytest.raises(ValueError, match="of finals"):
        BatchCosts([BatchTest((1.0,), 0.1, False, False)])


def test_charts() -> None:
    samples = [Sample(60.0 * n, 10 * n, 2, 0, 0.5, 1.0, 0.7, n, 0) for n in range(1, 20)]
    results = SimulationResults(samples=samples, gaps=[0.1, 0.2])
    curve = Curve([CurvePoint(1, 0.1, 0.2, 0.1, True), CurvePoint(8, 0.4, 0.8, 0.3, False)])
    found = charts(results, curve, 0.35, 16, figures().recognition[0].loads)
    assert set(found) == {"sessions", "delay", "refused", "replica", "gaps"}
    for chart in found.values():
        tree = ET.fromstring(picture(chart))
        assert tree.tag.endswith("svg")
        assert not [each for each in tree.iter() if each.get("class")]
        assert {each.get("stroke") for each in tree.findall("{*}path")} >= {"#ddd", "#0072b2"}
    assert [y for _, y in found["replica"].series[0].points] == pytest.approx([0.45, 0.75])
    assert "gaps" not in charts(SimulationResults(samples=samples), curve, 0.0, 16, [])
    assert results.mean_delay == 0.5
