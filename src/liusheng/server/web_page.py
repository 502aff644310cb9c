"""The web page: the files of `liusheng/web` below the path prefix; the page itself is at `/`, the
reference of the API at `/docs`, the documents are at `/documents`."""

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

_ALIASES = {
    "/": "index.html",
    "/favicon.ico": "icon.svg",
    paths.DOCS: _REFERENCE,
    "/documents": "documents.html",
}

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
    ".md": "text/markdown; charset=utf-8",
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


def _sources() -> dict[str, Path]:
    """Return the files and folders of the page, by their names in paths."""
    found = {each.name: each for each in sorted(_WEB.iterdir())}
    # A wheel has the documents with the page; in a checkout they are where people look for them.
    found.setdefault("documents", _WEB.parents[2] / "docs")
    return {name: path for name, path in found.items() if path.exists()}


def page_paths() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the paths of single files of the page, and the beginnings of those in folders."""
    sources = _sources()
    files = (f"/{name}" for name, path in sources.items() if not path.is_dir())
    folders = tuple(f"/{name}/" for name, path in sources.items() if path.is_dir())
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

    def folder(source: Path) -> Callable[[Request], Awaitable[Response]]:
        inside = _PageFiles(directory=source)

        async def respond(request: Request) -> Response:
            return await inside.get_response(request.path_params["path"], request.scope)

        return respond

    found = [Route(path_prefix + path, file(name)) for path, name in _ALIASES.items()]
    for name, source in _sources().items():
        if source.is_dir():
            found.append(Route(f"{path_prefix}/{name}/{{path:path}}", folder(source)))
        else:
            found.append(Route(f"{path_prefix}/{name}", file(name)))
    if path_prefix:
        # The page's links are relative: without the last slash they would miss the prefix.
        found.append(Route(path_prefix, lambda _: RedirectResponse(f"{path_prefix}/")))
    return found
