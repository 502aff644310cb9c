"""Errors of a client as messages of a command line."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection, serve

from liusheng.cli.server_address import describe_error
from liusheng.client import ClientError, connect
from tests.support.certificates import Authority


async def test_a_certificate_of_an_unknown_authority_needs_its_file(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    authority.issue()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.certificate, authority.key)

    async def closed(_: ServerConnection) -> None:
        """Nobody comes so far."""

    async with serve(closed, "127.0.0.1", 0, ssl=context) as server:
        port = server.sockets[0].getsockname()[1]
        async with connect(f"wss://127.0.0.1:{port}", retry_for=0.0) as client:
            with pytest.raises(ClientError) as caught:
                async for _ in client.synthesize("a"):
                    pass
    message = describe_error(caught.value)
    assert "CERTIFICATE_VERIFY_FAILED" in message
    assert "--ca-file" in message
    assert "liusheng serve" not in message, "there is one"
