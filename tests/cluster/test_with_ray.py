"""What stands on Ray, with a local Ray: its object store, and replicas of Ray Serve."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from liusheng.cluster.models.installing import install
from liusheng.cluster.models.objects import ClusterModels
from liusheng.cluster.models.ray_objects import RayObjects
from liusheng.cluster.observe.gathering import GatheredMetrics
from liusheng.cluster.observe.merging import ReplicaMetrics
from liusheng.cluster.observe.serve_replicas import ServeReplicas
from liusheng.models.catalogue import Catalogue
from liusheng.models.store import Store
from tests.models.conftest import CONTENT, Site, entry, https_part, site

__all__ = ["site"]

ray = pytest.importorskip("ray", reason="the extra cluster is not installed")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

APP, DEPLOYMENT = "small", "speech"


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    ray.init(num_cpus=4, include_dashboard=False, log_to_driver=False, configure_logging=False)
    yield
    ray.shutdown()


def copy(home: str, catalogue: str) -> bytes:
    """Run by another process: install the model, and return it."""
    store = Store(home, Catalogue.load(Path(catalogue)), shared=())
    install(store, ["tiny"], ClusterModels(RayObjects()))
    store.verify("tiny")
    return store.open("tiny").files["model"].read_bytes()


@pytest.mark.usefixtures("cluster")
def test_another_process_copies_the_models_that_this_one_has(site: Site, tmp_path: Path) -> None:
    site.pages["/model.lm"] = CONTENT
    catalogue = tmp_path / "catalogue.toml"
    catalogue.write_text(entry(https_part(f"{site.url}/{{member}}")))
    here = Store(tmp_path / "one", Catalogue.load(catalogue), shared=())
    install(here, ["tiny"], ClusterModels(RayObjects()))
    site.pages.clear()
    there = ray.remote(copy).remote(str(tmp_path / "two"), str(catalogue))
    assert ray.get(there) == CONTENT
    assert len(site.requests) == 1


class Speech:
    """A replica that counts requests and answers with the metrics of all."""

    def __init__(self) -> None:
        from ray import serve

        context = serve.get_replica_context()
        self._served = 0
        self._metrics = GatheredMetrics(
            context.replica_id.unique_id, context.deployment, ServeReplicas(APP, [DEPLOYMENT])
        )

    def _own(self) -> str:
        return f"# HELP x_total X.\n# TYPE x_total counter\nx_total {self._served}\n"

    async def replica_metrics(self) -> ReplicaMetrics:
        return self._metrics.named(self._own())

    async def __call__(self, request: Any) -> str:
        self._served += 1
        return await self._metrics.metrics(self._own())


@pytest.mark.usefixtures("cluster")
def test_whichever_replica_is_asked_answers_for_all() -> None:
    serve: Any = pytest.importorskip("ray.serve")
    try:
        serve.start(http_options={"host": "127.0.0.1", "port": 0})
        deployment = serve.deployment(
            Speech, name=DEPLOYMENT, num_replicas=3, ray_actor_options={"num_cpus": 0.1}
        )
        serve.run(deployment.bind(), name=APP)
        handle = serve.get_deployment_handle(DEPLOYMENT, APP)
        found: dict[str, float] = {}
        for _ in range(5):
            text = handle.remote(None).result(timeout_s=30)
            samples = [s for f in text_string_to_metric_families(text) for s in f.samples]
            values = {s.name: s.value for s in samples if "replica" not in s.labels}
            assert values == {"liusheng_scrape_complete": 1}
            found = {s.labels["replica"]: s.value for s in samples if "replica" in s.labels}
            assert len(found) == 3
        assert sum(found.values()) == 5
    finally:
        serve.shutdown()
