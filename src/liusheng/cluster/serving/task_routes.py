"""Which deployment a request goes to, where recognition and synthesis have one each.

Ray Serve's proxies choose an application by the longest prefix of the path, and the paths of
synthesis have no prefix of their own. So a proxy puts one before them (`parts.SYNTHESIS_MARK`), if
Ray Serve has an application there; `entry` takes it off. Nothing here imports Ray.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from liusheng.cluster.serving.parts import SYNTHESIS_MARK
from liusheng.server.access.routes import task_paths

_ROUTES = "/-/routes"
_SYNTHESIS = tuple(task_paths("tts"))


class TaskRoutes:
    """Middleware of a proxy."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request or a WebSocket on."""
        if scope["type"] != "lifespan" and scope["path"].endswith(_SYNTHESIS):
            path = marked(scope["path"], await self._routes())
            scope = {**scope, "path": path}
        await self._app(scope, receive, send)

    async def _routes(self) -> Iterable[str]:
        """Return the prefixes of all applications, as Ray Serve's proxy answers them to anybody.

        It is asked for each request: the answer takes a fraction of a millisecond, and changes
        with a deployment.
        """
        body: list[bytes] = []
        scope = {
            "type": "http",
            "method": "GET",
            "path": _ROUTES,
            "query_string": b"",
            "headers": [],
            "client": ("127.0.0.1", 0),
        }

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            body.append(message.get("body", b""))

        await self._app(scope, receive, send)
        try:
            found = json.loads(b"".join(body))
        except ValueError:
            found = None
        return found if isinstance(found, dict) else ()  # a text: there are no routes yet


def marked(path: str, routes: Iterable[str]) -> str:
    """Return the path that goes to the deployment for synthesis; the same one if there is none.

    path: whole, and one of synthesis.
    routes: the prefixes of all applications.
    """
    for route in routes:
        prefix = route.removesuffix(SYNTHESIS_MARK)
        if prefix != route and path.removeprefix(prefix) in _SYNTHESIS:
            return route + path.removeprefix(prefix)
    return path


def unmarked(path: str, path_prefix: str) -> str:
    """Return the path that the client has sent."""
    mark = path_prefix + SYNTHESIS_MARK
    return path_prefix + path.removeprefix(mark) if path.startswith(f"{mark}/") else path
