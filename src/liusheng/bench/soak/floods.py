"""Floods against a server, each for some seconds:
`python -m liusheng.bench.soak.floods ADDRESS KIND SECONDS COUNT`. In a process of its own, so that
what it does is not counted as the server's, and its end takes its connections with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Awaitable, Callable

from liusheng.bench.soak.attacker import BINARY, PING, TEXT, Attacker, attacker, frame
from liusheng.protocol import paths

MB = 1 << 20

START = frame(TEXT, json.dumps({"name": "f", "signal": "start", "nbest": 1}).encode())
START_TTS = frame(TEXT, json.dumps({"task": "tts", "signal": "start"}).encode())
PAGE_FILE = "/page/vendor/swagger-ui/swagger-ui-bundle.js"  # the largest
# Noise of a kind: neither silence, which is skipped, nor speech.
AUDIO = frame(BINARY, bytes(range(0, 256, 8)) * 100)

Flood = Callable[[Attacker, str], Awaitable[None]]


async def speak(client: Attacker, address: str) -> None:
    """Send audio as fast as it is taken; read every reply."""
    await client.handshake(paths.ASR_STREAMING)
    await client.send(START)
    reading = asyncio.create_task(client.reader.read(-1))
    while not reading.done() and await client.send(AUDIO * 10, 600):
        pass
    await reading


async def ping(client: Attacker, address: str) -> None:
    """Send pings; read no pong."""
    await client.handshake(paths.ASR_STREAMING)
    while await client.send(frame(PING, bytes(125)) * 500, 600):
        pass


async def unfinished(client: Attacker, address: str) -> None:
    """Send a message of 15 MB but for its end."""
    await client.handshake(paths.ASR_STREAMING)
    await client.send(START + frame(BINARY, bytes(15 * MB - 1), length=15 * MB), 600)


async def fragments(client: Attacker, address: str) -> None:
    """Send a message in fragments of one byte."""
    await client.handshake(paths.ASR_STREAMING)
    await client.send(START + frame(BINARY, b"a", fin=False))
    while await client.send(frame(0, b"a", fin=False) * 1_000, 600):
        pass


async def empties(client: Attacker, address: str) -> None:
    """Send empty frames, each of which is owed a reply; read none."""
    await client.handshake(paths.ASR_STREAMING)
    await client.send(START)
    while await client.send(frame(TEXT, b"") * 1_000, 600):
        pass


async def body(client: Attacker, address: str) -> None:
    """Send a body in JSON but for its end."""
    head = f"POST {paths.ASR} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {31 * MB}\r\n\r\n"
    await client.send(head.encode() + b'{"audio": "' + b"A" * (31 * MB - 100), 600)


async def whole_body(client: Attacker, address: str) -> None:
    """Send a body in JSON whose audio is no audio, and the next one when it is answered."""
    text = b'{"audio": "' + b"A" * 20 * MB + b'"}'
    head = f"POST {paths.ASR} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(text)}\r\n\r\n"
    while await client.send(head.encode() + text, 600):
        await client.reader.read(1_000)


async def texts(client: Attacker, address: str) -> None:
    """Have a thousand of the longest texts wait."""
    await client.handshake(paths.TTS_STREAMING)
    text = frame(TEXT, json.dumps({"text": "流" * 9_999 + "。"}, ensure_ascii=False).encode())
    await client.send(START_TTS)
    while await client.send(text * 10, 600):
        pass


async def deaf(client: Attacker, address: str) -> None:
    """Have a long text said, and read nothing of it."""
    await client.handshake(paths.TTS_STREAMING)
    text = "床前明月光，疑是地上霜。举头望明月，低头思故乡。" * 40
    await client.send(START_TTS + frame(TEXT, json.dumps({"text": text}).encode()))


async def files(client: Attacker, address: str) -> None:
    """Ask for a file of the page again and again, and read nothing of it."""
    head = f"GET {PAGE_FILE} HTTP/1.1\r\nHost: localhost\r\n\r\n"
    await client.send(head.encode() * 20, 600)


async def start_only(client: Attacker, address: str) -> None:
    """Start a recognition, and send nothing."""
    await client.handshake(paths.ASR_STREAMING)
    await client.send(START)


async def half_open(client: Attacker, address: str) -> None:
    """Begin a request."""
    await client.send(b"GET / HTTP/1.1\r\nHost: localhost\r\nX")


async def silent(client: Attacker, address: str) -> None:
    """Connect."""


FLOODS: dict[str, Flood] = {
    each.__name__: each
    for each in (
        speak, ping, unfinished, fragments, empties, body, whole_body, texts, deaf, files,
        start_only, half_open, silent,
    )
}  # fmt: skip


async def _one(flood: Flood, address: str, counts: dict[str, int]) -> None:
    """Flood, and when the server ends that, again."""
    while True:
        with contextlib.suppress(OSError, EOFError, asyncio.TimeoutError):
            async with attacker(address, receive_buffer=16_384) as client:
                counts["connections"] += 1
                await flood(client, address)
                await client.gone()
        counts["ended"] += 1
        await asyncio.sleep(0.5)


async def main(address: str, kinds: str, seconds: float, count: int) -> None:
    """Flood with `count` clients of each kind in turn: "ping,texts"."""
    counts = {"connections": 0, "ended": 0}
    floods = [FLOODS[kind] for kind in kinds.split(",")]
    tasks = [
        asyncio.create_task(_one(floods[n % len(floods)], address, counts)) for n in range(count)
    ]
    done, _ = await asyncio.wait(tasks, timeout=seconds)
    for task in done:
        task.result()
    sys.stdout.write(json.dumps(counts) + "\n")
    sys.stdout.flush()
    os._exit(0)  # without a word to the server


if __name__ == "__main__":
    _, address_, kinds_, seconds_, count_ = sys.argv
    asyncio.run(main(address_, kinds_, float(seconds_), int(count_)))
