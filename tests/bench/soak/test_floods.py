"""Floods against a server that ends their connections after their first bytes."""

from __future__ import annotations

import asyncio

import pytest

from liusheng.bench.soak import floods


@pytest.mark.timeout(60)
@pytest.mark.parametrize("kind", sorted({*floods.FLOODS} - {"silent"}))
@pytest.mark.slow
async def test_a_flood_that_the_server_ends_begins_again(kind: str) -> None:
    ended = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal ended
        await reader.read(1)
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
        await writer.drain()
        await reader.read(1_000)
        writer.transport.abort()
        ended += 1

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        counts = {"connections": 0, "ended": 0}
        flooding = asyncio.create_task(floods._one(floods.FLOODS[kind], f"{host}:{port}", counts))
        while counts["connections"] < 3:
            assert not flooding.done()
            await asyncio.sleep(0.05)
        assert ended >= 2
        flooding.cancel()
        await asyncio.gather(flooding, return_exceptions=True)
