"""Models of a cluster: one machine downloads, the others copy. Machines are folders here, the
object store is a fake; `test_ray_objects.py` has Ray's."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from liusheng.cluster.models import objects
from liusheng.cluster.models.installing import install
from liusheng.cluster.models.objects import ClusterModels, StoredModel
from liusheng.cluster.models.ray_objects import CLAIM_SECONDS, Index
from liusheng.models.catalogue import Catalogue
from liusheng.models.errors import ChecksumError, DownloadError
from liusheng.models.store import Store
from tests.models.conftest import CONTENT, Site, entry, https_part, site

__all__ = ["site"]


class Fake(Index):
    """An object store in this process; `bytes` are the objects."""

    def __init__(self) -> None:
        super().__init__(self._keep, lambda: self.now)
        self.now = 0.0
        self.bytes: dict[int, bytes] = {}

    def _keep(self, data: bytes) -> int:
        self.bytes[len(self.bytes)] = data
        return len(self.bytes) - 1

    def put(self, data: bytes) -> int:  # type: ignore[override]
        return int(super().put(data)[0])

    def get(self, handle: int) -> bytes:
        return self.bytes[handle]


@pytest.fixture
def text(site: Site) -> str:
    site.pages["/model.lm"] = CONTENT
    return entry(https_part(f"{site.url}/{{member}}"))


@pytest.fixture
def machine(text: str, tmp_path: Path) -> Callable[[str], Store]:
    return lambda name: Store(tmp_path / name, Catalogue.parse(text, "test"), shared=())


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "CHUNK_BYTES", 1000)


def never(_: float) -> None:
    raise AssertionError("nothing is to be waited for")


Machine = Callable[[str], Store]


def test_one_machine_downloads_and_the_others_copy(machine: Machine, site: Site) -> None:
    fake = Fake()
    cluster = ClusterModels(fake)
    for name in ("one", "two", "three"):
        install(machine(name), ["tiny"], cluster, never)
        machine(name).verify("tiny")
    assert len(site.requests) == 1
    assert len(fake.bytes) == -(-len(CONTENT) // 1000), "once for the cluster"


def test_a_machine_without_network_takes_what_another_one_had(machine: Machine, site: Site) -> None:
    cluster = ClusterModels(Fake())
    machine("one").pull("tiny")
    site.pages.clear()
    install(machine("one"), ["tiny"], cluster, never)
    install(machine("two"), ["tiny"], cluster, never)
    assert machine("two").open("tiny").files["model"].read_bytes() == CONTENT


def test_it_waits_while_another_one_downloads(machine: Machine, site: Site) -> None:
    fake = Fake()
    cluster = ClusterModels(fake)
    model = machine("one").catalogue["tiny"]
    assert cluster.claim(model)
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 30:
            machine("one").pull("tiny")
            cluster.offer(machine("one"), "tiny")

    install(machine("two"), ["tiny"], cluster, sleep)
    assert len(waits) == 30
    assert len(site.requests) == 1
    assert machine("two").is_installed("tiny")


def test_a_machine_that_dies_with_its_claim_does_not_stop_the_others(
    machine: Machine, site: Site
) -> None:
    fake = Fake()
    cluster = ClusterModels(fake)
    assert cluster.claim(machine("one").catalogue["tiny"])

    def sleep(seconds: float) -> None:
        fake.now += seconds

    install(machine("two"), ["tiny"], cluster, sleep)
    assert fake.now == CLAIM_SECONDS
    assert len(site.requests) == 1


def test_without_network_anywhere_the_reason_is_told(machine: Machine, site: Site) -> None:
    site.pages.clear()
    waits: list[float] = []
    fake = Fake()
    with pytest.raises(DownloadError, match="cannot be fetched"):
        install(machine("one"), ["tiny"], ClusterModels(fake), waits.append)
    assert 0 < len(waits) <= 10
    assert not fake.is_claimed("tiny@1"), "another machine may try at once"


def test_a_machine_without_network_that_was_first_waits_for_one_with_network(
    machine: Machine, site: Site
) -> None:
    cluster = ClusterModels(Fake())
    page = site.pages.pop("/model.lm")

    def sleep(_: float) -> None:
        if not site.pages:
            site.pages["/model.lm"] = page
            install(machine("two"), ["tiny"], cluster, never)
            site.pages.clear()

    install(machine("one"), ["tiny"], cluster, sleep)
    assert machine("one").is_installed("tiny")


def test_what_was_changed_on_the_way_is_refused(machine: Machine, site: Site) -> None:
    fake = Fake()
    cluster = ClusterModels(fake)
    install(machine("one"), ["tiny"], cluster, never)
    site.pages.clear()
    fake.bytes[3] = fake.bytes[3][::-1]
    with pytest.raises(DownloadError, match="in the cluster's object store is damaged"):
        install(machine("two"), ["tiny"], cluster, never)
    assert not machine("two").is_installed("tiny")
    del fake.bytes[3]
    with pytest.raises(DownloadError, match=r"model\.lm of tiny is lost"):
        install(machine("two"), ["tiny"], cluster, never)


def test_a_damaged_model_is_not_offered(machine: Machine, site: Site) -> None:
    fake = Fake()
    one = machine("one")
    one.pull("tiny").files["model"].write_bytes(CONTENT[::-1])
    with pytest.raises(ChecksumError, match="is damaged"):
        install(one, ["tiny"], ClusterModels(fake), never)
    assert not fake.bytes
    assert not fake.is_claimed("tiny@1")


def test_a_cluster_that_fails_is_done_without(
    machine: Machine, site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Fake):
        def claim(self, key: str) -> bool:
            raise ConnectionError("the index is gone")

    with caplog.at_level(logging.ERROR):
        install(machine("one"), ["tiny"], ClusterModels(Broken()), never)
    assert machine("one").is_installed("tiny")
    assert "the index is gone" in caplog.text

    class Silent(Fake):
        def find(self, key: str) -> StoredModel | None:
            raise ConnectionError("no answer")

    with caplog.at_level(logging.ERROR):
        install(machine("two"), ["tiny"], ClusterModels(Silent()), never)
    assert machine("two").is_installed("tiny")
    assert "no answer" in caplog.text
    silent = Store(
        machine("three").home, machine("three").catalogue, shared=[ClusterModels(Silent())]
    )
    site.pages.clear()
    with pytest.raises(
        DownloadError, match="the cluster's object store cannot be asked: no answer"
    ):
        silent.pull("tiny")


def test_without_a_cluster_and_for_folders_of_users(machine: Machine, tmp_path: Path) -> None:
    install(machine("one"), ["tiny", str(tmp_path)])
    assert machine("one").is_installed("tiny")


def test_a_claim_is_for_one_and_ends() -> None:
    fake = Fake()
    assert fake.claim("a")
    assert not fake.claim("a")
    assert fake.claim("b")
    fake.release("a")
    assert fake.claim("a")
    fake.now += CLAIM_SECONDS
    assert not fake.is_claimed("a")
    assert fake.claim("a")
