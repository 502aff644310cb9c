"""Chromium, and the page as the server delivers it."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn
from starlette.testclient import TestClient

from liusheng.server.app import Application
from liusheng.server.config.settings import Settings

if TYPE_CHECKING:  # quick tests do not load it
    from playwright.sync_api import (
        Browser,
        BrowserContext,
        ConsoleMessage,
        Page,
        Playwright,
        WebSocketRoute,
    )

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


class Socket:
    """The server's end of a socket that the page opened."""

    def __init__(self, route: WebSocketRoute) -> None:
        self.route = route

    def send(self, **message: Any) -> None:
        self.route.send(json.dumps(message))

    def reply(self, result: str, stable: str = "", *, final: bool = False) -> None:
        """Reply to a packet of audio."""
        self.send(result=result, stable=result if final else stable, utterance=0, is_final=final)

    def audio(self, *samples: int) -> None:
        """Send a piece of speech."""
        pcm = b"".join(sample.to_bytes(2, "little", signed=True) for sample in samples)
        self.send(status=1, audio=base64.b64encode(pcm).decode())

    def close(self, code: int) -> None:
        self.route.close(code=code)


class Peer:
    """A fake server: `answer` is called with a socket's number, the socket, and each frame."""

    def __init__(self, page: Page, task: str) -> None:
        self.sockets: list[Socket] = []
        self.frames: list[list[Any]] = []
        self.answer: Callable[[int, Socket, Any], None] = lambda _number, _socket, _frame: None
        page.route_web_socket(re.compile(f"/paddlespeech/{task}/streaming$"), self._opened)

    def _opened(self, route: WebSocketRoute) -> None:
        number, socket = len(self.sockets), Socket(route)
        self.sockets.append(socket)
        self.frames.append([])

        def received(data: str | bytes) -> None:
            frame = json.loads(data) if isinstance(data, str) else data
            self.frames[number].append(frame)
            self.answer(number, socket, frame)

        route.on_message(received)


@pytest.fixture(scope="session")
def peer() -> type[Peer]:
    """Make a fake server: `peer(page, "asr")`."""
    return Peer


Launch = Callable[..., "AbstractContextManager[Browser]"]


@pytest.fixture(scope="module")
def launch() -> Iterator[Launch]:
    """Start Chromium: `with launch(recording=PATH)`, where the microphone plays the recording.

    For a module's tests: while Playwright is there, its event loop counts as running, and no test
    of asyncio can run in the same process.
    """
    program = os.environ.get("LIUSHENG_CHROMIUM") or next(
        filter(None, map(shutil.which, _NAMES)), ""
    )
    if not program:
        pytest.skip("no Chromium: install it, or name the program in LIUSHENG_CHROMIUM")
    from playwright.sync_api import sync_playwright

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
def console_errors() -> Iterator[list[str]]:
    """Errors and warnings of the browser's console; a test that expects some removes them."""
    messages: list[str] = []
    yield messages
    assert messages == []


@pytest.fixture
def open_page(console_errors: list[str]) -> Iterator[Callable[..., Page]]:
    """Open a page whose console is watched: `open_page(browser, locale="zh-CN")`."""

    contexts: list[BrowserContext] = []

    def open_(browser: Browser, **options: Any) -> Page:
        context = browser.new_context(**{"locale": "en-US", **options})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: _note(message, console_errors))
        page.on("pageerror", lambda error: console_errors.append(str(error)))
        return page

    yield open_
    for context in contexts:
        context.close()


def _note(message: ConsoleMessage, console_errors: list[str]) -> None:
    if message.type in ("error", "warning"):
        console_errors.append(f"{message.type}: {message.text}")


@pytest.fixture(scope="session")
def files() -> TestClient:
    """The application without engines: the page's files, and an /api/info without models."""
    return TestClient(Application(Settings(), None, None).asgi, base_url="http://127.0.0.1")


@pytest.fixture(scope="session")
def origin() -> Iterator[str]:
    """Where the same application listens; on localhost, so that microphones are allowed."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        application = Application(Settings(), None, None)
        server = uvicorn.Server(uvicorn.Config(application.asgi, log_config=None, lifespan="off"))
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@pytest.fixture
def module_page(browser: Browser, open_page: Callable[..., Page], origin: str) -> Page:
    """An empty page that can import the modules."""
    page = open_page(browser)
    page.goto(f"{origin}/icon.svg")
    return page
