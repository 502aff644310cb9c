"""Models from web addresses: mirrors, resumed downloads, wrong and broken ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from liusheng.models.errors import ArchiveError, ChecksumError, DownloadError, UnverifiedError
from liusheng.models.progress import Progress, ProgressCallback, Stage
from liusheng.models.store import Store
from tests.models.conftest import CONTENT, Site, digest, entry, https_part, make_tar, make_zip

MakeStore = Callable[..., Store]


@pytest.fixture
def tiny(site: Site, make_store: MakeStore) -> Store:
    site.pages["/model.lm"] = CONTENT
    return make_store(entry(https_part(f"{site.url}/{{member}}")))


def test_downloads_a_file_and_reports_the_progress(tiny: Store) -> None:
    reports: list[Progress] = []
    model = tiny.pull("tiny", reports.append)
    assert model.files["model"].read_bytes() == CONTENT
    downloads = [report for report in reports if report.stage is Stage.DOWNLOAD]
    assert downloads[0].done == 0
    assert (downloads[-1].done, downloads[-1].total) == (len(CONTENT), len(CONTENT))
    assert reports[-1].stage is Stage.DONE


def test_mirrors_are_tried_in_order(site: Site, make_store: MakeStore) -> None:
    site.pages["/b/model.lm"] = CONTENT
    store = make_store(entry(https_part(f"{site.url}/a/{{member}}", f"{site.url}/b/{{member}}")))
    store.pull("tiny")
    assert [path for path, _ in site.requests] == ["/a/model.lm", "/b/model.lm"]


def test_a_mirror_with_another_file_is_passed_over(site: Site, make_store: MakeStore) -> None:
    site.pages["/a/model.lm"] = CONTENT[:-1] + b"?"
    site.pages["/b/model.lm"] = CONTENT
    store = make_store(entry(https_part(f"{site.url}/a/{{member}}", f"{site.url}/b/{{member}}")))
    assert store.pull("tiny").files["model"].read_bytes() == CONTENT


def test_the_preferred_mirror_comes_first(site: Site, make_store: MakeStore) -> None:
    site.pages["/model.lm"] = CONTENT
    here = site.url.replace("127.0.0.1", "localhost")
    urls = ("https://models.invalid/{member}", f"{here}/{{member}}")
    store = make_store(entry(https_part(*urls)), mirror="localhost")
    store.pull("tiny")
    assert len(site.requests) == 1


def test_a_source_that_the_preferred_mirror_has_comes_first(
    site: Site, make_store: MakeStore
) -> None:
    site.pages["/second/model.lm"] = CONTENT
    here = site.url.replace("127.0.0.1", "localhost")
    second = "[[tiny.sources]]" + https_part(f"{here}/second/{{member}}")
    text = entry(https_part(f"{site.url}/first/{{member}}"), steps=second)
    make_store(text, mirror="localhost").pull("tiny")
    assert [path for path, _ in site.requests] == ["/second/model.lm"]


class InterruptionError(Exception):
    """The user's Ctrl-C, at a chosen byte."""


def stop_at(byte: int) -> ProgressCallback:
    def listen(report: Progress) -> None:
        if report.stage is Stage.DOWNLOAD and report.done >= byte:
            raise InterruptionError

    return listen


def test_a_dropped_connection_is_taken_up_again(site: Site, tiny: Store) -> None:
    site.cut["/model.lm"] = 3000
    assert tiny.pull("tiny").files["model"].read_bytes() == CONTENT
    assert site.requests == [("/model.lm", ""), ("/model.lm", "bytes=3000-")]


def test_a_connection_that_brings_nothing_is_not_tried_for_ever(site: Site, tiny: Store) -> None:
    site.cut["/model.lm"] = 0
    with pytest.raises(DownloadError, match=r"model\.lm cannot be fetched"):
        tiny.pull("tiny")
    assert len(site.requests) == 1


def test_an_interrupted_download_is_continued(site: Site, tiny: Store) -> None:
    site.cut["/model.lm"] = 3000
    with pytest.raises(InterruptionError):
        tiny.pull("tiny", stop_at(3000))
    assert not tiny.is_installed("tiny")
    assert tiny.pull("tiny").files["model"].read_bytes() == CONTENT
    assert site.requests == [("/model.lm", ""), ("/model.lm", "bytes=3000-")]


def test_a_server_that_cannot_continue_sends_it_all_again(site: Site, tiny: Store) -> None:
    site.cut["/model.lm"] = 3000
    site.ranges = False
    assert tiny.pull("tiny").files["model"].read_bytes() == CONTENT


def test_a_file_without_a_sum_is_only_continued_if_it_is_the_same(
    site: Site, make_store: MakeStore
) -> None:
    site.pages["/model.lm"] = CONTENT
    site.etags["/model.lm"] = '"one"'
    store = make_store(
        entry(https_part(f"{site.url}/{{member}}"), '{ role = "model", path = "model.lm" }')
    )
    site.cut["/model.lm"] = 3000
    with pytest.raises(InterruptionError):
        store.pull("tiny", stop_at(3000), accept_unverified=True)
    site.pages["/model.lm"], site.etags["/model.lm"] = CONTENT[::-1], '"two"'
    assert store.pull("tiny", accept_unverified=True).files["model"].read_bytes() == CONTENT[::-1]


def test_a_half_that_does_not_fit_is_started_again(site: Site, tiny: Store) -> None:
    half = tiny.home / "partial/tiny/downloads/files/model.lm.part"
    half.parent.mkdir(parents=True)
    half.write_bytes(CONTENT + b"too much")
    assert tiny.pull("tiny").files["model"].read_bytes() == CONTENT


def test_a_wrong_checksum_leaves_nothing(site: Site, tiny: Store) -> None:
    site.pages["/model.lm"] = CONTENT[::-1]
    with pytest.raises(ChecksumError, match=f"instead of {digest(CONTENT)}"):
        tiny.pull("tiny")
    assert not tiny.path("tiny").exists()
    assert not (tiny.home / "partial/tiny").exists()


def test_all_failures_are_told(make_store: MakeStore, site: Site) -> None:
    store = make_store(entry(https_part(f"{site.url}/gone", "http://127.0.0.1:9/refused")))
    with pytest.raises(DownloadError) as caught:
        store.pull("tiny")
    assert "/gone: HTTP 404 Not Found" in str(caught.value)
    assert "/refused: " in str(caught.value)


def test_the_next_source_is_tried(site: Site, make_store: MakeStore) -> None:
    site.pages["/two/model.lm"] = CONTENT
    second = "[[tiny.sources]]" + https_part(f"{site.url}/two/{{member}}")
    store = make_store(entry(https_part(f"{site.url}/one/{{member}}"), steps=second))
    assert store.pull("tiny").files["model"].read_bytes() == CONTENT


def test_without_a_sum_the_user_must_agree(site: Site, make_store: MakeStore) -> None:
    site.pages["/model.lm"] = CONTENT
    text = entry(https_part(f"{site.url}/{{member}}"), '{ role = "model", path = "model.lm" }')
    store = make_store(text)
    with pytest.raises(UnverifiedError, match=r"model.lm.*--accept-unverified"):
        store.pull("tiny")
    assert site.requests == []
    store.pull("tiny", accept_unverified=True)
    store.verify("tiny")


@pytest.mark.parametrize("name", ["x.tar.bz2", "x.zip"])
def test_the_sum_of_an_archive_vouches_for_its_members(
    site: Site, make_store: MakeStore, tmp_path: Path, name: str
) -> None:
    files = {"x/model.lm": CONTENT, "x/data/one": b"1", "x/data/sub/two": b"2"}
    path = tmp_path / name
    if name.endswith("zip"):
        make_zip(path, files)
    else:
        make_tar(path, files, "w:bz2")
    site.pages[f"/{name}"] = path.read_bytes()
    members = '{ "model.lm" = "x/model.lm", "data/" = "x/data/" }'
    more = f'archive = true\nsha256 = "{digest(path.read_bytes())}"'
    listed = '{ role = "model", path = "model.lm" }, { role = "data", path = "data/" }'
    store = make_store(entry(https_part(f"{site.url}/{name}", members=members, more=more), listed))
    model = store.pull("tiny")
    assert (model.files["data"] / "sub/two").read_bytes() == b"2"
    store.verify("tiny")


def test_an_archive_that_lacks_a_member_is_not_kept(
    site: Site, make_store: MakeStore, tmp_path: Path
) -> None:
    data = make_zip(tmp_path / "x.zip", {"other": b""}).read_bytes()
    site.pages["/x.zip"] = data
    part = https_part(f"{site.url}/x.zip", more=f'archive = true\nsha256 = "{digest(data)}"')
    store = make_store(entry(part))
    with pytest.raises(ArchiveError, match=r"x.zip does not contain model.lm"):
        store.pull("tiny")
    assert not (store.home / "partial/tiny").exists()
