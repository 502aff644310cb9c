"""The middleware that checks Host and Origin of every request and of every WebSocket."""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.quoting import quoted
from liusheng.server.access.hosts import HostPolicy
from liusheng.server.access.keyring import Keyring
from liusheng.server.access.origins import OriginPolicy
from liusheng.server.http.refusal import refuse
from liusheng.server.limits.rare_log import RareLog

_log = logging.getLogger(__name__)


class BrowserChecks:
    """Refuses pages of other origins, and names that are not the server's.

    Requests without Origin come from programs, or from pages of the server's own name that read
    (GET); the others that browsers send so, navigations and images, show nothing to other pages.

    hosts: checked for requests with an Origin only, if `programs_by_any_name`: programs address a
        server by whatever name their network has for it.
    keyring: while it requires keys, no name is checked: a page that another name led here has none.
    """

    def __init__(
        self,
        app: ASGIApp,
        hosts: HostPolicy,
        origins: OriginPolicy,
        keyring: Keyring | None,
        *,
        programs_by_any_name: bool,
        path_prefix: str,
    ) -> None:
        self._app = app
        self._hosts = hosts
        self._origins = origins
        self._keyring = keyring
        self._programs_by_any_name = programs_by_any_name
        self._path_prefix = path_prefix
        self.refused = 0
        self._refusals = RareLog(_log, logging.WARNING, "refusals")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if error := self._check(scope):
            self.refused += 1
            self._refusals.write(f"refused ({error.code.value}): {error.message}")
            await refuse(scope, receive, send, error, self._path_prefix)
        else:
            await self._app(scope, receive, send)

    def _check(self, scope: Scope) -> ProtocolError | None:
        headers = Headers(scope=scope)
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if len(hosts) > 1 or len(origins) > 1:
            return ProtocolError(
                ErrorCode.HOST_NOT_ALLOWED, "The request has more than one Host or Origin header."
            )
        keys = self._keyring is not None and self._keyring.required
        named = not keys and (bool(origins) or not self._programs_by_any_name)
        if named and hosts and not self._hosts.allows(hosts[0]):
            return ProtocolError(
                ErrorCode.HOST_NOT_ALLOWED,
                f"This server does not know itself by the name {quoted(hosts[0])}. If that is its "
                f"name, its operator sets access.hosts = [{quoted(_without_port(hosts[0]))}].",
            )
        if origins and not self._origins.allows(origins[0], hosts[0] if hosts else ""):
            return ProtocolError(
                ErrorCode.ORIGIN_NOT_ALLOWED,
                f"Pages from {quoted(origins[0])} may not use this server. To allow it, its "
                f"operator sets access.origins = [{quoted(origins[0])}].",
            )
        return None


def _without_port(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or host
    except ValueError:
        return host
