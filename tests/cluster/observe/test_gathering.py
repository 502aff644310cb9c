"""One replica answers for all, or for itself if the others are silent."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

import pytest
from prometheus_client.parser import text_string_to_metric_families

from liusheng.cluster.observe import gathering
from liusheng.cluster.observe.gathering import AskAll, GatheredMetrics
from liusheng.cluster.observe.merging import ReplicaMetrics

OWN = "# HELP x X.\n# TYPE x gauge\nx 1.0\n"
OTHER = "# HELP x X.\n# TYPE x gauge\nx 2.0\n"


async def gathered(ask: AskAll) -> dict[str, dict[str, float]]:
    """The samples, by name and replica."""
    found: dict[str, dict[str, float]] = {}
    text = await GatheredMetrics("me", "speech", ask).metrics(OWN)
    for family in text_string_to_metric_families(text):
        for each in family.samples:
            found.setdefault(each.name, {})[each.labels.get("replica", "")] = each.value
    return found


async def test_all_replicas_answer() -> None:
    async def ask(seconds: float) -> Sequence[ReplicaMetrics]:
        return [ReplicaMetrics("me", "speech", OWN), ReplicaMetrics("other", "speech", OTHER)]

    assert await gathered(ask) == {
        "x": {"me": 1, "other": 2},
        "liusheng_scrape_complete": {"": 1},
    }


async def test_a_replica_that_ends_still_answers_for_itself() -> None:
    async def ask(seconds: float) -> Sequence[ReplicaMetrics]:
        return [ReplicaMetrics("other", "speech", OTHER)]

    found = await gathered(ask)
    assert found["x"] == {"me": 1, "other": 2}
    assert found["liusheng_scrape_complete"] == {"": 0}


async def test_if_the_others_fail_it_answers_for_itself_and_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def ask(seconds: float) -> Sequence[ReplicaMetrics]:
        raise RuntimeError("no replica is there")

    with caplog.at_level(logging.WARNING):
        found = await gathered(ask)
    assert found == {"x": {"me": 1}, "liusheng_scrape_complete": {"": 0}}
    assert "no replica is there" in caplog.text


async def test_it_waits_for_silent_ones_only_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "SECONDS", 0.01)

    async def ask(seconds: float) -> Sequence[ReplicaMetrics]:
        await asyncio.Event().wait()
        raise AssertionError

    assert (await gathered(ask))["liusheng_scrape_complete"] == {"": 0}
