"""The measured figures are those of the documents."""

from __future__ import annotations

import re
from pathlib import Path

from liusheng.cluster.planning.measured import figures
from liusheng.models.catalogue import Catalogue

NOTEBOOK = (Path(__file__).parents[3] / "docs" / "measurements.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    found = re.search(rf"^### {re.escape(title)}$(.+?)^##", NOTEBOOK, re.MULTILINE | re.DOTALL)
    assert found, title
    return found[1]


def test_every_figure_stands_in_the_section_that_is_its_source() -> None:
    known = figures()
    for measured in [*known.recognition, *known.synthesis]:
        named = re.match(r"docs/measurements\.md, (.+) \(\d+ November 2026", measured.source)
        assert named, measured.source
        text = section(named[1])
        for load in measured.loads:
            assert re.search(rf"\b{load.users}\b", text)
            if measured in known.recognition:
                values = [load.delay, load.delay_p95, load.last_p95]
                shown = [f"{value:g}" for value in values if value is not None]
            else:
                assert load.delay_p95
                shown = [f"{load.delay * 1000:.0f} ms", f"{load.delay_p95 * 1000:.0f} ms"]
            if load.memory:
                shown.append(f"{load.memory:,.0f} MB")
            for value in shown:
                assert value in text, (measured.model, measured.machine, value)


def test_cores_used_are_those_of_workers_and_server() -> None:
    rows = {
        name: [float(each) for each in re.findall(r"[\d.]+", row)]
        for name, row in re.findall(r"^\| cores, (workers|server process) \|(.+)$", NOTEBOOK, re.M)
    }
    used = [
        load.cores_used
        for measured in figures().recognition
        for load in measured.loads
        if load.cores_used is not None
    ]
    both = zip(rows["workers"], rows["server process"], strict=True)
    assert [round(sum(each), 2) for each in both] == used


def test_machines_and_models_are_known() -> None:
    known = figures()
    catalogue = Catalogue.default()
    named = {(each.model, each.machine) for each in [*known.recognition, *known.synthesis]}
    named |= {(each.model, each.machine) for each in known.batches}
    for model, machine in named:
        assert model in catalogue
        assert f"**{machine}**: {known.machines[machine]}" in NOTEBOOK
