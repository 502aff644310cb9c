"""Measure how long a client waits when the worker that works for it dies or hangs.

A server is started, with the arguments after `--`. For each task, and for each fault of a worker
that is computing, in turns: one client speaks in real time, or has a long text synthesised; the
fault is made in the middle. The faults: none; SIGKILL; SIGSTOP; the worker spins, that is, computes
without end; and the last three again at the first moment in which a new worker computes, all
workers having been replaced before: a worker has more time in its first calls. Reported, for each:
the time from the fault to the next reply of a recognition that covers more of its audio, or to the
next audio of a speech; for a speech also for how long its listener heard nothing.

A worker spins in a handler of SIGUSR1, which a `sitecustomize` module sets in all processes of the
server that is started here: Python calls it between two steps of what the main thread does.

    python tools/takeover_delay.py --count 10 manifest.tsv -- --asr whisper-base
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import math
import os
import random
import signal
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from liusheng.bench.processes import process_tree
from liusheng.bench.recordings import Clip, read_clips, read_manifest
from liusheng.bench.soak.material import choose
from liusheng.bench.target import Target, start_server
from liusheng.bench.texts import make_text
from liusheng.bench.tts_client import playback_gaps
from liusheng.client import Client, Final, connect

_PACKET = 2 * 1_360  # bytes: 85 ms
_SPIN = """\
import signal

def spin(*_):
    while True:
        pass

signal.signal(signal.SIGUSR1, spin)
"""
_LOOK_SECONDS = 0.01
_SETTLED_SECONDS = 3.0  # after a worker was lost, for the next one to be there


@dataclass(frozen=True)
class Fault:
    """What happens to a worker that computes.

    number: of the signal that it gets; None: nothing happens.
    first: whether all workers are replaced before, and it happens in the first calls of a new one.
    """

    number: signal.Signals | None
    first: bool = False


_FAULTS = {
    "none": Fault(None),
    "SIGKILL": Fault(signal.SIGKILL),
    "SIGSTOP": Fault(signal.SIGSTOP),
    "a spin": Fault(signal.SIGUSR1),
    "SIGKILL in the first calls": Fault(signal.SIGKILL, first=True),
    "SIGSTOP in the first calls": Fault(signal.SIGSTOP, first=True),
    "a spin in the first calls": Fault(signal.SIGUSR1, first=True),
}


@contextlib.contextmanager
def _spinning_on_a_signal() -> Iterator[None]:
    """Have every Python process that is started now spin when it gets SIGUSR1."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "sitecustomize.py").write_text(_SPIN, encoding="utf-8")
        before = os.environ.get("PYTHONPATH")
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [folder, before]))
        yield


def _name(process: psutil.Process) -> str:
    return Path(f"/proc/{process.pid}/comm").read_text(encoding="ascii").strip()


def _workers(target: Target, name: str) -> list[psutil.Process]:
    """The workers of a pool, without the process that forks them."""
    assert target.pid is not None
    named = []
    for process in process_tree(target.pid)[1:]:
        with contextlib.suppress(psutil.Error, OSError):
            if _name(process) == name and process.status() != psutil.STATUS_ZOMBIE:
                named.append(process)
    parents = {process.ppid() for process in named}
    return [process for process in named if process.pid not in parents]


async def _replace(target: Target, name: str) -> None:
    """Have all workers of a pool, which have nothing to do, replaced."""
    old = _workers(target, name)
    for worker in old:
        worker.kill()
    while len([each for each in _workers(target, name) if each not in old]) < len(old):  # noqa: ASYNC110
        await asyncio.sleep(_LOOK_SECONDS)
    await asyncio.sleep(_SETTLED_SECONDS)


async def _disturb(target: Target, name: str, number: signal.Signals | None) -> float:
    """Send a signal to a worker that computes; return when."""
    workers = _workers(target, name)
    while True:
        for worker in workers:
            with contextlib.suppress(psutil.Error):
                if worker.status() == psutil.STATUS_RUNNING:
                    if number is not None:
                        os.kill(worker.pid, number)
                    return time.monotonic()
        await asyncio.sleep(_LOOK_SECONDS)


async def _recognition(client: Client, clip: Clip, target: Target, fault: Fault) -> float:
    """Return the seconds from the fault to the next reply that covers more audio."""
    disturbed: float | None = None

    async def packets() -> AsyncIterator[bytes]:
        began = time.monotonic()
        for at in range(0, len(clip.pcm), _PACKET):
            yield clip.pcm[at : at + _PACKET]
            due = began + (at + _PACKET) / 32_000
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def disturb() -> None:
        nonlocal disturbed
        await asyncio.sleep(0.0 if fault.first else random.uniform(4.0, 8.0))
        disturbed = await _disturb(target, "recognition", fault.number)

    if fault.first:
        await _replace(target, "recognition")
    disturbing = asyncio.create_task(disturb())
    heard = 0.0
    async with contextlib.aclosing(
        client.recognize(packets(), lang=clip.recording.lang)
    ) as recognition:
        async for update in recognition:
            covered = math.inf if isinstance(update, Final) else update.heard or heard
            if disturbed is not None and covered > heard:
                return time.monotonic() - disturbed
            heard = covered
    await disturbing
    raise RuntimeError("the recording ended before there was a worker that computes")


async def _synthesis(
    client: Client, text: str, rate: int, target: Target, fault: Fault
) -> tuple[float, float]:
    """Return the seconds from the fault to the next audio, and for how long there was silence."""
    disturbed: float | None = None

    async def disturb() -> None:
        nonlocal disturbed
        await asyncio.sleep(0.0 if fault.first else random.uniform(0.2, 1.0))
        disturbed = await _disturb(target, "synthesis", fault.number)

    if fault.first:
        await _replace(target, "synthesis")
    disturbing = asyncio.create_task(disturb())
    arrivals: list[tuple[float, float]] = []
    waited = None
    async for pcm in client.synthesize(text):
        now = time.monotonic()
        if disturbed is not None and waited is None:
            waited = now - disturbed
        arrivals.append((now, len(pcm) / (2 * rate)))
    await disturbing
    assert waited is not None
    return waited, sum(gap.seconds for gap in playback_gaps(arrivals))


def _row(name: str, values: list[float]) -> str:
    shown = f"median {statistics.median(values):.2f} s, most {max(values):.2f} s"
    return f"{name}: {shown} ({', '.join(f'{each:.2f}' for each in values)})"


async def _run(target: Target, clips: list[Clip], count: int, seed: int) -> None:
    random.seed(seed)
    speech = choose(clips, short=1, long=1, texts=1, seed=seed).long[0]
    text = make_text(240, "zh", 0)
    async with connect(target.url) as client:
        rate = (await client.info())["tts"]["sample_rate"]
        texts: dict[str, list[float]] = {name: [] for name in _FAULTS}
        audio: dict[str, list[float]] = {name: [] for name in _FAULTS}
        gaps: dict[str, list[float]] = {name: [] for name in _FAULTS}
        for _ in range(count):
            for name, fault in _FAULTS.items():
                texts[name].append(await _recognition(client, speech, target, fault))
                await asyncio.sleep(_SETTLED_SECONDS)
                waited, silence = await _synthesis(client, text, rate, target, fault)
                audio[name].append(waited)
                gaps[name].append(silence)
                await asyncio.sleep(_SETTLED_SECONDS)
    for what, values in (("next text", texts), ("next audio", audio), ("silence", gaps)):
        for name in _FAULTS:
            print(_row(f"{what} after {name}", values[name]))


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("manifest", type=Path, help="recordings: see `liusheng bench soak`")
    parser.add_argument("--lang", default="zh")
    parser.add_argument("--count", type=int, default=10, help="of each fault")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("serve", nargs="*", help="arguments of the server, after --")
    args = parser.parse_args()
    recordings = [each for each in read_manifest(args.manifest) if each.lang == args.lang]
    clips = list(read_clips(recordings))
    with _spinning_on_a_signal(), start_server(args.serve) as target:
        asyncio.run(_run(target, clips, args.count, args.seed))


if __name__ == "__main__":
    main()
