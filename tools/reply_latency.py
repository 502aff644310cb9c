"""How long servers take to answer a packet, side by side: `tools/reply_latency.py ADDRESS...`

Each server in turn gets the same number of sessions at once, each of which sends silence in packets
of 85 ms, in real time, with the original protocol, and waits for each reply. Rounds alternate, so
that other work on the machine meets all servers alike. Docs: docs/scaling.md.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import time

import websockets

PACKET = 2_720
SECONDS = 0.085


async def session(address: str, packets: int) -> list[float]:
    """Return the seconds of each reply."""
    found = []
    url = f"ws://{address}/paddlespeech/asr/streaming"
    async with websockets.connect(url, proxy=None, open_timeout=60) as socket:
        await socket.send(json.dumps({"name": "a", "signal": "start", "nbest": 1}))
        await socket.recv()
        for _ in range(packets):
            began = time.perf_counter()
            await socket.send(bytes(PACKET))
            await socket.recv()
            took = time.perf_counter() - began
            found.append(took)
            await asyncio.sleep(max(0.0, SECONDS - took))
    return found


async def measure(addresses: list[str], sessions: int, packets: int, rounds: int) -> None:
    replies: dict[str, list[float]] = {address: [] for address in addresses}
    for _ in range(rounds):
        for address in addresses:
            results = await asyncio.gather(*(session(address, packets) for _ in range(sessions)))
            for each in results:
                replies[address] += each
    for address, found in replies.items():
        cuts = statistics.quantiles(found, n=100)
        print(
            f"{address}: {len(found)} replies, median {1000 * statistics.median(found):.2f} ms, "
            f"95 % {1000 * cuts[94]:.2f} ms, 99 % {1000 * cuts[98]:.2f} ms"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("addresses", nargs="+", metavar="HOST:PORT")
    parser.add_argument("--sessions", type=int, default=8)
    parser.add_argument("--packets", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    asyncio.run(measure(given.addresses, given.sessions, given.packets, given.rounds))
