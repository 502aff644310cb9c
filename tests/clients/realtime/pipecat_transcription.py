"""Recognise a WAV file with pipecat's OpenAIRealtimeSTTService, with its own defaults but for the
language: python pipecat_transcription.py HOST:PORT FILE. Prints each transcription."""

from __future__ import annotations

import asyncio
import sys
import wave
from typing import Any

from pipecat.frames.frames import (
    EndFrame,
    Frame,
    InputAudioRawFrame,
    TranscriptionFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.runner import PipelineRunner
from pipecat.pipeline.task import PipelineParams, PipelineTask
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.services.openai.stt import OpenAIRealtimeSTTService
from pipecat.transcriptions.language import Language


class Printer(FrameProcessor):
    """Prints what was recognised."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = asyncio.Event()

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, TranscriptionFrame):
            print("final", frame.text, flush=True)
            self.heard.set()
        await self.push_frame(frame, direction)


async def main(address: str, path: str, server_vad: str = "") -> None:
    """Run a pipeline over the file."""
    turns: dict[str, Any] = {"turn_detection": {"type": "server_vad"}} if server_vad else {}
    service = OpenAIRealtimeSTTService(
        api_key="any",
        base_url=f"ws://{address}/v1/realtime",
        settings=OpenAIRealtimeSTTService.Settings(language=Language.ZH),
        **turns,
    )
    printer = Printer()
    with wave.open(path) as file:
        rate, pcm = file.getframerate(), file.readframes(file.getnframes())
    task = PipelineTask(
        Pipeline([service, printer]), params=PipelineParams(audio_in_sample_rate=rate)
    )

    async def push() -> None:
        await asyncio.sleep(1)
        step = rate // 50 * 2
        await task.queue_frame(VADUserStartedSpeakingFrame())
        for data in (pcm, bytes(rate * 2)):
            for at in range(0, len(data), step):
                await task.queue_frame(InputAudioRawFrame(data[at : at + step], rate, 1))
                await asyncio.sleep(0.02)
            if data is pcm:
                await task.queue_frame(VADUserStoppedSpeakingFrame())
        await asyncio.wait_for(printer.heard.wait(), 60)
        await task.queue_frame(EndFrame())

    await asyncio.gather(PipelineRunner(handle_sigint=False).run(task), push())


asyncio.run(main(*sys.argv[1:]))
