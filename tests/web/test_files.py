"""The page's files over HTTP, and what is in them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

import liusheng
from liusheng.protocol import paths
from liusheng.server.app import Application
from liusheng.server.config.settings import Settings

WEB = Path(liusheng.__file__).parent / "web"
SOURCES = sorted(
    path
    for path in WEB.rglob("*")
    if path.suffix in (".html", ".css", ".js", ".ts") and "vendor" not in path.parts
)


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/index.html", "text/html; charset=utf-8"),
        ("/page/base.css", "text/css; charset=utf-8"),
        ("/liusheng/liusheng.js", "text/javascript; charset=utf-8"),
        ("/liusheng/liusheng.d.ts", "text/plain; charset=utf-8"),
        ("/icon.svg", "image/svg+xml"),
        ("/favicon.ico", "image/svg+xml"),
        ("/docs", "text/html; charset=utf-8"),
        ("/documents", "text/html; charset=utf-8"),
        ("/documents/zh/page.md", "text/markdown; charset=utf-8"),
        ("/page/vendor/swagger-ui/swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
    ],
)
def test_a_file_has_its_type_and_forbids_other_hosts(
    files: TestClient, path: str, content_type: str
) -> None:
    response = files.get(path)
    assert response.status_code == 200
    assert response.headers["content-type"] == content_type
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["content-security-policy"].startswith("default-src 'none';")
    assert len(response.content) == int(response.headers["content-length"])


def test_head_has_the_same_headers_without_a_body(files: TestClient) -> None:
    response = files.head("/")
    assert response.status_code == 200
    assert response.headers["content-length"] == files.get("/").headers["content-length"]


@pytest.mark.parametrize("known", ["{}", 'W/{}, "other"', "*"])
def test_what_a_browser_has_is_not_sent_again(files: TestClient, known: str) -> None:
    first = files.get("/page/main.js")
    assert first.headers["cache-control"] == "no-cache"
    tag = known.format(first.headers["etag"])
    again = files.get("/page/main.js", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]


def test_another_version_is_sent(files: TestClient) -> None:
    assert files.get("/", headers={"If-None-Match": '"old"'}).status_code == 200


def test_nothing_else_of_the_package_is_served(files: TestClient) -> None:
    for path in ["/page/", "/page/../../_version.py", "/_version.py", "/liusheng/", "/nothing"]:
        assert files.get(path).status_code == 404, path


def test_everything_is_under_the_prefix() -> None:
    application = Application(Settings(path_prefix="/speech"), None, None)
    files = TestClient(application.asgi, "http://127.0.0.1", follow_redirects=False)
    bare = files.get("/speech")
    assert (bare.status_code, bare.headers["location"]) == (307, "/speech/")
    assert files.get("/speech/").status_code == 200
    assert files.get("/speech/page/main.js").status_code == 200
    assert files.get("/speech/api/info").status_code == 200
    assert files.get("/").status_code == 404


@pytest.mark.parametrize("name", ["index.html", "docs.html", "documents.html"])
def test_addresses_in_the_page_are_relative(name: str) -> None:
    page = (WEB / name).read_text(encoding="utf-8")
    answered = {path.lstrip("/") for path in (paths.DOCS, paths.OPENAPI, paths.ASYNCAPI)}
    answered.add("documents")
    addresses = re.findall(r'(?:href|src)="([^"]*)"', page)
    assert addresses
    for address in addresses:
        assert not address.startswith(("/", "http")), address
        if not address.startswith(("#", "./")):
            assert (WEB / address).is_file() or address in answered, address


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_no_source_names_another_host(source: Path) -> None:
    text = source.read_text(encoding="utf-8")
    hosts = set(re.findall(r"(?:https?|wss?)://([\w.-]+\.[a-z]+)", text)) - {"www.w3.org"}
    assert all(host.endswith("example.org") for host in hosts), hosts


def keys(path: Path) -> list[set[str]]:
    """The keys of the English and of the Chinese texts in a file."""
    texts = path.read_text(encoding="utf-8").split("\n};")[0].split("\n  zh: {")
    return [set(re.findall(r'^    "?([\w.]+)"?: "', part, re.MULTILINE)) for part in texts]


def test_both_languages_have_every_word_that_is_used() -> None:
    english, chinese = keys(WEB / "page" / "translations.js")
    assert english == chinese
    reference, in_chinese = keys(WEB / "page" / "reference" / "translations.js")
    assert reference == in_chinese
    for source in SOURCES:
        text = source.read_text(encoding="utf-8")
        used = re.findall(r'data-t(?:-label|-placeholder)?="([^"]+)"', text)
        used += re.findall(r'\bt\("([\w.]+)"[,)]', text)
        of_the_reference = source.name == "docs.html" or "reference" in source.parts
        assert set(used) <= english | (reference if of_the_reference else set()), source


def test_the_viewer_is_what_the_notice_names() -> None:
    vendor = WEB / "page" / "vendor" / "swagger-ui"
    notice = (Path(__file__).parents[2] / "NOTICE").read_text(encoding="utf-8")
    for name in ("swagger-ui-bundle.js", "swagger-ui.css", "swagger-ui-bundle.js.LICENSE.txt"):
        assert (vendor / name).is_file()
        assert name in notice
    bundle = (vendor / "swagger-ui-bundle.js").read_text(encoding="utf-8")
    version = re.search(r"Swagger UI (\S+) ", notice)
    assert version
    assert version[1] in bundle
    assert "Apache License" in (vendor / "LICENSE").read_text(encoding="utf-8")


def test_every_listed_document_is_there_in_both_languages(files: TestClient) -> None:
    text = (WEB / "page" / "documents" / "list.js").read_text(encoding="utf-8")
    names = re.findall(r'^  "?([\w/]+)"?: \{ en: ', text, re.MULTILINE)
    assert len(names) == text.count("{ en: ")
    for name in names:
        for folder in ("", "zh/"):
            assert files.get(f"/documents/{folder}{name}.md").text.startswith("# "), name


def test_info_of_a_server_with_nothing(files: TestClient) -> None:
    info = files.get("/api/info").json()
    assert info["version"] == liusheng.__version__
    assert (info["asr"], info["tts"]) == (None, None)
    assert info["limits"]["max_text_chars"] == Settings().limits.max_text_chars
