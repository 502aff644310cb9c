"""The metrics of several replicas in one text."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from liusheng.cluster.observe.merging import ReplicaMetrics, merged


def text(sessions: float, requests: int, delays: tuple[float, ...], help_text: str = "Now.") -> str:
    registry = CollectorRegistry()
    gauge = Gauge("liusheng_sessions", help_text, ["task"], registry=registry)
    gauge.labels("asr").set(sessions)
    Counter("liusheng_requests", 'Of a "kind" {a}.', registry=registry).inc(requests)
    histogram = Histogram("liusheng_delay_seconds", "Delay.", registry=registry, buckets=(1, 2))
    for delay in delays:
        histogram.observe(delay)
    return generate_latest(registry).decode()


def samples(found: str) -> dict[tuple[str, str, str], float]:
    return {
        (each.name, each.labels.get("replica", ""), each.labels.get("le", "")): each.value
        for family in text_string_to_metric_families(found)
        for each in family.samples
    }


def test_each_sample_has_the_name_of_its_replica_and_nothing_is_added_up() -> None:
    found = samples(
        merged(
            [
                ReplicaMetrics("one", "speech", text(3, 10, (0.5, 1.5))),
                ReplicaMetrics("two", "speech", text(4, 20, (5,))),
            ]
        )
    )
    assert found["liusheng_sessions", "one", ""] == 3
    assert found["liusheng_sessions", "two", ""] == 4
    assert found["liusheng_requests_total", "one", ""] == 10
    assert found["liusheng_requests_total", "two", ""] == 20
    assert found["liusheng_delay_seconds_bucket", "one", "2.0"] == 2
    assert found["liusheng_delay_seconds_bucket", "two", "2.0"] == 0
    assert found["liusheng_delay_seconds_bucket", "two", "+Inf"] == 1
    assert found["liusheng_delay_seconds_sum", "two", ""] == 5
    assert {replica for _, replica, _ in found} == {"one", "two"}


def test_each_family_stands_once_with_all_its_samples() -> None:
    found = merged(
        [
            ReplicaMetrics("one", "asr", text(3, 10, ())),
            # A rolling update: the text of the newer version is another one.
            ReplicaMetrics("two", "tts", text(4, 20, (), "How many there are.")),
        ]
    )
    families = list(text_string_to_metric_families(found))
    names = [family.name for family in families]
    assert len(names) == len(set(names))
    assert {family.name: family.type for family in families}["liusheng_requests"] == "counter"
    sessions = next(family for family in families if family.name == "liusheng_sessions")
    assert sessions.documentation == "Now."
    assert [each.labels for each in sessions.samples] == [
        {"replica": "one", "deployment": "asr", "task": "asr"},
        {"replica": "two", "deployment": "tts", "task": "asr"},
    ]


def test_a_family_that_one_replica_has_is_kept() -> None:
    more = "# HELP liusheng_new New.\n# TYPE liusheng_new gauge\nliusheng_new 1.0\n"
    found = samples(
        merged([ReplicaMetrics("a", "d", text(1, 1, ())), ReplicaMetrics("b", "d", more)])
    )
    assert found["liusheng_new", "b", ""] == 1


@pytest.mark.parametrize("name", ['a"b', "a\\b", "a\nb", "应用#语音#x"])
def test_any_name_of_a_replica_is_written_so_that_it_is_read(name: str) -> None:
    found = merged([ReplicaMetrics(name, "d", text(1, 1, ()))])
    assert {replica for _, replica, _ in samples(found)} == {name}


def test_values_of_labels_may_have_braces_and_spaces() -> None:
    plain = '# HELP x X.\n# TYPE x gauge\nx{route="/a {b} c"} 1.0\n'
    assert merged([ReplicaMetrics("r", "d", plain)]).splitlines()[-1] == (
        'x{replica="r",deployment="d",route="/a {b} c"} 1.0'
    )


def test_no_replica_is_no_text() -> None:
    assert merged([]) == ""
