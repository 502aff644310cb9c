"""Models that are copied from a shared folder before anything is downloaded."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from liusheng.models.catalogue import Catalogue, CatalogueModel
from liusheng.models.digests import FileRecord, Manifest
from liusheng.models.errors import ChecksumError, DownloadError
from liusheng.models.progress import Progress, Stage
from liusheng.models.shared import SHARED_VARIABLE, SharedFolder
from liusheng.models.store import Store
from tests.models.conftest import CONTENT, Site, entry, https_part

MakeStore = Callable[..., Store]

PULL = """
import sys
from pathlib import Path
from liusheng.models.catalogue import Catalogue
from liusheng.models.store import Store
print(Store(sys.argv[1], Catalogue.load(Path(sys.argv[2]))).pull("tiny").path)
"""


@pytest.fixture
def text(site: Site) -> str:
    site.pages["/model.lm"] = CONTENT
    return entry(https_part(f"{site.url}/{{member}}"))


@pytest.fixture
def there(text: str, tmp_path: Path, site: Site) -> Store:
    """A store with the model; what it asked of the site is forgotten."""
    store = Store(tmp_path / "there", Catalogue.parse(text, "test"))
    store.pull("tiny")
    site.requests.clear()
    return store


@pytest.fixture
def here(text: str, tmp_path: Path, there: Store) -> Store:
    catalogue = Catalogue.parse(text, "test")
    return Store(tmp_path / "here", catalogue, shared=[SharedFolder(there.home)])


def test_what_is_shared_is_copied_and_checked_and_nothing_is_downloaded(
    here: Store, site: Site, there: Store
) -> None:
    reports: list[Progress] = []
    assert here.is_shared("tiny")
    assert here.pull("tiny", reports.append).files["model"].read_bytes() == CONTENT
    here.verify("tiny")
    assert not site.requests
    assert [each.stage for each in reports] == [Stage.COPY, Stage.CHECK, Stage.DONE]
    assert reports[0].item == str(there.home)
    assert (reports[0].done, reports[0].total) == (len(CONTENT), len(CONTENT))
    assert not (here.home / "partial/tiny").exists()


def test_the_folder_is_named_by_the_environment(
    there: Store, text: str, tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SHARED_VARIABLE, str(there.home))
    Store(tmp_path / "here", Catalogue.parse(text, "test")).pull("tiny")
    assert not site.requests
    monkeypatch.delenv(SHARED_VARIABLE)
    assert Store().shared == ()


def test_a_model_that_is_not_shared_is_downloaded(here: Store, there: Store, site: Site) -> None:
    there.remove("tiny")
    assert not here.is_shared("tiny")
    here.pull("tiny")
    assert len(site.requests) == 1


def test_another_revision_is_not_taken(there: Store, text: str, tmp_path: Path, site: Site) -> None:
    newer = Catalogue.parse(text.replace("[tiny]", "[tiny]\nrevision = 2"), "test")
    here = Store(tmp_path / "here", newer, shared=[SharedFolder(there.home)])
    assert not here.is_shared("tiny")
    here.pull("tiny")
    assert len(site.requests) == 1


def test_a_damaged_file_is_refused_and_downloaded_instead(
    here: Store, there: Store, site: Site
) -> None:
    there.open("tiny").files["model"].write_bytes(CONTENT[::-1])
    assert here.pull("tiny").files["model"].read_bytes() == CONTENT
    assert len(site.requests) == 1
    here.verify("tiny")


def test_a_manifest_is_not_believed_against_the_catalogue(
    here: Store, there: Store, site: Site
) -> None:
    site.pages.clear()
    file = there.open("tiny").files["model"]
    file.write_bytes(CONTENT[::-1])
    record = FileRecord.of(file)
    Manifest("tiny", 1, "somebody", True, {"model.lm": record}).write(file.parent)
    with pytest.raises(DownloadError, match=r"is damaged: model\.lm"):
        here.pull("tiny")
    assert not here.path("tiny").exists()


def test_without_network_both_reasons_are_told(here: Store, there: Store, site: Site) -> None:
    there.open("tiny").files["model"].write_bytes(CONTENT[:-1])
    site.pages.clear()
    with pytest.raises(DownloadError) as failure:
        here.pull("tiny")
    assert f"the model tiny in {there.home} is damaged: model.lm" in str(failure.value)
    assert "cannot be fetched" in str(failure.value)


def test_a_model_without_checksums_is_taken_as_its_manifest_says(
    text: str, there: Store, tmp_path: Path, site: Site
) -> None:
    unpinned = entry(https_part(f"{site.url}/{{member}}"), '{ role = "model", path = "model.lm" }')
    here = Store(
        tmp_path / "here", Catalogue.parse(unpinned, "test"), shared=[SharedFolder(there.home)]
    )
    here.pull("tiny")
    here.remove("tiny")
    there.open("tiny").files["model"].write_bytes(CONTENT[::-1])
    with pytest.raises(ChecksumError, match="is damaged"):
        here.pull("tiny")


def test_a_folder_that_is_not_there_is_told(text: str, tmp_path: Path, site: Site) -> None:
    site.pages.clear()
    nowhere = SharedFolder(tmp_path / "nowhere")
    here = Store(tmp_path / "here", Catalogue.parse(text, "test"), shared=[nowhere])
    with pytest.raises(DownloadError, match=rf"no folder .*nowhere; see \${SHARED_VARIABLE}"):
        here.pull("tiny")


def test_a_file_that_cannot_be_read_is_told(here: Store, there: Store, site: Site) -> None:
    site.pages.clear()
    file = there.open("tiny").files["model"]
    file.unlink()
    file.mkdir()
    with pytest.raises(DownloadError, match=r"model\.lm cannot be read: Is a directory"):
        here.pull("tiny")


def test_a_manifest_leads_nowhere_outside(text: str, tmp_path: Path, site: Site) -> None:
    site.pages.clear()

    class Hostile:
        name = "hostile"

        def manifest(self, model: CatalogueModel) -> Manifest:
            record = FileRecord(1, "0" * 64)
            return Manifest("tiny", 1, "", True, {"model.lm": record, "../outside": record})

        def read(self, model: CatalogueModel, path: str) -> Iterator[bytes]:
            yield b"x"

    here = Store(tmp_path / "here", Catalogue.parse(text, "test"), shared=[Hostile()])
    with pytest.raises(DownloadError, match=r"names '\.\./outside'"):
        here.pull("tiny")
    assert not list(tmp_path.rglob("outside"))


def test_replicas_of_one_machine_that_start_together_fetch_once(
    text: str, site: Site, tmp_path: Path, make_store: MakeStore
) -> None:
    (tmp_path / "catalogue.toml").write_text(text)
    site.stall.add("/model.lm")
    command = [sys.executable, "-c", PULL, str(tmp_path / "home"), str(tmp_path / "catalogue.toml")]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert site.stalled.wait(30)
    site.go.set()
    outputs = [process.communicate(timeout=30)[0].strip() for process in both]
    store = make_store(text)
    assert [process.returncode for process in both] == [0, 0]
    assert outputs == [str(store.path("tiny"))] * 2
    assert len(site.requests) == 1
    store.verify("tiny")
