"""Recognise a WAV file with livekit-plugins-openai, with its own defaults but for the language:
python livekit_transcription.py HOST:PORT FILE. Prints each event."""

from __future__ import annotations

import asyncio
import sys
import wave

from livekit import rtc
from livekit.agents import stt, utils
from livekit.plugins import openai


async def main(address: str, path: str) -> None:
    """Recognise the file."""
    with wave.open(path) as file:
        rate, pcm = file.getframerate(), file.readframes(file.getnframes())
    async with utils.http_context.open():
        service = openai.STT(
            base_url=f"http://{address}/v1", api_key="any", use_realtime=True, language="zh"
        )
        stream = service.stream()

        async def push() -> None:
            data = pcm + bytes(rate * 2 * 2)
            step = rate // 50 * 2
            for at in range(0, len(data), step):
                piece = data[at : at + step]
                stream.push_frame(rtc.AudioFrame(piece, rate, 1, len(piece) // 2))
                await asyncio.sleep(0.02)

        pushing = asyncio.create_task(push())
        async for event in stream:
            print(event.type.value, *[each.text for each in event.alternatives], flush=True)
            if event.type == stt.SpeechEventType.FINAL_TRANSCRIPT:
                break
        pushing.cancel()
        await stream.aclose()
        await service.aclose()


asyncio.run(main(*sys.argv[1:]))
