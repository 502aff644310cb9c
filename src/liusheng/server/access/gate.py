"""What stands in front of the application: the middleware of access, in its order."""

from __future__ import annotations

import socket

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from liusheng.server.access.binding import is_loopback
from liusheng.server.access.browser_checks import BrowserChecks
from liusheng.server.access.hosts import HostPolicy
from liusheng.server.access.key_check import KeyCheck
from liusheng.server.access.key_use import KeyUse
from liusheng.server.access.keyring import Keyring
from liusheng.server.access.origins import OriginPolicy
from liusheng.server.access.routes import Routes
from liusheng.server.access.security_headers import SecurityHeaders
from liusheng.server.config.settings import Settings
from liusheng.server.http.ignored import IGNORED_HEADER
from liusheng.server.http.synthesize import SKIPPED_HEADER

_EXPOSED = ("Retry-After", "WWW-Authenticate", "X-Request-Id", SKIPPED_HEADER, IGNORED_HEADER)


class Gate:
    """An ASGI application: another one, behind the checks of access.

    From outside: security headers; Host and Origin; CORS; keys; the application.

    keyring: None: no key is needed.
    key_use: of the keys so far.
    keys, browsers: the middleware that checks them.
    """

    def __init__(
        self, app: ASGIApp, settings: Settings, keyring: Keyring | None, key_use: KeyUse
    ) -> None:
        access, prefix = settings.access, settings.path_prefix
        self.keys = KeyCheck(
            app,
            keyring,
            Routes(prefix, access.open_paths),
            key_use,
            allow_query_key=access.allow_query_key,
            path_prefix=prefix,
        )
        checked: ASGIApp = self.keys
        if access.origins:
            # No credentials: a key is a header that the page sets, never a cookie.
            checked = CORSMiddleware(
                checked,
                allow_origins=access.origins,
                allow_methods=("GET", "HEAD", "POST"),
                allow_headers=("*",),
                expose_headers=_EXPOSED,
            )
        self.browsers = BrowserChecks(
            checked,
            HostPolicy([*_own_names(settings.host), *access.hosts]),
            OriginPolicy(access.origins),
            keyring,
            programs_by_any_name=not is_loopback(settings.host),
            path_prefix=prefix,
        )
        self._app = SecurityHeaders(self.browsers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


def _own_names(host: str) -> list[str]:
    """Return the names that this machine has without anybody's configuration."""
    return [host] if is_loopback(host) else [host, socket.gethostname()]
