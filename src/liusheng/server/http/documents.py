"""`/docs`, `/openapi.json`, `/asyncapi`: the description of this server's API.

The page is plain HTML that loads nothing from other hosts.
"""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from html import escape
from typing import Any

import msgspec

from liusheng.protocol import paths
from liusheng.server.http.asyncapi import ChannelDescription, asyncapi
from liusheng.server.http.endpoint import Endpoint
from liusheng.server.http.error_format import PADDLESPEECH_ERRORS
from liusheng.server.http.exchange import JSON, HttpExchange
from liusheng.server.http.openapi import openapi

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;"
    "color-scheme:light dark}code,pre{font:14px ui-monospace,monospace}pre{overflow:auto}"
    "summary{cursor:pointer;padding:.3rem 0}summary code{font-weight:600}"
    "table{border-collapse:collapse}td,th{padding:.2rem .8rem .2rem 0;text-align:left;"
    "vertical-align:top}details{border-bottom:1px solid #8884}"
)

_STYLE_DIGEST = b64encode(sha256(_STYLE.encode()).digest()).decode()

_HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_DIGEST}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
}


def document_endpoints(
    endpoints: Sequence[Endpoint], channels: Mapping[str, ChannelDescription], path_prefix: str
) -> list[Endpoint]:
    """Return the endpoints that describe these endpoints and channels."""

    def page() -> bytes:
        http, sockets = openapi(endpoints, path_prefix), asyncapi(channels, path_prefix)
        return "".join(_page(http, sockets)).encode()

    return [
        _document(
            paths.OPENAPI,
            lambda: msgspec.json.encode(openapi(endpoints, path_prefix)),
            JSON,
            "Describe the HTTP API (OpenAPI).",
        ),
        _document(
            paths.ASYNCAPI,
            lambda: msgspec.json.encode(asyncapi(channels, path_prefix)),
            JSON,
            "Describe the WebSockets (AsyncAPI).",
        ),
        _document(paths.DOCS, page, "text/html; charset=utf-8", "Describe both, as a page."),
    ]


def _document(path: str, make: Callable[[], bytes], media_type: str, summary: str) -> Endpoint:
    """Return the endpoint of a document, which is made when it is first requested: that takes 50 ms
    or so, in a thread.
    """
    made = lru_cache(make)

    async def answer(exchange: HttpExchange) -> None:
        body = await asyncio.to_thread(made)
        await exchange.answer(body, content_type=media_type, headers=_HEADERS)

    return Endpoint("GET", path, answer, PADDLESPEECH_ERRORS, summary=summary)


def _page(http: dict[str, Any], sockets: dict[str, Any]) -> Iterator[str]:
    yield (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width'>"
        f"<title>Liusheng: API</title><style>{_STYLE}</style>"
        "<h1>Liusheng</h1><p>For programs: <a href=openapi.json>openapi.json</a> and "
        "<a href=asyncapi>asyncapi</a>.</p><h2>HTTP</h2>"
    )
    for path, methods in http["paths"].items():
        for method, operation in methods.items():
            yield (
                f"<details><summary><code>{method.upper()} {escape(path)}</code> "
                f"{escape(operation['summary'])}</summary>"
            )
            if operation["parameters"]:
                yield "<h4>Parameters</h4>" + _fields(
                    {each["name"]: each["schema"] for each in operation["parameters"]}
                )
            if "requestBody" in operation:
                yield "<h4>Body</h4>" + _contents(operation["requestBody"]["content"])
            yield "<h4>Answers</h4>"
            for response in operation["responses"].values():
                yield f"<p>{escape(response['description'])}</p>" + _contents(response["content"])
            yield "</details>"
    yield "<h2>WebSockets</h2>"
    for channel in sockets["channels"].values():
        yield (
            f"<details><summary><code>{escape(channel['address'])}</code> "
            f"{escape(channel['title'])}</summary><dl>"
        )
        for name, message in channel["messages"].items():
            who = "client" if name.startswith("client.") else "server"
            yield f"<dt>{who}: <code>{escape(message['name'])}</code>"
            yield f"<dd>{_schema(message['payload'])}"
        yield "</dl></details>"
    yield "<h2>Messages</h2>"
    for name, schema in {
        **http["components"]["schemas"],
        **sockets["components"]["schemas"],
    }.items():
        yield f"<details id='{escape(name)}'><summary><code>{escape(name)}</code></summary>"
        yield f"<pre>{escape(schema.get('description', ''))}</pre>"
        yield _fields(schema.get("properties", {})) + "</details>"


def _contents(content: dict[str, Any]) -> str:
    rows = (
        f"<tr><td><code>{escape(media)}</code><td>{_schema(of.get('schema', {}))}"
        for media, of in content.items()
    )
    return f"<table>{''.join(rows)}</table>"


def _fields(properties: dict[str, Any]) -> str:
    rows = (
        f"<tr><td><code>{escape(name)}</code><td>{_schema(of)}" for name, of in properties.items()
    )
    return f"<table>{''.join(rows)}</table>"


def _schema(schema: Any) -> str:
    """Return a schema as one line of HTML, with links to the messages in it."""
    if not isinstance(schema, dict) or not schema:
        return "bytes"
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f"<a href='#{name}'>{name}</a>"
    for word, joint in (("anyOf", " or "), ("allOf", " and ")):
        if word in schema:
            return joint.join(_schema(each) for each in schema[word])
    return f"<code>{escape(msgspec.json.encode(schema).decode())}</code>"
