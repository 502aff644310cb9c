from __future__ import annotations

from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liusheng.server.access.credentials import answer_subprotocol, take_keys

SECRET = "ls_0123456789-abcdefghijklmnopqrstuvwxyz_ABCDEF"
NAME = "api_key"
PLAIN = st.text("abcdefghijklmnopqrstuvwxyz0123456789._-", min_size=1, max_size=8)


def scope_with(headers: list[tuple[str, str]], query: str = "") -> dict[str, Any]:
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    subprotocols = [
        each.strip()
        for name, value in headers
        if name == "sec-websocket-protocol"
        for each in value.split(",")
    ]
    return {
        "type": "websocket",
        "headers": raw,
        "subprotocols": subprotocols,
        "query_string": query.encode(),
    }


def encoded(text: str, at: list[int]) -> str:
    """Percent-encode some characters."""
    return "".join(f"%{ord(c):02x}" if index in at else c for index, c in enumerate(text))


@given(
    before=st.lists(PLAIN, max_size=3),
    after=st.lists(PLAIN, max_size=3),
    at=st.lists(st.integers(0, len(NAME) - 1), max_size=4),
    of_secret=st.lists(st.integers(0, len(SECRET) - 1), max_size=4),
)
def test_no_spelling_of_the_query_keeps_a_key(
    before: list[str], after: list[str], at: list[int], of_secret: list[int]
) -> None:
    pair = f"{encoded(NAME, at)}={encoded(SECRET, of_secret)}"
    scope = scope_with([], "&".join([*before, pair, *after]))
    assert take_keys(scope, query=True) == {SECRET}
    assert scope["query_string"].decode() == "&".join([*before, *after])


@given(
    others=st.lists(PLAIN, max_size=4),
    place=st.integers(0, 4),
    beginning=st.sampled_from(["liusheng.key.", "openai-insecure-api-key."]),
    spaces=st.sampled_from(["", " ", "  "]),
)
def test_no_order_of_subprotocols_keeps_a_key(
    others: list[str], place: int, beginning: str, spaces: str
) -> None:
    offered = [*others[:place], beginning + SECRET, *others[place:]]
    header = f",{spaces}".join(offered)
    scope = scope_with([("sec-websocket-protocol", header), ("authorization", f"Bearer {SECRET}")])
    assert take_keys(scope, query=False) == {SECRET}
    assert scope["subprotocols"] == others
    assert SECRET not in repr(scope)


def test_a_query_key_that_is_not_allowed_is_removed_all_the_same() -> None:
    scope = scope_with([], f"a=1&{NAME}={quote_plus(SECRET)}&b={quote('好')}")
    assert take_keys(scope, query=False) == frozenset()
    assert scope["query_string"] == f"a=1&b={quote('好')}".encode()


@pytest.mark.parametrize(
    ("offered", "answer"),
    [([], None), (["chat"], None), (["chat", "realtime", "liusheng"], "liusheng")],
)
async def test_one_known_subprotocol_is_accepted(offered: list[str], answer: str | None) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    answering = answer_subprotocol({"type": "websocket", "subprotocols": offered}, send)
    await answering({"type": "websocket.accept"})
    await answering({"type": "websocket.accept", "subprotocol": "own"})
    assert sent[0].get("subprotocol") == answer
    assert sent[1]["subprotocol"] == "own"


def test_the_scheme_of_deepgrams_clients() -> None:
    scope = scope_with([("authorization", f"Token {SECRET}")])
    assert take_keys(scope, query=False) == {SECRET}
    assert scope["headers"] == []


@given(st.sampled_from(["token", "Token", "bearer"]), st.lists(PLAIN, max_size=2))
def test_a_scheme_and_a_key_as_subprotocols(scheme: str, others: list[str]) -> None:
    offered = ", ".join([scheme, SECRET, *others])
    scope = scope_with([("sec-websocket-protocol", offered)])
    assert take_keys(scope, query=False) == {SECRET}
    assert SECRET not in str(scope)
    assert scope["subprotocols"] == [scheme, *others]


@pytest.mark.parametrize("offered", ["token", "liusheng, token", "other, x"])
def test_subprotocols_without_a_scheme_and_key(offered: str) -> None:
    scope = scope_with([("sec-websocket-protocol", offered)])
    assert take_keys(scope, query=False) == frozenset()
    assert ", ".join(scope["subprotocols"]) == offered
