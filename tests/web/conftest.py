"""A real Chromium, and the page as the server gives it."""

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
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    WebSocketRoute,
    sync_playwright,
)
from starlette.testclient import TestClient

from liusheng.server.app import Application
from liusheng.server.config.settings import Settings

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
    """The far end of a socket that the page opened."""

    def __init__(self, route: WebSocketRoute) -> None:
        self.route = route

    def tell(self, **message: Any) -> None:
        self.route.send(json.dumps(message))

    def reply(self, result: str, stable: str = "", *, final: bool = False) -> None:
        """Answer a packet of audio."""
        self.tell(result=result, stable=result if final else stable, utterance=0, is_final=final)

    def audio(self, *samples: int) -> None:
        """Send a piece of speech."""
        pcm = b"".join(sample.to_bytes(2, "little", signed=True) for sample in samples)
        self.tell(status=1, audio=base64.b64encode(pcm).decode())

    def close(self, code: int) -> None:
        self.route.close(code=code)


class Peer:
    """A server played by hand: `answer` is called with each socket's number, it, and each frame."""

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
    """Play a server: `peer(page, "asr")`."""
    return Peer


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
def open_page(complaints: list[str]) -> Iterator[Callable[..., Page]]:
    """Open a page whose console is watched: `open_page(browser, locale="zh-CN")`."""

    contexts: list[BrowserContext] = []

    def open_(browser: Browser, **options: Any) -> Page:
        context = browser.new_context(**{"locale": "en-US", **options})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: _note(message, complaints))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield open_
    for context in contexts:
        context.close()


def _note(message: ConsoleMessage, complaints: list[str]) -> None:
    if message.type in ("error", "warning"):
        complaints.append(f"{message.type}: {message.text}")


@pytest.fixture(scope="session")
def files() -> TestClient:
    """The application without engines: the page's files, and an /api/info that has nothing."""
    return TestClient(Application(Settings(), None, None).asgi)


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
