"""The bot between Twilio and a server, both of which the test plays."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve


async def receive(socket: Any) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(await asyncio.wait_for(socket.recv(), 30))
    return message


async def test_a_call() -> None:
    from twilio_bot import PATH, answer_calls

    speech: asyncio.Queue[ServerConnection] = asyncio.Queue()

    async def handle(socket: ServerConnection) -> None:
        assert socket.request is not None
        assert socket.request.path == PATH
        assert socket.request.headers["Authorization"] == "Bearer secret"
        await speech.put(socket)
        await socket.wait_closed()

    port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    async with serve(handle, "127.0.0.1", 0) as server:
        address = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
        bot = asyncio.create_task(answer_calls(address, "secret", 0, port.set_result))
        async with connect(f"ws://127.0.0.1:{await port}") as twilio:
            there = await asyncio.wait_for(speech.get(), 30)
            start = {"event": "start", "streamSid": "MZ1", "start": {}}
            await twilio.send(json.dumps(start))
            assert await receive(there) == start
            heard = {"event": "transcript", "streamSid": "MZ1", "text": "hi there"}
            await there.send(json.dumps({**heard, "isFinal": False}))
            await there.send(json.dumps({**heard, "isFinal": True}))
            spoken = [await receive(there) for _ in range(5)]
            assert {each["event"] for each in spoken} == {"speak"}
            assert "".join(each["text"] for each in spoken) == "You said: hi there"
            assert [each["more"] for each in spoken] == [True] * 4 + [False]
            for message in ({"event": "media"}, {"event": "mark"}, {"event": "clear"}):
                await there.send(json.dumps(message))
                assert await receive(twilio) == message
            await there.send(json.dumps({"event": "error", "message": "no"}))
            await there.close()
            await asyncio.wait_for(twilio.wait_closed(), 30)
        bot.cancel()
        await asyncio.gather(bot, return_exceptions=True)
