"""The API key in a request, and how it is removed from it.

Whatever is behind finds no key in headers, subprotocols or query: neither an access line, an error
message nor a traceback can show one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote_plus

from starlette.types import Message, Scope, Send

QUERY_PARAMETER = "api_key"
SUBPROTOCOL = "liusheng"
KEY_SUBPROTOCOLS = ("liusheng.key.", "openai-insecure-api-key.")
"""Beginnings of the subprotocols that carry a key: browsers cannot send headers with WebSockets."""

SCHEMES = ("bearer", "token")
"""Of the header Authorization; Deepgram's clients use the second. Its browsers' clients offer the
scheme and the key as the first two subprotocols."""

_ANSWERED = (SUBPROTOCOL, "realtime", *SCHEMES)
"""Subprotocols that are accepted; a browser that offered some requires one of them."""


def take_keys(scope: Scope, *, query: bool) -> frozenset[str]:
    """Return the keys in a request, and remove all of them from it.

    query: whether a key in the query counts; it is removed in any case.
    """
    found: list[str] = []
    kept: list[tuple[bytes, bytes]] = []
    for name, value in scope["headers"]:
        if name == b"authorization":
            scheme, _, key = value.decode("latin-1").strip().partition(" ")
            if scheme.lower() in SCHEMES:
                found.append(key.strip())
        elif name == b"sec-websocket-protocol":
            offered = [each.strip() for each in value.decode("latin-1").split(",")]
            keys, rest = _split(offered)
            found += keys
            if rest:
                kept.append((name, ", ".join(rest).encode("latin-1")))
        else:
            kept.append((name, value))
    scope["headers"] = kept
    if "subprotocols" in scope:
        scope["subprotocols"] = _split(scope["subprotocols"])[1]
    in_query = _take_from_query(scope)
    if query:
        found += in_query
    return frozenset(filter(None, found))


def answer_subprotocol(scope: Scope, send: Send) -> Send:
    """Return a `send` that accepts one of the subprotocols that the client offered, if we know it.

    It is never one with a key.
    """
    offered: list[str] = scope.get("subprotocols", [])
    chosen = next((each for each in _ANSWERED if each in offered), None)
    if chosen is None:
        return send

    async def answering(message: Message) -> None:
        if message["type"] == "websocket.accept" and not message.get("subprotocol"):
            message = {**message, "subprotocol": chosen}
        await send(message)

    return answering


def _split(offered: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the keys in the subprotocols that a client offers, and the others."""
    keys = [key for key in map(_key_of, offered) if key is not None]
    rest = [each for each in offered if _key_of(each) is None]
    if len(rest) > 1 and rest[0].lower() in SCHEMES:
        keys.append(rest.pop(1))
    return keys, rest


def _key_of(subprotocol: Any) -> str | None:
    for beginning in KEY_SUBPROTOCOLS:
        if subprotocol.startswith(beginning):
            return str(subprotocol[len(beginning) :])
    return None


def _take_from_query(scope: Scope) -> list[str]:
    """Return the keys in the query, and remove them from it. Names may be percent-encoded."""
    found: list[str] = []
    kept: list[str] = []
    for pair in scope.get("query_string", b"").decode("latin-1").split("&"):
        name, _, value = pair.partition("=")
        if unquote_plus(name) == QUERY_PARAMETER:
            found.append(unquote_plus(value))
        else:
            kept.append(pair)
    if found:
        scope["query_string"] = "&".join(kept).encode("latin-1")
    return found
