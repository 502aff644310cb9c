"""A recognition with the original protocol, frame by frame: each packet has one reply."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import websockets


class RawSession:
    """A recognition that is under way. socket: its WebSocket."""

    def __init__(self, socket: Any) -> None:
        self.socket = socket

    async def ask(self, message: Any) -> dict[str, Any]:
        """Send audio, or a message; return the reply."""
        await self.socket.send(message if isinstance(message, bytes) else json.dumps(message))
        return await self.reply()

    async def send(self, packets: Iterable[bytes]) -> None:
        """Send packets of audio, each after the reply to the one before it."""
        for packet in packets:
            await self.ask(packet)

    async def reply(self) -> dict[str, Any]:
        """Return the next message of the server."""
        reply: dict[str, Any] = json.loads(await asyncio.wait_for(self.socket.recv(), 120))
        return reply

    async def final(self) -> str:
        """End the audio; return the text."""
        final = await self.ask({"name": "a", "signal": "end", "nbest": 1})
        assert final.get("signal") == "finished", final
        return str(final["result"])


@asynccontextmanager
async def raw_session(address: str, **options: Any) -> AsyncIterator[RawSession]:
    """Begin a recognition. address: HOST:PORT; options: of `websockets.connect`."""
    url = f"ws://{address}/paddlespeech/asr/streaming"
    plain = {"proxy": None, "compression": None}
    async with websockets.connect(url, **{**plain, **options}) as connection:
        session = RawSession(connection)
        ready = await session.ask({"name": "a", "signal": "start", "nbest": 1})
        assert ready["signal"] == "server_ready", ready
        yield session
