from __future__ import annotations

import asyncio
import socket

import numpy as np
import pytest

from liusheng.runtime.workers.pipe import WorkerPipe
from liusheng.runtime.workers.server_pipe import ServerPipe


async def test_messages_go_both_ways_in_order() -> None:
    ours, theirs = socket.socketpair()
    server, worker = ServerPipe(*await asyncio.open_connection(sock=ours)), WorkerPipe(theirs)
    with theirs:
        await server.send(("method", (1, None)))
        await server.send(np.arange(3, dtype=np.float32))
        assert worker.receive() == ("method", (1, None))
        assert worker.receive().tolist() == [0.0, 1.0, 2.0]
        worker.send(b"x" * 100)
        worker.send("second")
        assert await server.receive() == b"x" * 100
        assert await server.receive() == "second"
        await server.close()


async def test_a_message_larger_than_the_sockets_buffers() -> None:
    ours, theirs = socket.socketpair()
    server, worker = ServerPipe(*await asyncio.open_connection(sock=ours)), WorkerPipe(theirs)
    message = bytes(5_000_000)
    with theirs:
        received, _ = await asyncio.gather(asyncio.to_thread(worker.receive), server.send(message))
        assert received == message
        received, _ = await asyncio.gather(
            server.receive(), asyncio.to_thread(worker.send, message)
        )
        assert received == message
        await server.close()


async def test_a_worker_sees_the_server_end() -> None:
    ours, theirs = socket.socketpair()
    server, worker = ServerPipe(*await asyncio.open_connection(sock=ours)), WorkerPipe(theirs)
    with theirs:
        await server.close()
        with pytest.raises(EOFError):
            worker.receive()


async def test_a_server_sees_a_worker_end_inside_a_message() -> None:
    ours, theirs = socket.socketpair()
    server = ServerPipe(*await asyncio.open_connection(sock=ours))
    theirs.sendall(b"\0\0\0\0\0\0\0\x09half")
    theirs.close()
    with pytest.raises(asyncio.IncompleteReadError):
        await server.receive()
    await server.close()
