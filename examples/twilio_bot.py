"""A bot on the telephone: Twilio's Media Streams on one side, Liusheng on the other.

    python examples/twilio_bot.py --server ws://127.0.0.1:8090 --port 5050

The server needs `--set twilio.enabled=true`. Twilio has to reach this program over wss://, for
instance through a tunnel or proxy to the port. Give your Twilio number this TwiML (a TwiML Bin):

    <Response><Connect><Stream url="wss://bot.example.org/">
        <Parameter name="lang" value="en"/>
    </Stream></Connect></Response>

The program passes the messages of both sides on as they are. All that it adds is `speak`: the
answer to what the caller said. `answer` is a stand-in for a language model that repeats the
caller's words. When the caller interrupts, the server tells Twilio to stop playing.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
from collections.abc import AsyncIterator, Callable

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

PATH = "/twilio/media-streams"
FOR_TWILIO = ("media", "mark", "clear")

Answer = Callable[[str], AsyncIterator[str]]


async def answer(text: str) -> AsyncIterator[str]:
    """STAND-IN for a language model: yields an answer in tokens (see `think` in voice_agent.py)."""
    for token in re.findall(r"\S+\s*", f"You said: {text}"):
        yield token


class Call:
    """One call."""

    def __init__(
        self, twilio: ServerConnection, speech: ClientConnection, answer: Answer = answer
    ) -> None:
        self._twilio = twilio
        self._speech = speech
        self._answer = answer
        self._answering: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Serve the call until one side ends it."""
        tasks = {asyncio.create_task(self._from_twilio()), asyncio.create_task(self._from_speech())}
        _, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if self._answering:
            pending.add(self._answering)
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)

    async def _from_twilio(self) -> None:
        async for message in self._twilio:
            await self._speech.send(message)

    async def _from_speech(self) -> None:
        async for frame in self._speech:
            message = json.loads(frame)
            event = message["event"]
            if event in FOR_TWILIO:
                await self._twilio.send(frame)
            if event == "transcript" and message["isFinal"]:
                print("caller:", message["text"])
                self._begin_answer(message["text"])
            elif event == "clear" and self._answering:
                self._answering.cancel()
            elif event == "error":
                print("error:", message["message"])

    def _begin_answer(self, text: str) -> None:
        before = self._answering
        if before:
            before.cancel()
        self._answering = asyncio.create_task(self._speak(text, before))

    async def _speak(self, text: str, before: asyncio.Task[None] | None) -> None:
        if before:
            await asyncio.wait({before})
        # An answer that is cut off must not leave its text open: it is ended in any case.
        try:
            async for token in self._answer(text):
                await self._speech.send(json.dumps({"event": "speak", "text": token, "more": True}))
        finally:
            await self._speech.send(json.dumps({"event": "speak", "text": "", "more": False}))


async def answer_calls(server: str, key: str, port: int, ready: Callable[[int], None]) -> None:
    """Answer calls until this is cancelled. ready: called with the port."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}

    async def handle(twilio: ServerConnection) -> None:
        try:
            async with connect(server + PATH, additional_headers=headers) as speech:
                await Call(twilio, speech).run()
        except ConnectionClosed:
            pass
        except OSError as error:
            print(f"{server} cannot be reached: {error}")

    async with serve(handle, "127.0.0.1", port) as listening:
        ready(next(iter(listening.sockets)).getsockname()[1])
        await asyncio.get_running_loop().create_future()


async def main() -> None:
    options = argparse.ArgumentParser(description="A bot for calls over Twilio's Media Streams.")
    options.add_argument("--server", default="ws://127.0.0.1:8090", help="Liusheng's address")
    options.add_argument("--port", type=int, default=5050, help="for Twilio")
    chosen = options.parse_args()
    key = os.environ.get("LIUSHENG_API_KEY", "")
    await answer_calls(
        chosen.server, key, chosen.port, lambda port: print(f"Waiting for calls on port {port}.")
    )


if __name__ == "__main__":
    asyncio.run(main())
