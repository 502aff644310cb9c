"""`Client.info`: how a server describes itself."""

from __future__ import annotations

import pytest

from liusheng.client import connect

from .conftest import FakeServer


async def test_a_server_describes_itself(server: FakeServer) -> None:
    server.info = {"tts": {"voices": []}}
    async with connect(server.url) as client:
        assert await client.info() == {"tts": {"voices": []}}


async def test_an_original_server_does_not(server: FakeServer) -> None:
    async with connect(server.url) as client:
        with pytest.raises(OSError, match="404"):
            await client.info()
