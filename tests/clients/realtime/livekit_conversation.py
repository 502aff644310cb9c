"""Speak a WAV file to livekit's RealtimeModel, with its own defaults: python
livekit_conversation.py HOST:PORT FILE. Prints what was heard, the answer and how long it is."""

from __future__ import annotations

import asyncio
import sys
import wave
from typing import Any

from livekit import rtc
from livekit.agents import utils
from livekit.plugins.openai import realtime


async def main(address: str, path: str) -> None:
    """Hold a conversation of one turn."""
    async with utils.http_context.open():
        model = realtime.RealtimeModel(base_url=f"http://{address}/v1", api_key="any")
        session = model.session()
        session.on("error", lambda error: print("error", error, flush=True))
        answered: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        session.on(
            "input_audio_transcription_completed",
            lambda event: event.is_final and print("heard", event.transcript, flush=True),
        )

        def begun(event: Any) -> None:
            if not answered.done():
                answered.set_result(event)

        session.on("generation_created", begun)
        await session.update_instructions("Answer briefly.")
        with wave.open(path) as file:
            rate, pcm = file.getframerate(), file.readframes(file.getnframes())
        step = rate // 50 * 2
        data = pcm + bytes(rate * 2 * 2)
        for at in range(0, len(data), step):
            piece = data[at : at + step]
            session.push_audio(rtc.AudioFrame(piece, rate, 1, len(piece) // 2))
            await asyncio.sleep(0.02)
        generation = await asyncio.wait_for(answered, 60)
        async for message in generation.message_stream:
            text = "".join([part async for part in message.text_stream])
            seconds = sum([frame.duration async for frame in message.audio_stream])
            print("answer", text, round(seconds, 1), flush=True)
            break
        await session.aclose()
        await model.aclose()


asyncio.run(main(*sys.argv[1:]))
