"""Measure what uploads cost a live speaker.

A server is started, with the arguments after `--`. One client speaks in real time for some seconds,
first alone, then while files of an hour, joined from the recordings, are being recognised: after
each of them has had its first text. Reported, for both: the 95th percentiles of the token delay, of
the lag (how long audio waits for a reply that covers it) and of the final latency, and the cores
that the workers use. Exits with 1 if the token delay or the lag rises by more than half a second,
an upload was refused or ended before the measurement did, or a recording was lost.

    python tools/uploads_beside_speaker.py manifest.tsv -- --asr whisper-base --no-tts
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import io
import itertools
import sys
from collections.abc import Sequence
from pathlib import Path

import httpx2

from liusheng.asr.types import SAMPLE_RATE
from liusheng.audio.encode import open_file_encoder
from liusheng.bench.asr_benchmark import AsrBenchmark
from liusheng.bench.asr_load import AsrLoad
from liusheng.bench.asr_trial import AsrGoal, AsrTrial
from liusheng.bench.recordings import Clip, read_clips, read_manifest
from liusheng.bench.target import Target, start_server
from liusheng.client.address import Address
from liusheng.protocol.paths import TRANSCRIPTIONS
from liusheng.timeouts import timeout

_PAUSE = bytes(SAMPLE_RATE)  # half a second between two recordings
_BEGIN_TIMEOUT = 300.0

MAX_RISE = 0.5
"""Seconds by which uploads may raise the 95th percentiles of a live speaker's token delay and
lag."""


def flac(clips: Sequence[Clip], seconds: float) -> bytes:
    """Return a file of recordings, one after another and again, that lasts so many seconds."""
    file = io.BytesIO()
    encoder = open_file_encoder("flac", SAMPLE_RATE, file)
    left = round(seconds * SAMPLE_RATE) * 2
    for clip in itertools.cycle(clips):
        block = (clip.pcm + _PAUSE)[:left]
        encoder.feed(block)
        left -= len(block)
        if not left:
            break
    encoder.finish()
    return file.getvalue()


async def _upload(url: str, audio: bytes, lang: str, begun: asyncio.Event) -> str:
    """Have a file recognised, and say when there is text; return how it ended."""
    form = {"model": "whisper-1", "language": lang, "stream": "true"}
    async with (
        httpx2.AsyncClient(timeout=None) as http,
        http.stream("POST", url, data=form, files={"file": ("hour.flac", audio)}) as response,
    ):
        async for line in response.aiter_lines():
            if not response.is_success or '"error"' in line:
                return str(line)
            if line.startswith("data:"):
                begun.set()
    return "it was recognised to its end"


async def _speak(target: Target, clips: Sequence[Clip], seconds: float) -> AsrTrial:
    benchmark = AsrBenchmark(AsrLoad(1, seconds), AsrGoal())
    trials, _ = await benchmark.run(target, clips, lambda line: print(line, flush=True))
    return trials[0]


async def measure(
    target: Target, clips: Sequence[Clip], audio: bytes, count: int, seconds: float
) -> tuple[AsrTrial, AsrTrial, list[str]]:
    """Return the trials alone and beside uploads, and how uploads ended that did so too early."""
    alone = await _speak(target, clips, seconds)
    url = Address.parse(target.url).http(TRANSCRIPTIONS)
    begun = [asyncio.Event() for _ in range(count)]
    lang = clips[0].recording.lang
    uploads = [asyncio.create_task(_upload(url, audio, lang, each)) for each in begun]
    try:
        all_begun = asyncio.gather(*(each.wait() for each in begun))
        with contextlib.suppress(asyncio.TimeoutError):
            async with timeout(_BEGIN_TIMEOUT):
                await all_begun
        beside = await _speak(target, clips, seconds)
        ended = [each.result() for each in uploads if each.done()]
        ended += ["it had no text" for each in begun if not each.is_set()]
    finally:
        for each in uploads:
            each.cancel()
        await asyncio.gather(*uploads, return_exceptions=True)
    return alone, beside, ended


def rows(alone: AsrTrial, beside: AsrTrial) -> list[str]:
    """Return the lines of the report."""
    lines = [
        f"{name}: {of_alone:.2f} s alone, {of_beside:.2f} s beside the uploads "
        f"({of_beside - of_alone:+.2f} s)"
        for name, of_alone, of_beside in (
            ("token delay, p95", alone.token_delay.p95, beside.token_delay.p95),
            ("lag, p95", alone.lag.p95, beside.lag.p95),
            ("final latency, p95", alone.final_latency.p95, beside.final_latency.p95),
        )
    ]
    if alone.usage and beside.usage:
        used = f"{alone.usage.cpu_workers:.2f} alone, {beside.usage.cpu_workers:.2f} beside them"
        lines.append(f"cores used by the workers: {used}")
    return lines


def broken_promises(alone: AsrTrial, beside: AsrTrial, ended: Sequence[str]) -> list[str]:
    """Return what did not go as it should, a line each.

    ended: how uploads ended that did so before the measurement was over.
    """
    found = [f"an upload was not under way: {each}" for each in ended]
    lost = {**alone.failures, **beside.failures}
    if lost:
        found.append(f"recordings that were lost: {lost}")
    for name, of_alone, of_beside in (
        ("token delay", alone.token_delay.p95, beside.token_delay.p95),
        ("lag", alone.lag.p95, beside.lag.p95),
    ):
        rise = of_beside - of_alone
        if not rise <= MAX_RISE:  # NaN, too: nothing was measured
            found.append(
                f"the {name} (p95) rose by {rise:.2f} s beside the uploads, not by {MAX_RISE:g} s "
                "at most"
            )
    return found


def main() -> int:
    """Measure; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("manifest", type=Path, help="recordings: see `liusheng bench asr`")
    parser.add_argument("--lang", default="zh")
    parser.add_argument("--uploads", type=int, default=20)
    parser.add_argument("--upload-seconds", type=float, default=3_600.0, help="of each upload")
    parser.add_argument("--seconds", type=float, default=60.0, help="for which a client speaks")
    parser.add_argument("serve", nargs="*", help="arguments of the server, after --")
    args = parser.parse_args()
    clips = read_clips(each for each in read_manifest(args.manifest) if each.lang == args.lang)
    audio = flac(clips, args.upload_seconds)
    with start_server(args.serve) as target:
        alone, beside, ended = asyncio.run(
            measure(target, clips, audio, args.uploads, args.seconds)
        )
    print(*rows(alone, beside), sep="\n")
    broken = broken_promises(alone, beside, ended)
    for line in broken:
        print(line, file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
