"""How WebSockets are closed whose client does not answer, or sends what is wrong."""

from __future__ import annotations

import pytest

from liusheng.bench.soak.attacker import CLOSE, PING, TEXT, attacker, frame
from liusheng.protocol import paths
from liusheng.server.limits import websocket_protocol
from tests.server.limits.conftest import Limited, until

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_text_that_is_no_utf_8_closes_the_websocket(limited: Limited) -> None:
    server, limits = await limited()
    async with attacker(server.address) as client:
        await client.handshake(paths.ASR_STREAMING)
        await client.send(frame(TEXT, b"\xff"))
        assert await client.close_code() == 1007
        assert await client.rest() == b""
    await until(lambda: not limits.budget.used)


async def test_a_client_that_answers_no_ping_is_closed(
    limited: Limited, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(websocket_protocol, "_LEAST_WAIT", 0.02)
    server, _ = await limited(ping_interval=0.05, ping_timeout=0.05)
    async with attacker(server.address) as client:
        await client.handshake(paths.ASR_STREAMING)
        opcode, _ = await client.frame()
        assert opcode == PING
        while opcode == PING:
            opcode, data = await client.frame()
        assert (opcode, data[:2]) == (CLOSE, (1011).to_bytes(2, "big"))
