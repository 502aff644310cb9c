"""The store: what is there, what is opened, and what happens when something goes wrong."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from liusheng.models import digests
from liusheng.models.catalogue import Catalogue
from liusheng.models.errors import (
    ChecksumError,
    DownloadError,
    IncompleteModelError,
    NotInstalledError,
    StorageError,
    UnknownModelError,
)
from liusheng.models.progress import Progress, Stage
from liusheng.models.store import Store, default_home
from liusheng.models.types import Kind, Task
from tests.models.conftest import CONTENT, Site, digest, entry, https_part, make_zip

MakeStore = Callable[..., Store]

PULL = """
import sys
from pathlib import Path
from liusheng.models.catalogue import Catalogue
from liusheng.models.store import Store
store = Store(sys.argv[1], Catalogue.load(Path(sys.argv[2])))
print(store.pull("tiny").path)
"""


@pytest.fixture
def text(site: Site) -> str:
    site.pages["/model.lm"] = CONTENT
    return entry(https_part(f"{site.url}/{{member}}"))


@pytest.fixture
def store(text: str, make_store: MakeStore) -> Store:
    return make_store(text)


def snapshot(folder: Path) -> dict[str, int]:
    return {str(p): p.stat().st_mtime_ns for p in (folder, *folder.rglob("*"))}


def test_what_is_not_there_is_not_opened(store: Store) -> None:
    assert not store.is_installed("tiny")
    with pytest.raises(NotInstalledError, match="`liusheng models pull tiny` fetches it"):
        store.open("tiny")
    assert not store.home.exists()


def test_an_unknown_name_gets_a_suggestion(store: Store) -> None:
    with pytest.raises(UnknownModelError, match=r"has no model 'tinny': did you mean tiny?"):
        store.open("tinny")


def test_a_pulled_model_is_opened(store: Store) -> None:
    assert store.pull("tiny") == store.open("tiny")
    model = store.open("tiny")
    assert (model.name, model.task, model.kind) == ("tiny", Task.LM, Kind.KENLM)
    assert model.path == store.home / "models/tiny"
    assert [status.installed for status in store.list()] == [True]
    assert store.list()[0].size == len(CONTENT)


def test_what_is_there_needs_no_network_and_is_not_touched(store: Store, site: Site) -> None:
    store.pull("tiny")
    asked, before = len(site.requests), snapshot(store.home)
    store.open("tiny")
    store.pull("tiny")
    store.verify("tiny")
    assert len(site.requests) == asked
    assert snapshot(store.home) == before


def test_a_file_that_has_changed_is_found(store: Store) -> None:
    store.pull("tiny").files["model"].write_bytes(CONTENT[::-1])
    with pytest.raises(ChecksumError, match=r"tiny is damaged.*model\.lm"):
        store.verify("tiny")


def test_verify_does_not_believe_a_manifest_against_the_catalogue(
    store: Store, text: str, make_store: MakeStore
) -> None:
    store.pull("tiny")
    other = make_store(text.replace(text.split('sha256 = "')[1][:64], "0" * 64))
    with pytest.raises(ChecksumError, match=r"model\.lm changed"):
        other.verify("tiny")


def test_a_file_that_went_missing_is_found(store: Store) -> None:
    store.pull("tiny").files["model"].unlink()
    assert not store.is_installed("tiny")
    with pytest.raises(IncompleteModelError, match=r"model\.lm in .* is missing"):
        store.open("tiny")
    assert store.pull("tiny").files["model"].read_bytes() == CONTENT


def test_a_file_that_was_cut_short_is_found(store: Store) -> None:
    store.pull("tiny").files["model"].write_bytes(CONTENT[:-1])
    assert not store.is_installed("tiny")
    with pytest.raises(IncompleteModelError, match="has changed size"):
        store.open("tiny")


def test_a_folder_without_a_manifest_is_never_opened(store: Store) -> None:
    store.path("tiny").mkdir(parents=True)
    (store.path("tiny") / "model.lm").write_bytes(CONTENT)
    with pytest.raises(NotInstalledError):
        store.open("tiny")
    store.pull("tiny")
    assert store.is_installed("tiny")


def test_a_newer_revision_replaces_the_older(
    store: Store, text: str, make_store: MakeStore
) -> None:
    store.pull("tiny")
    (store.path("tiny") / "of the old one").touch()
    newer = make_store(text.replace("[tiny]", "[tiny]\nrevision = 2"))
    with pytest.raises(NotInstalledError, match="of an older revision"):
        newer.open("tiny")
    newer.pull("tiny")
    assert newer.is_installed("tiny")
    assert not (store.path("tiny") / "of the old one").exists()
    assert not list((store.home / "partial").iterdir())


def test_remove(store: Store) -> None:
    assert not store.remove("tiny")
    store.pull("tiny")
    assert store.remove("tiny")
    assert not store.is_installed("tiny")
    assert not store.path("tiny").exists()


def test_remove_deletes_what_an_interrupted_pull_left(store: Store, site: Site) -> None:
    del site.pages["/model.lm"]
    with pytest.raises(DownloadError, match="cannot be fetched"):
        store.pull("tiny")
    assert (store.home / "partial/tiny").exists()
    assert store.remove("tiny")
    assert not (store.home / "partial/tiny").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_reported_and_leaves_nothing_incomplete(store: Store) -> None:
    half = store.home / "partial/tiny/downloads/files/model.lm.part"
    half.parent.mkdir(parents=True)
    half.symlink_to("/dev/full")
    with pytest.raises(StorageError, match=r"no space is left.*LIUSHENG_HOME"):
        store.pull("tiny")
    assert not store.path("tiny").exists()
    half.unlink()
    assert store.pull("tiny").files["model"].read_bytes() == CONTENT


@pytest.fixture
def unwritable(tmp_path: Path) -> Path:
    if os.geteuid() != 0:
        tmp_path.joinpath("ro").mkdir(mode=0o555)
        return tmp_path / "ro" / "home"
    if Path("/sys/kernel").exists():
        return Path("/sys/kernel/liusheng")  # where even root cannot make folders
    pytest.skip("no unwritable folder to be had")


def test_a_read_only_home_is_told(unwritable: Path, text: str) -> None:
    store = Store(unwritable, Catalogue.parse(text, "test"))
    with pytest.raises(StorageError, match=r"cannot be written.*LIUSHENG_HOME"):
        store.pull("tiny")


def test_two_processes_at_once_fetch_it_once(
    store: Store, text: str, site: Site, tmp_path: Path
) -> None:
    (tmp_path / "catalogue.toml").write_text(text)
    site.stall.add("/model.lm")
    command = [sys.executable, "-c", PULL, str(store.home), str(tmp_path / "catalogue.toml")]
    first = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert site.stalled.wait(30)
    assert not store.is_installed("tiny")
    reports: list[Progress] = []

    def listen(report: Progress) -> None:
        reports.append(report)
        if report.stage is Stage.WAIT:
            site.go.set()

    store.pull("tiny", listen)
    out, _ = first.communicate(timeout=30)
    assert first.returncode == 0
    assert out.strip() == str(store.path("tiny"))
    assert [report.stage for report in reports] == [Stage.WAIT, Stage.DONE]
    assert len(site.requests) == 1
    store.verify("tiny")


def test_a_killed_pull_leaves_nothing_to_open_and_is_continued(
    store: Store, text: str, site: Site, tmp_path: Path
) -> None:
    (tmp_path / "catalogue.toml").write_text(text)
    site.stall.add("/model.lm")
    command = [sys.executable, "-c", PULL, str(store.home), str(tmp_path / "catalogue.toml")]
    half = store.home / "partial/tiny/downloads/files/model.lm.part"
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        assert site.stalled.wait(30)
        while not (half.exists() and half.stat().st_size):
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    size = half.stat().st_size
    assert not store.is_installed("tiny")
    with pytest.raises(NotInstalledError):
        store.open("tiny")
    site.stall.clear()
    store.pull("tiny")
    assert site.requests[-1] == ("/model.lm", f"bytes={size}-")
    store.verify("tiny")


def test_the_home_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LIUSHENG_HOME", str(tmp_path))
    assert Store().home == default_home() == tmp_path
    monkeypatch.delenv("LIUSHENG_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert tmp_path in default_home().parents
    assert default_home().name == "liusheng"


def test_the_sum_of_a_folder_is_that_of_its_listing(tmp_path: Path) -> None:
    for name in ("b", "a/z", "a/y"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    listing = "".join(f"{digest(name.encode())}  {name}\n" for name in ("a/y", "a/z", "b"))
    assert digests.folder_sha256(tmp_path) == digest(listing.encode())


def test_a_folder_that_is_pinned_is_checked(
    site: Site, make_store: MakeStore, tmp_path: Path
) -> None:
    data = make_zip(tmp_path / "x.zip", {"x/m.lm": CONTENT, "x/d/one": b"1"}).read_bytes()
    site.pages["/x.zip"] = data
    listing = f"{digest(b'1')}  one\n".encode()
    files = '{{ role = "model", path = "m.lm" }}, {{ path = "d/", sha256 = "{}" }}'
    members = '{ "m.lm" = "x/m.lm", "d/" = "x/d/" }'
    more = f'archive = true\nsha256 = "{digest(data)}"'
    part = https_part(f"{site.url}/x.zip", members=members, more=more)
    with pytest.raises(ChecksumError, match="d/ from"):
        make_store(entry(part, files.format("0" * 64))).pull("tiny")
    store = make_store(entry(part, files.format(digest(listing))))
    store.pull("tiny")
    store.verify("tiny")
    (store.path("tiny") / "d/one").write_bytes(b"2")
    with pytest.raises(ChecksumError, match="d/one, d/ changed"):
        store.verify("tiny")
