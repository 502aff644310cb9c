"""The dashboard and the alert rules ask for metrics that there are, with labels that they have."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from liusheng.cluster.observe.gathering import GatheredMetrics
from liusheng.cluster.observe.merging import ReplicaMetrics
from liusheng.protocol import paths
from tests.server.conftest import Server

DEPLOY = Path(__file__).parents[3] / "deploy"
DASHBOARD: dict[str, Any] = json.loads((DEPLOY / "grafana" / "liusheng.json").read_text("utf-8"))
RULES: dict[str, Any] = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text("utf-8"))

OF_PROMETHEUS = {"up"}
OF_A_CLUSTER = {"liusheng_scrape_complete"}
TARGET_LABELS = {"instance", "job"}
CLUSTER_LABELS = {"replica"}

_SELECTOR = re.compile(r"\b((?:liusheng|process)_\w+|up)\b(?:\{([^}]*)\})?")


def expressions() -> list[str]:
    panels = [
        target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", [])
    ]
    variables = [
        each["query"] for each in DASHBOARD["templating"]["list"] if each["type"] == "query"
    ]
    return [*panels, *variables]


def rules() -> list[dict[str, Any]]:
    return [rule for group in RULES["groups"] for rule in group["rules"]]


@pytest.mark.asyncio(loop_scope="session")
async def test_every_metric_that_is_asked_for_exists(server: Server) -> None:
    async with httpx2.AsyncClient() as client:
        text = (await client.get(f"http://{server.address}{paths.METRICS}")).text
    samples: dict[str, set[str]] = {name: set() for name in OF_PROMETHEUS | OF_A_CLUSTER}
    for family in text_string_to_metric_families(text):
        # A metric with labels has no samples until something has happened.
        suffix = {"counter": "_total"}.get(family.type, "")
        samples.setdefault(family.name + suffix, set())
        for sample in family.samples:
            samples.setdefault(sample.name, set()).update(sample.labels)
    for expression in [*expressions(), *(rule["expr"] for rule in rules())]:
        found = _SELECTOR.findall(expression)
        assert found, expression
        for name, selector in found:
            assert name in samples, f"{name} in {expression}"
            for label in re.findall(r"(\w+)\s*(?:=~|=|!=|!~)", selector):
                known = (
                    samples[name]
                    | TARGET_LABELS
                    | CLUSTER_LABELS
                    | ({"code"} if "errors" in name else set())
                )
                assert label in known, f"{label} of {name} in {expression}"


def test_every_panel_has_a_place_of_its_own() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


def test_every_alert_says_what_to_do() -> None:
    assert len({rule["alert"] for rule in rules()}) == len(rules())
    for rule in rules():
        assert rule["labels"]["severity"] in {"warning", "critical"}
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["description"]
        assert "$labels.instance" in rule["annotations"]["summary"]


def test_every_panel_follows_the_choice_of_servers_and_replicas() -> None:
    for expression in expressions():
        for name, selector in _SELECTOR.findall(expression):
            if name != "liusheng_build_info":
                assert 'instance=~"$instance", replica=~"$replica"' in selector, expression


async def test_a_cluster_has_what_only_a_cluster_has() -> None:
    async def nobody(seconds: float) -> list[ReplicaMetrics]:
        return []

    text = await GatheredMetrics("a", "b", nobody).metrics("# HELP x X.\n# TYPE x gauge\nx 1\n")
    families = list(text_string_to_metric_families(text))
    labels = {label for each in families for sample in each.samples for label in sample.labels}
    assert labels >= CLUSTER_LABELS
    assert {family.name for family in families} >= OF_A_CLUSTER
