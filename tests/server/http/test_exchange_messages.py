"""What an exchange waits for and sends, message by message."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.types import Message

from liusheng.server.http.exchange import HttpExchange

SCOPE: dict[str, Any] = {"type": "http", "method": "POST", "path": "/", "headers": []}


class Client:
    """Sends these messages, and then nothing."""

    def __init__(self, *messages: Message) -> None:
        self.answers: list[Message] = []
        self._messages = list(messages)

    async def receive(self) -> Message:
        if not self._messages:
            await asyncio.Event().wait()
        return self._messages.pop(0)

    async def send(self, message: Message) -> None:
        self.answers.append(message)


def exchange(client: Client) -> HttpExchange:
    return HttpExchange(dict(SCOPE), client.receive, client.send)


async def test_a_client_that_leaves_is_noticed() -> None:
    more = {"type": "http.request", "body": b"", "more_body": False}
    made = exchange(Client(dict(more), dict(more), {"type": "http.disconnect"}))
    async for _ in made.chunks(10):
        pass
    await asyncio.wait_for(made.disconnected(), 60)


async def test_an_empty_chunk_does_not_end_a_response() -> None:
    client = Client()
    made = exchange(client)
    await made.start("text/plain")
    await made.write(b"")
    await made.write(b"a")
    await made.end()
    bodies = [(each["body"], each["more_body"]) for each in client.answers[1:]]
    assert bodies == [(b"a", True), (b"", False)]
