"""The same with Ray: processes of a local cluster are the machines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from liusheng.cluster.models.installing import install
from liusheng.cluster.models.objects import ClusterModels
from liusheng.cluster.models.ray_objects import Index, RayObjects
from liusheng.models.catalogue import Catalogue
from liusheng.models.store import Store
from tests.models.conftest import CONTENT, Site, entry, https_part, site

__all__ = ["site"]

ray = pytest.importorskip("ray", reason="the extra cluster is not installed")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False, configure_logging=False)
    yield
    ray.shutdown()


def copy(home: str, catalogue: str) -> bytes:
    """Run by another process: install the model, and return it."""
    store = Store(home, Catalogue.load(Path(catalogue)), shared=())
    install(store, ["tiny"], ClusterModels(RayObjects()))
    store.verify("tiny")
    return store.open("tiny").files["model"].read_bytes()


@pytest.mark.usefixtures("cluster")
def test_another_process_copies_what_this_one_has(site: Site, tmp_path: Path) -> None:
    site.pages["/model.lm"] = CONTENT
    catalogue = tmp_path / "catalogue.toml"
    catalogue.write_text(entry(https_part(f"{site.url}/{{member}}")))
    install(
        Store(tmp_path / "one", Catalogue.load(catalogue), shared=()),
        ["tiny"],
        ClusterModels(RayObjects()),
    )
    site.pages.clear()
    again = ray.remote(copy).options(num_cpus=1)
    assert ray.get(again.remote(str(tmp_path / "two"), str(catalogue))) == CONTENT
    assert len(site.requests) == 1


def test_a_claim_is_for_one_and_ends() -> None:
    now = [0.0]
    index = Index(lambda data: data, lambda: now[0])
    assert index.claim("a")
    assert not index.claim("a")
    assert index.claim("b")
    index.release("a")
    assert index.claim("a")
    now[0] += 900
    assert not index.is_claimed("a")
    assert index.claim("a")
