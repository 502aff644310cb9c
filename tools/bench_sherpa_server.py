"""How many speakers sherpa-onnx's own C++ server carries: to compare `liusheng bench asr` with.

    pip install sherpa-onnx-bin
    sherpa-onnx-online-websocket-server --port=6006 --num-work-threads=2 --max-batch-size=8 \\
        --tokens=M/tokens.txt --encoder=M/encoder.onnx --decoder=M/decoder.onnx \\
        --joiner=M/joiner.onnx
    python tools/bench_sherpa_server.py 127.0.0.1:6006 --manifest TSV --streams 48 --pid PID

The speakers are those of `liusheng bench asr`: each says the recordings one after another in real
time, in packets of 85 ms, on a connection of its own. That server sends a message for each chunk
that it has decoded, so the lag of a chunk is the same as there: from sending the packet that
completes it to the message that has it.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import math
from dataclasses import dataclass, field
from pathlib import Path

from websockets.asyncio.client import connect

from liusheng.asr.types import SAMPLE_RATE as RATE
from liusheng.audio.pcm import pcm_to_samples
from liusheng.bench.asr_client import PACKET_SECONDS
from liusheng.bench.figures import Summary
from liusheng.bench.processes import ResourceMonitor
from liusheng.bench.recordings import Clip, read_clips, read_manifest

_PACKET = round(RATE * PACKET_SECONDS)


@dataclass
class Figures:
    """What was measured, in seconds."""

    lags: list[float] = field(default_factory=list)
    finals: list[float] = field(default_factory=list)


async def speak(url: str, clip: Clip, chunk: int, window: int, pause: float) -> Figures:
    """Say a recording and return the figures of its chunks and of its final.

    chunk, window: feature frames of 10 ms: of a step, and that must be there for one.
    """
    now = asyncio.get_running_loop().time
    pcm = bytes(2 * round(pause * RATE)) + clip.pcm
    samples = pcm_to_samples(pcm).astype("<f4")
    figures = Figures()
    sent: list[float] = []
    async with connect(url, compression=None, ping_interval=None) as socket:

        async def listen() -> None:
            chunks = 0
            async for message in socket:
                if message == "Done!":
                    return
                packet = math.ceil((chunks * chunk + window + 1.75) / 100 / PACKET_SECONDS) - 1
                chunks += 1
                # Later ones are completed by the silence that the server adds after the end.
                if packet < len(sent):
                    figures.lags.append(now() - sent[packet])

        listening = asyncio.create_task(listen())
        began = now()
        for at in range(0, len(samples), _PACKET):
            await asyncio.sleep(began + (at + _PACKET) / RATE - now())
            sent.append(now())
            await socket.send(samples[at : at + _PACKET].tobytes())
        ended = now()
        await socket.send("Done")
        await listening
        figures.finals.append(now() - ended)
    return figures


async def crowd(url: str, clips: list[Clip], a: argparse.Namespace) -> list[Figures]:
    """Let many speak; return what began while it was measured."""
    now = asyncio.get_running_loop().time
    epoch = now()
    taken: list[Figures] = []
    speaking = a.streams

    async def speaker(place: int) -> None:
        nonlocal speaking
        await asyncio.sleep(a.ramp * place / a.streams)
        first = place * len(clips) // a.streams
        for clip in itertools.cycle([*clips[first:], *clips[:first]]):
            measured = now() - epoch >= a.ramp
            if now() - epoch >= a.ramp + a.seconds:
                break
            figures = await speak(url, clip, a.chunk, a.window, a.pause)
            if measured:
                taken.append(figures)
        speaking -= 1

    await asyncio.gather(*map(speaker, range(a.streams)))
    return taken


async def measured(a: argparse.Namespace) -> dict[str, object]:
    """Return the figures of all together."""
    clips = read_clips(each for each in read_manifest(a.manifest) if a.lang in (None, each.lang))
    async with ResourceMonitor(a.pid) as monitor:
        taken = await crowd(f"ws://{a.address}", clips, a)
    usage = monitor.usage
    assert usage is not None
    lag = Summary.of(lag for each in taken for lag in each.lags)
    final = Summary.of(final for each in taken for final in each.finals)
    return {
        "streams": a.streams,
        "recordings": len(taken),
        "chunks": lag.count,
        **{f"lag_p{p}_ms": round(1000 * getattr(lag, f"p{p}")) for p in (50, 95, 99)},
        "final_p95_ms": round(1000 * final.p95),
        "server_cores": round(usage.cpu_server + usage.cpu_workers, 2),
        "own_cores": round(usage.cpu_self, 2),
        "memory_mb": usage.memory_peak >> 20,
    }


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("address", help="HOST:PORT")
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--lang")
    parser.add_argument("--pid", type=int, required=True, help="of the server")
    parser.add_argument("--streams", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--ramp", type=float, default=5.0)
    parser.add_argument("--pause", type=float, default=0.0)
    parser.add_argument("--chunk", type=int, default=32, help="the model's decode_chunk_len")
    parser.add_argument("--window", type=int, default=45, help="the model's T")
    print(json.dumps(asyncio.run(measured(parser.parse_args()))))


if __name__ == "__main__":
    main()
