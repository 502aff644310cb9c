"""The client that breaks the rules can be ended at any time."""

from __future__ import annotations

import asyncio
import socket

import pytest

from liusheng.bench.soak.attacker import Attacker


@pytest.mark.parametrize("turns", range(6))
async def test_a_cancellation_beside_the_reply_cancels(turns: int) -> None:
    """Whichever of the loop's turns after the reply it comes in."""
    here, there = socket.socketpair()
    with there:
        reader, writer = await asyncio.open_connection(sock=here)
        task = asyncio.create_task(Attacker(reader, writer).head())
        await asyncio.sleep(0)
        reader.feed_data(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
        for _ in range(turns):
            await asyncio.sleep(0)
        cancelled = task.cancel()
        await asyncio.wait({task})
        assert task.cancelled() == cancelled
        writer.close()
        await writer.wait_closed()
