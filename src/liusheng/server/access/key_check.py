"""The middleware that lets in who presents a key."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.server.access.caller import put_caller
from liusheng.server.access.credentials import answer_subprotocol, take_keys
from liusheng.server.access.key_use import KeyUse
from liusheng.server.access.keyring import Keyring
from liusheng.server.access.keys import ApiKey
from liusheng.server.access.routes import Routes
from liusheng.server.ending import Ending, put_ending
from liusheng.server.http.refusal import refuse
from liusheng.server.limits.addresses import client_address
from liusheng.server.request_record import current_record

_log = logging.getLogger(__name__)

REFRESH_SECONDS = 1.0
"""Seconds between two checks of the file of keys."""

_RETRY_SECONDS = "5"


class KeyCheck:
    """Requires a key where one is needed; holds each to its limits; ends the sessions of a key that
    is revoked.

    keyring: None: no key is needed; those that clients send are removed all the same.
    use: of the keys so far.
    refused: how many requests and WebSockets were.
    """

    def __init__(
        self,
        app: ASGIApp,
        keyring: Keyring | None,
        routes: Routes,
        use: KeyUse,
        *,
        allow_query_key: bool,
        path_prefix: str,
    ) -> None:
        self._app = app
        self._keyring = keyring
        self._routes = routes
        self._allow_query_key = allow_query_key
        self._path_prefix = path_prefix
        self._wrong_keys = use.wrong_keys
        self._limits = use.limits
        self._served: dict[Ending, ApiKey] = {}
        self._ending: set[asyncio.Future[None]] = set()
        self.refused = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        secrets = take_keys(scope, query=self._allow_query_key)
        send = answer_subprotocol(scope, send)
        keyring = self._keyring
        if keyring is None or not keyring.required or self._routes.is_open(scope):
            await self._app(scope, receive, send)
            return
        task = self._routes.task(scope)
        try:
            key = await self._authenticate(keyring, secrets, client_address(scope))
            current_record().key = key.name
            self._limits.begin(key, task, time.monotonic(), also=self._routes.second_task(scope))
        except ProtocolError as error:
            self.refused += 1
            await refuse(scope, receive, send, error, self._path_prefix, _headers(error))
            return
        ending = Ending()
        put_ending(scope, ending)
        put_caller(scope, key)
        self._served[ending] = key
        try:
            with structlog.contextvars.bound_contextvars(key=key.name):
                await self._app(scope, receive, send)
        finally:
            del self._served[ending]
            self._limits.end(key, task)

    async def watch(self) -> None:
        """Read the keys again when they change, and end the sessions of those that are revoked or
        have expired, until this is cancelled."""
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            try:
                self.refresh()
            except Exception:
                _log.exception("cannot watch the file of keys")

    def refresh(self) -> None:
        """Do once what `watch` repeats."""
        if self._keyring is None:
            return
        if self._keyring.refresh():
            self._limits.retain(self._keyring.keys)
        for ending, key in self._served.items():
            if ending.end is not None and not self._keyring.holds(key):
                end, ending.end = ending.end, None
                task = asyncio.ensure_future(end(_revoked(key)))
                self._ending.add(task)
                task.add_done_callback(self._ending.discard)

    async def _authenticate(
        self, keyring: Keyring, secrets: frozenset[str], address: str
    ) -> ApiKey:
        if not secrets:
            raise ProtocolError(ErrorCode.INVALID_API_KEY, self._how())
        # One of several is not looked for: a request could bring hundreds.
        key = keyring.find(next(iter(secrets))) if len(secrets) == 1 else None
        if key and not key.expired():
            return key
        if self._wrong_keys.presented(address, time.monotonic()):
            _log.warning("refused a wrong or expired API key from %s", address)
        elif not await self._wrong_keys.delay():
            raise ProtocolError(
                ErrorCode.RATE_LIMIT_EXCEEDED, "Too many wrong API keys; try again later."
            )
        if key:
            text = f"The API key {key.name} has expired."
        elif len(secrets) > 1:
            text = "The request has several different API keys; send one."
        else:
            text = (
                "This server does not know the API key that was sent: it is mistyped, revoked or "
                "of another server."
            )
        raise ProtocolError(
            ErrorCode.INVALID_API_KEY, f"{text} The operator of the server makes keys."
        )

    def _how(self) -> str:
        query = ", or as the query parameter api_key" if self._allow_query_key else ""
        return (
            "This server needs an API key. Send it as the header Authorization: Bearer KEY, with a "
            f"WebSocket also as the subprotocols liusheng and liusheng.key.KEY{query}. The "
            "operator of the server makes keys."
        )


def _revoked(key: ApiKey) -> ProtocolError:
    return ProtocolError(
        ErrorCode.INVALID_API_KEY,
        f"The API key {key.name} {'has expired' if key.expired() else 'was revoked'}, which ended "
        "this session. Connect again with another key.",
    )


def _headers(error: ProtocolError) -> Mapping[str, str]:
    if error.code is ErrorCode.INVALID_API_KEY:
        return {"WWW-Authenticate": 'Bearer realm="liusheng"'}
    if error.code is ErrorCode.RATE_LIMIT_EXCEEDED:
        return {"Retry-After": _RETRY_SECONDS}
    return {}
