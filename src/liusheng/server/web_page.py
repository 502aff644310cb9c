"""The web page: the files of `liusheng/web`, each at its own path, the page itself at `/`."""

from __future__ import annotations

import hashlib
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

_WEB = Path(__file__).parent.parent / "web"
# What browsers ask for by another name.
_ALIASES = {"index.html": "/", "icon.svg": "/favicon.ico"}

_CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".ts": "text/plain; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
}

_HEADERS = {
    # An upgraded server must not meet half of its old page; asking costs a 304.
    "Cache-Control": "no-cache",
    # Nothing is fetched from anywhere else, and nobody else's page frames this one: it asks for
    # the microphone.
    "Content-Security-Policy": "default-src 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class _File:
    """A file in memory: the page is small, and does not change while the server runs."""

    def __init__(self, path: str, content: bytes) -> None:
        self.path = path
        self._content = content
        self._headers = {
            **_HEADERS,
            "Content-Type": _CONTENT_TYPES[Path(path).suffix],
            "ETag": f'"{hashlib.sha256(content).hexdigest()[:20]}"',
        }

    async def respond(self, request: Request) -> Response:
        """Answer GET and HEAD, with 304 where the client has it already."""
        known = request.headers.get("If-None-Match", "")
        tags = {tag.strip().removeprefix("W/") for tag in known.split(",")}
        if "*" in tags or self._headers["ETag"] in tags:
            return Response(status_code=304, headers=self._headers)
        return Response(self._content, headers=self._headers)


def add_page(app: Starlette, path_prefix: str) -> None:
    """Serve the page at `path_prefix` + "/", and its files beside it."""
    for source in sorted(_WEB.rglob("*")):
        if source.suffix not in _CONTENT_TYPES:
            continue
        path = source.relative_to(_WEB).as_posix()
        file = _File(path, source.read_bytes())
        app.add_route(f"{path_prefix}/{path}", file.respond, methods=["GET"])
        if alias := _ALIASES.get(path):
            app.add_route(path_prefix + alias, file.respond, methods=["GET"])
    if path_prefix:
        # The page's own addresses are relative: without the last slash they would miss the prefix.
        app.add_route(path_prefix, lambda _: RedirectResponse(f"{path_prefix}/"), methods=["GET"])
