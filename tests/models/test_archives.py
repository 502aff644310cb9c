"""Members come out of archives, and nothing else does."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from liusheng.models.archives import extract
from liusheng.models.errors import ArchiveError, UnsafeArchiveError
from tests.models.conftest import make_deb, make_tar, make_zip

FILES = {"pkg/a.bin": b"a" * 5000, "pkg/data/b.txt": b"b", "other": b"o"}


@pytest.fixture(params=["zip", "tar", "tar.gz", "tar.bz2", "tar.xz", "deb"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / f"archive.{request.param}"
    if request.param == "zip":
        return make_zip(path, FILES)
    if request.param == "deb":
        return make_deb(path, FILES)
    _, _, compression = request.param.partition(".")
    return make_tar(path, FILES, f"w:{compression}")


def test_takes_the_wanted_members_only(archive: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    extract(archive, {"sub/x.bin": "pkg/a.bin"}, out)
    assert [p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()] == ["sub/x.bin"]
    assert (out / "sub/x.bin").read_bytes() == FILES["pkg/a.bin"]


def test_takes_a_folder_with_everything_in_it(archive: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    extract(archive, {"all/": "pkg/"}, out)
    assert (out / "all/a.bin").read_bytes() == FILES["pkg/a.bin"]
    assert (out / "all/data/b.txt").read_bytes() == b"b"
    assert not (out / "other").exists()


def test_a_star_stands_for_one_folder(archive: Path, tmp_path: Path) -> None:
    extract(archive, {"b": "pkg/*/b.txt"}, tmp_path)
    assert (tmp_path / "b").read_bytes() == b"b"
    with pytest.raises(ArchiveError, match=r"does not contain \*/b.txt"):
        extract(archive, {"b": "*/b.txt"}, tmp_path / "deeper")


def test_reports_bytes(archive: Path, tmp_path: Path) -> None:
    seen: list[int] = []
    extract(archive, {"x": "pkg/a.bin", "y": "other"}, tmp_path, seen.append)
    assert seen[-1] == 5001


def test_names_what_is_missing(archive: Path, tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="does not contain pkg/none"):
        extract(archive, {"x": "pkg/a.bin", "y": "pkg/none"}, tmp_path)


@pytest.mark.parametrize("name", ["pkg/../../evil", "pkg//etc/evil", "pkg/..\\evil", "pkg/../evil"])
def test_a_member_that_would_escape_is_refused(name: str, tmp_path: Path) -> None:
    out = tmp_path / "a/b/out"
    make_zip(tmp_path / "x.zip", {"pkg/good": b"", name: b"evil"})
    make_tar(tmp_path / "x.tar.gz", {"pkg/good": b"", name: b"evil"})
    for archive in (tmp_path / "x.zip", tmp_path / "x.tar.gz"):
        if name == "pkg//etc/evil":
            # "/etc/evil" below the folder is just a folder called etc: kept inside.
            extract(archive, {"out/": "pkg/"}, out)
            assert (out / "out/etc/evil").read_bytes() == b"evil"
        else:
            with pytest.raises(UnsafeArchiveError, match="outside its folder"):
                extract(archive, {"out/": "pkg/"}, out)
    assert not list(tmp_path.rglob("evil")) or name == "pkg//etc/evil"
    assert not Path("/etc/evil").exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_links_and_special_files_in_a_tar_are_refused(kind: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.tar"
    with tarfile.open(path, "w") as tar:
        info = tarfile.TarInfo("pkg/model")
        info.type, info.linkname = kind, "/etc/passwd"
        tar.addfile(info, io.BytesIO())
    with pytest.raises(UnsafeArchiveError, match="pkg/model is a link or a special file"):
        extract(path, {"model": "pkg/model"}, tmp_path / "out")
    assert not (tmp_path / "out/model").exists()


def test_links_in_a_zip_are_refused(tmp_path: Path) -> None:
    info = zipfile.ZipInfo("pkg/model")
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as bundle:
        bundle.writestr(info, "/etc/passwd")
    with pytest.raises(UnsafeArchiveError, match="a link"):
        extract(tmp_path / "x.zip", {"model": "pkg/model"}, tmp_path / "out")


def test_a_damaged_archive_is_called_so(archive: Path, tmp_path: Path) -> None:
    data = archive.read_bytes()
    archive.write_bytes(data[: len(data) // 3])
    with pytest.raises(ArchiveError, match=r"damaged|does not contain"):
        extract(archive, {"x": "other"}, tmp_path / "out")


def test_nonsense_is_no_archive(tmp_path: Path) -> None:
    (tmp_path / "x.tar").write_bytes(b"<html>not found</html>" * 100)
    with pytest.raises(ArchiveError, match="damaged"):
        extract(tmp_path / "x.tar", {"x": "other"}, tmp_path)


@pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="needs dpkg-deb")
def test_a_debian_package_compressed_with_zstandard(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "DEBIAN").mkdir(parents=True)
    control = "Package: tiny\nVersion: 1\nArchitecture: all\nMaintainer: x <x@example.org>\n"
    (root / "DEBIAN/control").write_text(control + "Description: tiny\n")
    (root / "usr/share/tiny").mkdir(parents=True)
    (root / "usr/share/tiny/model").write_bytes(b"m" * 100_000)
    command = ["dpkg-deb", "--root-owner-group", "-Zzstd", "--build", str(root), "tiny.deb"]
    if subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode:
        pytest.skip("this dpkg-deb does not write Zstandard")
    assert b"data.tar.zst" in (tmp_path / "tiny.deb").read_bytes()
    extract(tmp_path / "tiny.deb", {"model": "usr/share/*/model"}, tmp_path / "out")
    assert (tmp_path / "out/model").read_bytes() == b"m" * 100_000
