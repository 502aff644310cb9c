"""Speak a WAV file to pipecat's OpenAIRealtimeLLMService, with its own defaults: python
pipecat_conversation.py HOST:PORT FILE. Prints what was heard and that the answer is spoken."""

from __future__ import annotations

import asyncio
import sys
import wave

from pipecat.frames.frames import (
    CancelFrame,
    ErrorFrame,
    Frame,
    InputAudioRawFrame,
    TranscriptionFrame,
    TTSAudioRawFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.runner import PipelineRunner
from pipecat.pipeline.task import PipelineParams, PipelineTask
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.services.openai.realtime.llm import OpenAIRealtimeLLMService


class Printer(FrameProcessor):
    """Prints what passes."""

    def __init__(self) -> None:
        super().__init__()
        self.spoken = asyncio.Event()

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, TranscriptionFrame):
            print("heard", frame.text, flush=True)
        elif isinstance(frame, ErrorFrame):
            print("error", frame.error, flush=True)
        elif isinstance(frame, TTSAudioRawFrame) and not self.spoken.is_set():
            print("answer", frame.sample_rate, flush=True)
            self.spoken.set()
        await self.push_frame(frame, direction)


async def main(address: str, path: str) -> None:
    """Hold a conversation of one turn."""
    service = OpenAIRealtimeLLMService(api_key="any", base_url=f"ws://{address}/v1/realtime")
    before, after = Printer(), Printer()
    with wave.open(path) as file:
        rate, pcm = file.getframerate(), file.readframes(file.getnframes())
    task = PipelineTask(
        Pipeline([before, service, after]), params=PipelineParams(audio_in_sample_rate=rate)
    )

    async def push() -> None:
        await asyncio.sleep(1)
        data = pcm + bytes(rate * 2 * 2)
        step = rate // 50 * 2
        for at in range(0, len(data), step):
            await task.queue_frame(InputAudioRawFrame(data[at : at + step], rate, 1))
            await asyncio.sleep(0.02)
        await asyncio.wait_for(after.spoken.wait(), 60)
        await task.queue_frame(CancelFrame())

    await asyncio.gather(PipelineRunner(handle_sigint=False).run(task), push())


asyncio.run(main(*sys.argv[1:]))
