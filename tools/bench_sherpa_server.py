"""Load sherpa-onnx's own C++ server with streams, to compare it with `liusheng bench asr`.

    pip install sherpa-onnx-bin
    sherpa-onnx-online-websocket-server --port=6006 --num-work-threads=2 --max-batch-size=8 \\
        --tokens=M/tokens.txt --encoder=M/encoder.onnx --decoder=M/decoder.onnx \\
        --joiner=M/joiner.onnx
    python tools/bench_sherpa_server.py 127.0.0.1:6006 --manifest TSV --streams 48 --pid PID

Streams are those of `liusheng bench asr`: each sends the recordings one after another in real time,
in packets of 85 ms, on one connection for each recording. The server sends a message for each chunk
that it has decoded. The lag of a chunk is defined as in `liusheng bench asr`: from sending the
packet that completes the chunk to receiving its message.
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
class Latencies:
    """Of chunks and of finals, in seconds."""

    lags: list[float] = field(default_factory=list)
    finals: list[float] = field(default_factory=list)


async def send_recording(url: str, clip: Clip, chunk: int, window: int, pause: float) -> Latencies:
    """Send a recording in real time and return the latencies of its chunks and of its final.

    chunk: feature frames of 10 ms from one decoding step to the next.
    window: feature frames that one step needs.
    """
    now = asyncio.get_running_loop().time
    pcm = bytes(2 * round(pause * RATE)) + clip.pcm
    samples = pcm_to_samples(pcm).astype("<f4")
    latencies = Latencies()
    sent: list[float] = []
    async with connect(url, compression=None, ping_interval=None) as socket:

        async def receive() -> None:
            chunks = 0
            async for message in socket:
                if message == "Done!":
                    return
                packet = math.ceil((chunks * chunk + window + 1.75) / 100 / PACKET_SECONDS) - 1
                chunks += 1
                # Later chunks are completed by the silence that the server appends.
                if packet < len(sent):
                    latencies.lags.append(now() - sent[packet])

        receiving = asyncio.create_task(receive())
        began = now()
        for at in range(0, len(samples), _PACKET):
            await asyncio.sleep(began + (at + _PACKET) / RATE - now())
            sent.append(now())
            await socket.send(samples[at : at + _PACKET].tobytes())
        ended = now()
        await socket.send("Done")
        await receiving
        latencies.finals.append(now() - ended)
    return latencies


async def run_streams(url: str, clips: list[Clip], a: argparse.Namespace) -> list[Latencies]:
    """Run all streams; return the latencies of the recordings that began after the ramp."""
    now = asyncio.get_running_loop().time
    epoch = now()
    finished: list[Latencies] = []

    async def stream(place: int) -> None:
        await asyncio.sleep(a.ramp * place / a.streams)
        first = place * len(clips) // a.streams
        for clip in itertools.cycle([*clips[first:], *clips[:first]]):
            measured = now() - epoch >= a.ramp
            if now() - epoch >= a.ramp + a.seconds:
                break
            latencies = await send_recording(url, clip, a.chunk, a.window, a.pause)
            if measured:
                finished.append(latencies)

    await asyncio.gather(*map(stream, range(a.streams)))
    return finished


async def measure(a: argparse.Namespace) -> dict[str, object]:
    """Return the results of all streams together."""
    clips = read_clips(each for each in read_manifest(a.manifest) if a.lang in (None, each.lang))
    async with ResourceMonitor(a.pid) as monitor:
        finished = await run_streams(f"ws://{a.address}", clips, a)
    usage = monitor.usage
    assert usage is not None
    lag = Summary.of(lag for each in finished for lag in each.lags)
    final = Summary.of(final for each in finished for final in each.finals)
    return {
        "streams": a.streams,
        "recordings": len(finished),
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
    parser.add_argument("--pid", type=int, required=True, help="of the server process")
    parser.add_argument("--streams", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--ramp", type=float, default=5.0)
    parser.add_argument("--pause", type=float, default=0.0)
    parser.add_argument("--chunk", type=int, default=32, help="the model's decode_chunk_len")
    parser.add_argument("--window", type=int, default=45, help="the model's T")
    print(json.dumps(asyncio.run(measure(parser.parse_args()))))


if __name__ == "__main__":
    main()
