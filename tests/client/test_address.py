from __future__ import annotations

import pytest

from liusheng.client.address import Address
from liusheng.protocol.paths import ASR_STREAMING


@pytest.mark.parametrize(
    ("url", "websocket"),
    [
        ("ws://127.0.0.1:8090", "ws://127.0.0.1:8090"),
        ("ws://127.0.0.1:8090/", "ws://127.0.0.1:8090"),
        ("127.0.0.1:8091", "ws://127.0.0.1:8091"),
        ("localhost", "ws://localhost:8090"),
        ("http://example.org", "ws://example.org"),
        ("https://example.org/speech", "wss://example.org/speech"),
        ("wss://[::1]:443/a/b/", "wss://[::1]:443/a/b"),
        (f"ws://h:1/x{ASR_STREAMING}", "ws://h:1/x"),
        ("ws://h:1/paddlespeech/tts/streaming", "ws://h:1"),
    ],
)
def test_addresses(url: str, websocket: str) -> None:
    address = Address.parse(url)
    assert address.websocket(ASR_STREAMING) == websocket + ASR_STREAMING
    assert address.http("/x") == websocket.replace("ws", "http", 1) + "/x"


@pytest.mark.parametrize(
    "url", ["", "ftp://h", "ws://", "ws://h:99999", "ws://h:x", "ws://h/?a=1", "ws://h/#a", "://"]
)
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(ValueError, match="is not the address of a server"):
        Address.parse(url)
