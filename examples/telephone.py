"""A telephone line: 8 kHz mu-law in frames of 20 ms, both ways (G.711, as SIP and Twilio use it).

    python examples/telephone.py caller.wav --reply reply.wav

The file (any audio) is encoded as frames and sent in real time; the recognised text is
then synthesised as frames. A program with a real line needs `transcribe` and `synthesize` only.
"""

from __future__ import annotations

import argparse
import asyncio
import wave
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from typing import Literal

import av

import liusheng
from liusheng.audio.decode import decode_file
from liusheng.audio.pcm import samples_to_pcm
from liusheng.client import DEFAULT_URL, Client

RATE: Literal[8_000] = 8_000
FRAME_BYTES = 160  # 20 ms, one byte a sample


async def transcribe(client: Client, line: AsyncIterable[bytes], lang: str = "auto") -> str:
    """Return the text that is spoken on a line; `line` yields mu-law frames."""
    text = ""
    async for update in client.recognize(
        line, format="pcm_mulaw", sample_rate=RATE, lang=lang, name="telephone"
    ):
        text = update.text
    return text


async def synthesize(client: Client, text: str) -> AsyncIterator[bytes]:
    """Yield a synthesised text as mu-law frames; the last is padded with silence."""
    coder = mulaw_coder("w")
    pending = b""
    async for pcm in client.synthesize(text, sample_rate=RATE):
        pending += encode(coder, pcm)
        while len(pending) >= FRAME_BYTES:
            yield pending[:FRAME_BYTES]
            pending = pending[FRAME_BYTES:]
    if pending:
        yield pending.ljust(FRAME_BYTES, b"\xff")


async def simulated_line(path: str) -> AsyncIterator[bytes]:
    """Yield the frames of a file in real time."""
    clock = asyncio.get_running_loop().time
    due = clock()
    for frame in frames_of_file(path):
        due += FRAME_BYTES / RATE
        await asyncio.sleep(due - clock())
        yield frame


def frames_of_file(path: str) -> Iterator[bytes]:
    coder = mulaw_coder("w")
    for block in decode_file(path, RATE, block_seconds=FRAME_BYTES / RATE):
        yield encode(coder, samples_to_pcm(block))


def mulaw_coder(mode: Literal["r", "w"]) -> av.AudioCodecContext:
    coder = av.CodecContext.create("pcm_mulaw", mode)
    coder.sample_rate, coder.layout, coder.format = RATE, "mono", "s16"
    return coder


def encode(coder: av.AudioCodecContext, pcm: bytes) -> bytes:
    frame = av.AudioFrame("s16", "mono", len(pcm) // 2)
    frame.sample_rate = RATE
    frame.planes[0].update(pcm.ljust(frame.planes[0].buffer_size, b"\0"))
    return b"".join(map(bytes, coder.encode(frame)))


def decode(coder: av.AudioCodecContext, frame: bytes) -> bytes:
    return b"".join(got.to_ndarray().tobytes() for got in coder.decode(av.Packet(frame)))


async def main() -> None:
    options = argparse.ArgumentParser(description="A telephone call in 8 kHz mu-law.")
    options.add_argument("file", help="audio of the caller")
    options.add_argument("--reply", help="a WAV file for the synthesised reply")
    options.add_argument("--server", default=DEFAULT_URL)
    options.add_argument("--lang", default="auto", help="auto, zh, en, ...")
    chosen = options.parse_args()

    async with liusheng.connect(chosen.server) as client:
        text = await transcribe(client, simulated_line(chosen.file), chosen.lang)
        print(text)
        if chosen.reply:
            decoder = mulaw_coder("r")
            with wave.open(chosen.reply, "wb") as file:
                file.setparams((1, 2, RATE, 0, "NONE", ""))
                async for frame in synthesize(client, text):
                    file.writeframes(decode(decoder, frame))


if __name__ == "__main__":
    asyncio.run(main())
