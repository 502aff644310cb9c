"""Errors of a client as messages of a command line."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection, serve

from liusheng.cli.server_address import describe_error, server_url
from liusheng.client import DEFAULT_URL, CannotConnectError, ClientError, connect
from tests.support.certificates import Authority


def test_the_option_overrides_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert server_url(None) == DEFAULT_URL
    monkeypatch.setenv("LIUSHENG_SERVER", "ws://a:1")
    assert server_url(None) == "ws://a:1"
    assert server_url("ws://b:2") == "ws://b:2"


def test_errors_have_their_code_or_what_to_do() -> None:
    assert describe_error(ClientError("server_busy", "Full.")) == "Full. [server_busy]"
    assert "`liusheng serve`" in describe_error(CannotConnectError("There is no server."))


@pytest.mark.parametrize("known", [False, True])
async def test_a_certificate_of_an_unknown_authority_needs_its_file(
    tmp_path: Path, known: bool
) -> None:
    """Which is no help with another fault, such as that it is for another name."""
    authority = Authority(tmp_path)
    authority.issue()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.certificate, authority.key)

    async def closed(_: ServerConnection) -> None:
        """Nobody comes so far."""

    async with serve(closed, "127.0.0.1", 0, ssl=context) as server:
        port = server.sockets[0].getsockname()[1]
        ca_file = authority.ca_file if known else None
        url = f"wss://{'localhost' if known else '127.0.0.1'}:{port}"
        async with connect(url, retry_for=0.0, ca_file=ca_file) as client:
            with pytest.raises(ClientError) as caught:
                async for _ in client.synthesize("a"):
                    pass
    message = describe_error(caught.value)
    assert "CERTIFICATE_VERIFY_FAILED" in message
    assert ("--ca-file" in message) != known
    assert ("liusheng serve" not in message) != known
