"""Small models, and places to fetch them from: a web server, wheels, Debian packages."""

from __future__ import annotations

import hashlib
import io
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from liusheng.models.catalogue import Catalogue
from liusheng.models.store import Store

CONTENT = bytes(range(256)) * 40
"""What the tests' model file holds."""


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@dataclass
class Site:
    """A web server, and what was asked of it.

    pages: path to body. cut: path to how many bytes are sent before the connection is dropped,
    once. stall: paths whose second half is only sent when `go` is set.
    """

    url: str = ""
    pages: dict[str, bytes] = field(default_factory=dict)
    etags: dict[str, str] = field(default_factory=dict)
    cut: dict[str, int] = field(default_factory=dict)
    stall: set[str] = field(default_factory=set)
    ranges: bool = True
    go: threading.Event = field(default_factory=threading.Event)
    stalled: threading.Event = field(default_factory=threading.Event)
    requests: list[tuple[str, str]] = field(default_factory=list)


def _handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers.get("Range", "")
            site.requests.append((self.path, asked))
            body = site.pages.get(self.path)
            if body is None:
                self.send_error(404)
                return
            etag = site.etags.get(self.path, "")
            start = 0
            if asked and site.ranges and self.headers.get("If-Range", etag) == etag:
                start = int(asked.removeprefix("bytes=").removesuffix("-"))
                if start >= len(body):
                    self.send_error(416)
                    return
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
            else:
                self.send_response(200)
            self.send_header("Content-Length", str(len(body) - start))
            if etag:
                self.send_header("ETag", etag)
            self.end_headers()
            end = site.cut.pop(self.path, len(body))
            if self.path in site.stall:
                middle = (start + end) // 2
                self.wfile.write(body[start:middle])
                self.wfile.flush()
                site.stalled.set()
                site.go.wait(30)
                start = middle
            self.wfile.write(body[start:end])

        def log_message(self, *args: object) -> None:
            pass

    return Handler


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    site = Site()

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *args: object) -> None:
            pass  # clients that are killed on purpose

    server = Server(("127.0.0.1", 0), _handler(site))
    site.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield site
    site.go.set()
    server.shutdown()
    thread.join()
    server.server_close()


def entry(parts: str, files: str | None = None, more: str = "", steps: str = "") -> str:
    """Return a catalogue with one model, "tiny"."""
    if files is None:
        files = f'{{ role = "model", path = "model.lm", sha256 = "{digest(CONTENT)}" }}'
    return f"""
[tiny]
title = "A tiny model"
task = "lm"
kind = "kenlm"
languages = ["en"]
licence = "CC0-1.0"
homepage = "https://example.org"
checksums = "taken by the test"
files = [{files}]
{more}
[[tiny.sources]]
{parts}
{steps}
"""


def https_part(*urls: str, members: str = '{ "model.lm" = "model.lm" }', more: str = "") -> str:
    listed = ", ".join(f'"{url}"' for url in urls)
    return f"""
[[tiny.sources.parts]]
kind = "https"
urls = [{listed}]
members = {members}
{more}
"""


@pytest.fixture
def make_store(tmp_path: Path) -> Callable[..., Store]:
    def make(text: str, **options: Any) -> Store:
        return Store(tmp_path / "home", Catalogue.parse(text, "test"), **options)

    return make


def make_zip(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as bundle:
        for name, data in members.items():
            bundle.writestr(name, data)
    return path


def make_tar(path: Path, members: dict[str, bytes], mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as tar:  # type: ignore[call-overload]
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def make_wheel(
    folder: Path, name: str, members: dict[str, bytes], tag: str = "py3-none-any"
) -> Path:
    """Make a wheel that pip accepts."""
    info = f"{name}-1.0.dist-info"
    metadata = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode(),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n".encode(),
        f"{info}/RECORD": b"",
    }
    folder.mkdir(parents=True, exist_ok=True)
    return make_zip(folder / f"{name}-1.0-{tag}.whl", {**members, **metadata})


def make_deb(path: Path, members: dict[str, bytes], compression: str = "xz") -> Path:
    """Make a Debian package: an `ar` archive with a tarball of the files in it."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode=f"w:{compression}") as tar:  # type: ignore[call-overload]
        for name, content in members.items():
            info = tarfile.TarInfo("./" + name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    with path.open("wb") as stream:
        stream.write(b"!<arch>\n")
        for name, content in {
            "debian-binary": b"2.0\n",
            "control.tar.xz": b"odd",
            f"data.tar.{compression}": data.getvalue(),
        }.items():
            header = f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n"
            stream.write(header.encode() + content + b"\n" * (len(content) % 2))
    return path
