"""A stand-in for a language model: an OpenAI-compatible chat API on a socket of its own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class ChatServer:
    """What it answers, and what it was asked.

    parts: of the next answers; after the last part of an answer it ends with `finish_reason`.
    pause: seconds before each part.
    status: of HTTP.
    raw: sent in place of the answer.
    hold: it stops before the end of an answer until this is set.
    asked: the bodies of the requests. keys: their Authorization.
    dropped: set when a client closed a connection during an answer.
    """

    parts: list[str] = field(default_factory=lambda: ["Hello."])
    pause: float = 0.0
    status: int = 200
    raw: str = ""
    finish_reason: str = "stop"
    hold: asyncio.Event | None = None
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    dropped: asyncio.Event = field(default_factory=asyncio.Event)
    address: str = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request; then close the connection."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            headers = dict(
                line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line
            )
            body = json.loads(await reader.readexactly(int(headers["content-length"])))
            self.asked.append(body)
            self.keys.append(headers.get("authorization", ""))
            writer.write(
                f"HTTP/1.1 {self.status} Fine\r\ncontent-type: text/event-stream\r\n"
                "connection: close\r\n\r\n".encode()
            )
            await self._answer(reader, writer)
        except ConnectionError:
            self.dropped.set()
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.raw or self.status != 200:
            writer.write(self.raw.encode())
            await writer.drain()
            return
        gone = asyncio.ensure_future(reader.read(1))
        try:
            writer.write(b": a comment\n\n" + _event({"delta": {"role": "assistant"}}))
            for part in self.parts:
                await asyncio.wait({gone}, timeout=self.pause)
                writer.write(_event({"delta": {"content": part}}))
                await writer.drain()
            if self.hold:
                held = asyncio.ensure_future(self.hold.wait())
                await asyncio.wait({gone, held}, return_when=asyncio.FIRST_COMPLETED)
                held.cancel()
            if gone.done():
                raise ConnectionResetError
            writer.write(_event({"delta": {}, "finish_reason": self.finish_reason}))
            writer.write(b"data: [DONE]\n\n")
            await writer.drain()
        finally:
            gone.cancel()


def _event(choice: dict[str, Any]) -> bytes:
    return f"data: {json.dumps({'choices': [{'index': 0, **choice}]})}\n\n".encode()


@asynccontextmanager
async def chat_server(**options: Any) -> AsyncIterator[ChatServer]:
    """Run one."""
    chat = ChatServer(**options)
    server = await asyncio.start_server(chat.serve, "127.0.0.1", 0)
    chat.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    try:
        yield chat
    finally:
        server.close()


async def _main() -> None:
    story = "从前有一座山，山上有一座庙，庙里有一个老和尚，他每天都给小和尚讲故事。"
    async with chat_server(parts=[story] * 10) as chat:
        print(chat.address, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main())
