"""The web page: the files of `liusheng/web` below the path prefix; the page itself is at `/`, the
reference of the API at `/docs`."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from liusheng.protocol import paths

_WEB = Path(__file__).parent.parent / "web"

_REFERENCE = "docs.html"

_ALIASES = {"/": "index.html", "/favicon.ico": "icon.svg", paths.DOCS: _REFERENCE}

# The browser revalidates each file, so that it never combines files of two versions.
_CACHING = "no-cache"


def _policy(images: str = "'self'") -> str:
    """Return the policy: files of this server only, no inline script or style.

    `connect-src` includes this server's WebSockets, `script-src` its audio worklets.
    """
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; "
        f"img-src {images}; connect-src 'self'; media-src 'self' blob:; manifest-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


_POLICY = _policy()
# The viewer has its icons in its style sheet.
_REFERENCE_POLICY = _policy("'self' data:")

# The platform's table of types has others for some of these, or none.
_CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".ts": "text/plain; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
}


class _PageFiles(StaticFiles):
    """Starlette's static files with our headers and content types."""

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        path = Path(full_path)
        response.headers["Cache-Control"] = _CACHING
        response.headers["Content-Security-Policy"] = (
            _REFERENCE_POLICY if path.name == _REFERENCE else _POLICY
        )
        content_type = _CONTENT_TYPES.get(path.suffix)
        if content_type and "content-type" in response.headers:
            response.headers["Content-Type"] = content_type
        return response


def page_paths() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the paths of single files of the page, and the beginnings of those in folders."""
    sources = sorted(_WEB.iterdir())
    files = (f"/{each.name}" for each in sources if not each.is_dir())
    folders = tuple(f"/{each.name}/" for each in sources if each.is_dir())
    return (*_ALIASES, *files), folders


def page_routes(path_prefix: str) -> list[Route]:
    """Return a route for each file of the page and for each folder of files.

    There is no mount of everything: it would answer 404, not 405, to a wrong method elsewhere.
    """
    files = _PageFiles(directory=_WEB)

    def file(path: str) -> Callable[[Request], Awaitable[Response]]:
        async def respond(request: Request) -> Response:
            return await files.get_response(path, request.scope)

        return respond

    def folder(name: str) -> Callable[[Request], Awaitable[Response]]:
        async def respond(request: Request) -> Response:
            path = f"{name}/{request.path_params['path']}"
            return await files.get_response(path, request.scope)

        return respond

    found = [Route(path_prefix + path, file(name)) for path, name in _ALIASES.items()]
    for source in sorted(_WEB.iterdir()):
        if source.is_dir():
            found.append(Route(f"{path_prefix}/{source.name}/{{path:path}}", folder(source.name)))
        else:
            found.append(Route(f"{path_prefix}/{source.name}", file(source.name)))
    if path_prefix:
        # The page's links are relative: without the last slash they would miss the prefix.
        found.append(Route(path_prefix, lambda _: RedirectResponse(f"{path_prefix}/")))
    return found
