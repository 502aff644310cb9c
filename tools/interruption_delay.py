"""Measure how long a conversation goes on speaking when its user interrupts it.

A recording is sent in real time to a server whose language model gives long answers. Reported, for
each interruption: the time from the moment when the first sample of the speech was sent, as the
server places it (`audio_start_ms`), to the last audio that came, and to the event that the speech
was detected; and how much audio came after that event.

    python -m tests.support.chat_server &        # prints its address
    LIUSHENG_LLM__ADDRESS=... LIUSHENG_LLM__MODEL=any liusheng serve
    python tools/interruption_delay.py ws://127.0.0.1:8090/v1/realtime recording.wav
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import statistics
import time
import wave
from typing import Any

import numpy as np
import soxr
import websockets

_RATE = 24_000
_PACKET = 0.04  # seconds
_PAUSE = 3.0  # seconds of silence after the recording, in which the answer begins


class _Measurement:
    def __init__(self) -> None:
        self.began = 0.0  # when the first sample was sent
        self.audio_at = 0.0  # when the newest audio came
        self.answering = False
        self.detected: float | None = None
        self.speech = 0.0  # when the speech of the interruption was sent
        self.late = 0
        self.rows: list[tuple[float, float, int]] = []

    def event(self, event: dict[str, Any]) -> None:
        now = time.perf_counter()
        kind = event["type"]
        if kind == "response.output_audio.delta":
            self.answering = True
            self.audio_at = now
            self.late += self.detected is not None
        elif kind == "input_audio_buffer.speech_started" and self.answering:
            self.detected, self.late = now, 0
            self.speech = self.began + event["audio_start_ms"] / 1000
        elif kind == "response.done":
            if event["response"]["status"] == "cancelled" and self.detected is not None:
                end = max(self.audio_at, self.speech)
                row = (end - self.speech, self.detected - self.speech, self.late)
                self.rows.append(row)
                last, detected = row[0] * 1000, row[1] * 1000
                print(f"last audio {last:.0f} ms, detected {detected:.0f} ms, {row[2]} late")
            self.answering, self.detected = False, None
        elif kind == "error":
            print(event["error"]["message"])


def _samples(path: str) -> bytes:
    with wave.open(path) as file:
        pcm = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        pcm = pcm.reshape(-1, file.getnchannels())[:, 0]
        wanted = soxr.resample(pcm.astype(np.float32) / 32_768, file.getframerate(), _RATE)
    return bytes((np.clip(wanted, -1, 1) * 32_767).astype("<i2").tobytes())


async def _run(address: str, path: str, count: int) -> None:
    once = _samples(path) + bytes(round(_PAUSE * _RATE) * 2)
    step = round(_PACKET * _RATE) * 2
    measured = _Measurement()
    async with websockets.connect(address, max_size=None) as socket:

        async def read() -> None:
            async for frame in socket:
                measured.event(json.loads(frame))

        reading = asyncio.create_task(read())
        measured.began = time.perf_counter()
        sent = 0
        while len(measured.rows) < count and not reading.done():
            for at in range(0, len(once), step):
                packet = once[at : at + step]
                # A packet is sent when its last sample would have been spoken.
                sent += len(packet)
                due = measured.began + sent / 2 / _RATE
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                audio = base64.b64encode(packet).decode()
                await socket.send(json.dumps({"type": "input_audio_buffer.append", "audio": audio}))
        reading.cancel()
    for name, place in (("last audio", 0), ("detected", 1)):
        values = sorted(row[place] * 1000 for row in measured.rows)
        print(f"{name}: median {statistics.median(values):.0f} ms, most {values[-1]:.0f} ms")
    print(f"pieces of audio after the detection: {sum(row[2] for row in measured.rows)}")


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address")
    parser.add_argument("recording")
    parser.add_argument("--count", type=int, default=10, help="interruptions")
    args = parser.parse_args()
    asyncio.run(_run(args.address, args.recording, args.count))


if __name__ == "__main__":
    main()
