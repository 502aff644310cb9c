"""WebSockets of the protocol's dialects, served by the same sessions."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Awaitable, Callable

from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from liusheng.protocol.dialects import Dialect


class Adapter:
    """An ASGI endpoint that translates between a dialect and the protocol that `serve` handles."""

    def __init__(
        self, dialect: Callable[[], Dialect], serve: Callable[[WebSocket], Awaitable[None]]
    ) -> None:
        self._dialect = dialect
        self._serve = serve

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        dialect = self._dialect()
        frames: deque[str] = deque()

        async def translated_receive() -> Message:
            if not frames:
                message = await receive()
                if message["type"] != "websocket.receive" or message.get("text") is None:
                    return message
                frames.extend(dialect.to_session(message["text"]))
            return {"type": "websocket.receive", "text": frames.popleft()}

        async def translated_send(message: Message) -> None:
            if message["type"] != "websocket.send":
                await send(message)
                return
            for reply in dialect.to_client(json.loads(message["text"])):
                text = json.dumps(reply, ensure_ascii=False)
                await send({"type": "websocket.send", "text": text})

        await self._serve(WebSocket(scope, translated_receive, translated_send))
