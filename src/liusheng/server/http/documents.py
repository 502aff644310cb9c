"""`/openapi.json`, `/asyncapi`: the description of this server's API; the page `/docs` shows it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

import msgspec

from liusheng.protocol import paths
from liusheng.server.http.asyncapi import ChannelDescription, asyncapi
from liusheng.server.http.endpoint import Endpoint
from liusheng.server.http.error_format import PADDLESPEECH_ERRORS
from liusheng.server.http.exchange import HttpExchange
from liusheng.server.http.openapi import openapi


def document_endpoints(
    endpoints: Sequence[Endpoint], channels: Mapping[str, ChannelDescription], path_prefix: str
) -> list[Endpoint]:
    """Return the endpoints that describe these endpoints and channels."""
    return [
        _document(
            paths.OPENAPI,
            lambda: msgspec.json.encode(openapi(endpoints, path_prefix)),
            "Describe the HTTP API (OpenAPI).",
        ),
        _document(
            paths.ASYNCAPI,
            lambda: msgspec.json.encode(asyncapi(channels, path_prefix)),
            "Describe the WebSockets (AsyncAPI).",
        ),
    ]


def _document(path: str, make: Callable[[], bytes], summary: str) -> Endpoint:
    """Return the endpoint of a document, which is made when it is first requested: that takes 50 ms
    or so, in a thread.
    """
    made = lru_cache(make)

    async def answer(exchange: HttpExchange) -> None:
        body = await asyncio.to_thread(made)
        await exchange.answer(body)

    return Endpoint("GET", path, answer, PADDLESPEECH_ERRORS, summary=summary)
