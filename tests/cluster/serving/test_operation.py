"""What an operator sees of a whole cluster."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from liusheng.cli import main
from tests.cluster.serving.cluster_process import ClusterProcess, cluster_process

pytest.importorskip("ray", reason="Ray has no wheel for this platform, or is not installed")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClusterProcess]:
    folder = tmp_path_factory.mktemp("c")
    more = "min_replicas = 2\nmax_replicas = 2\nshare_models = true\n"
    with cluster_process(folder, more) as running:
        yield running


def test_one_address_has_the_metrics_of_all_replicas(
    cluster: ClusterProcess, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = httpx2.get(f"http://{cluster.address}/metrics", timeout=60).text
    samples = [s for family in text_string_to_metric_families(text) for s in family.samples]
    ready = {s.labels["replica"]: s.value for s in samples if s.name == "liusheng_ready"}
    assert list(ready.values()) == [1, 1]
    complete = [s.value for s in samples if s.name == "liusheng_scrape_complete"]
    assert complete == [1]
    monkeypatch.setenv("COLUMNS", "200")
    assert main(["top", f"ws://{cluster.address}", "--once"]) == 0
    shown = capsys.readouterr().out
    assert "2 of 2 ready" in shown
    for replica in ready:
        assert replica in shown
