"""The refusal of what is new while the server drains: middleware of the application.

It stands behind the checks of access, so that its answers have the headers of all others: a page of
another origin, too, learns why it is refused.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from liusheng.server.errors import server_stopping
from liusheng.server.http.refusal import refuse
from liusheng.server.observe.routes import is_observation

_HEADERS = {"Retry-After": "5", "Connection": "close"}
"""Another server, or the next process of this one, answers the next attempt."""


class DrainRefusal:
    """Refuses requests and WebSockets while `draining` is set, but for those about the server."""

    def __init__(self, app: ASGIApp, path_prefix: str = "") -> None:
        self.draining = False
        self._app = app
        self._prefix = path_prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on to the application, or refuse it."""
        if self.draining and not is_observation(scope, self._prefix):
            await refuse(scope, receive, send, server_stopping(), self._prefix, _HEADERS)
        else:
            await self._app(scope, receive, send)
