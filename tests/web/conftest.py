"""A real Chromium, and the page as the server gives it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright, Route, sync_playwright
from starlette.testclient import TestClient

from liusheng.server.app import Application
from liusheng.server.settings import Settings

ORIGIN = "https://liusheng.test"
"""Where the files are when no server is needed; https, so that microphones are allowed."""

_NAMES = ("chromium", "chromium-browser", "google-chrome")

_FLAGS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--no-sandbox",
]

Launch = Callable[..., AbstractContextManager[Browser]]


@pytest.fixture(scope="session")
def launch() -> Iterator[Launch]:
    """Start Chromium: `with launch(recording=PATH)`, where the microphone hears the recording."""
    program = os.environ.get("LIUSHENG_CHROMIUM") or next(
        filter(None, map(shutil.which, _NAMES)), ""
    )
    if not program:
        pytest.skip("no Chromium: install it, or name the program in LIUSHENG_CHROMIUM")
    with sync_playwright() as playwright:
        yield lambda recording=None: _launched(playwright, program, recording)


@contextmanager
def _launched(playwright: Playwright, program: str, recording: Path | None) -> Iterator[Browser]:
    flags = list(_FLAGS)
    if recording:
        flags += [
            "--use-fake-device-for-media-stream",
            "--use-fake-ui-for-media-stream",
            f"--use-file-for-fake-audio-capture={recording}%noloop",
        ]
    browser = playwright.chromium.launch(executable_path=program, args=flags)
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def browser(launch: Launch) -> Iterator[Browser]:
    """Chromium without a microphone."""
    with launch() as started:
        yield started


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """What the browser's console complained about; a test that expects some takes them out."""
    heard: list[str] = []
    yield heard
    assert heard == []


@pytest.fixture
def open_page(complaints: list[str]) -> Callable[..., Page]:
    """Open a page whose console is watched: `open_page(browser, locale="zh-CN")`."""

    def open_(browser: Browser, **options: Any) -> Page:
        context = browser.new_context(**{"locale": "en-US", **options})
        page = context.new_page()
        page.on("console", lambda message: _note(message, complaints))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    return open_


def _note(message: ConsoleMessage, complaints: list[str]) -> None:
    if message.type in ("error", "warning"):
        complaints.append(f"{message.type}: {message.text}")


@pytest.fixture(scope="session")
def files() -> TestClient:
    """The application without engines: the page's files, and an /api/info that has nothing."""
    return TestClient(Application(Settings(), None, None).asgi, base_url=ORIGIN)


@pytest.fixture
def serve_files(files: TestClient) -> Callable[[Page], None]:
    """Give a page the application's answers at ORIGIN, without a network."""

    def answer(route: Route) -> None:
        response = files.get(route.request.url, follow_redirects=False)
        route.fulfill(
            status=response.status_code, headers=dict(response.headers), body=response.content
        )

    return lambda page: page.route(f"{ORIGIN}/**", answer)


@pytest.fixture
def module_page(
    browser: Browser, open_page: Callable[..., Page], serve_files: Callable[[Page], None]
) -> Page:
    """An empty page at ORIGIN that can import the modules."""
    page = open_page(browser)
    serve_files(page)
    page.goto(f"{ORIGIN}/icon.svg")
    return page
