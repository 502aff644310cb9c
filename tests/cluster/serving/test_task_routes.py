"""The choice of a deployment, with a stand-in for Ray Serve's proxy."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from liusheng.cluster.serving.task_routes import TaskRoutes, marked, unmarked
from liusheng.protocol import paths

APART = {"/": "liusheng", "/.synthesis": "liusheng-synthesis"}


@pytest.mark.parametrize("path", [paths.TTS, paths.TTS_STREAMING, paths.SPEECH])
def test_synthesis_goes_to_its_deployment_and_comes_with_its_own_path(path: str) -> None:
    assert marked(path, APART) == f"/.synthesis{path}"
    assert unmarked(f"/.synthesis{path}", "") == path
    prefixed = marked(f"/speech{path}", ["/speech", "/speech/.synthesis"])
    assert prefixed == f"/speech/.synthesis{path}"
    assert unmarked(prefixed, "/speech") == f"/speech{path}"


def test_without_such_a_deployment_nothing_changes() -> None:
    assert marked(paths.SPEECH, ["/"]) == paths.SPEECH
    assert unmarked(paths.SPEECH, "") == paths.SPEECH


def test_other_applications_of_ray_serve_keep_their_paths() -> None:
    other = f"/other{paths.SPEECH}"
    assert marked(other, [*APART, "/other"]) == other


class Proxy:
    """A stand-in for Ray Serve's proxy. asked: the paths of clients."""

    def __init__(self, routes: Any) -> None:
        self.asked: list[tuple[str, str]] = []
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] != "/-/routes":
            self.asked.append((scope["type"], scope["path"]))
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": json.dumps(self._routes).encode()})


async def ask(proxy: Proxy, kind: str, path: str) -> None:
    async def receive() -> Any:
        raise AssertionError("the client's messages are for the replica")

    async def send(_: Any) -> None:
        raise AssertionError("the client is answered by the replica")

    await TaskRoutes(proxy)({"type": kind, "path": path}, receive, send)


async def test_a_proxy_sends_each_task_to_its_deployment() -> None:
    proxy = Proxy(APART)
    await ask(proxy, "websocket", paths.TTS_STREAMING)
    await ask(proxy, "http", paths.SPEECH)
    await ask(proxy, "websocket", paths.ASR_STREAMING)
    await ask(proxy, "websocket", paths.REALTIME)
    await ask(proxy, "http", paths.VOICES)
    assert proxy.asked == [
        ("websocket", f"/.synthesis{paths.TTS_STREAMING}"),
        ("http", f"/.synthesis{paths.SPEECH}"),
        ("websocket", paths.ASR_STREAMING),
        ("websocket", paths.REALTIME),
        ("http", paths.VOICES),
    ]


@pytest.mark.parametrize("routes", [{"/": "liusheng"}, "Route table is not populated yet."])
async def test_a_proxy_without_that_deployment_changes_nothing(routes: Any) -> None:
    proxy = Proxy(routes)
    await ask(proxy, "http", paths.SPEECH)
    assert proxy.asked == [("http", paths.SPEECH)]
