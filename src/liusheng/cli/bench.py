"""`liusheng bench`: measures a server under load."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Literal

import cyclopts
from cyclopts import Parameter

from liusheng.audio.containers import DecodeError
from liusheng.bench import asr_report, machine, tts_report
from liusheng.bench.asr_benchmark import AsrBenchmark
from liusheng.bench.asr_load import AsrLoad
from liusheng.bench.asr_trial import AsrGoal
from liusheng.bench.memory_use import MemoryUnknownError, report, server_memory
from liusheng.bench.recordings import read_clips
from liusheng.bench.target import ServerStartError
from liusheng.bench.tts_benchmark import TtsBenchmark
from liusheng.bench.tts_load import TtsLoad
from liusheng.bench.tts_trial import TtsGoal
from liusheng.cli.constants import FAILED, USAGE
from liusheng.cli.measured_server import (
    Serve,
    ServeArguments,
    failed,
    has_stray_arguments,
    measured_server,
    recordings,
)
from liusheng.cli.reports import ChartFile, Json, describe_clips, print_report
from liusheng.cli.server_address import ServerOption
from liusheng.cli.soak import soak
from liusheng.cli.terminal import error, info, problem_text
from liusheng.client import ClientError

app = cyclopts.App(
    name="bench",
    help="Measure a server: latency, quality, how many users it serves, what it survives, and its "
    "memory.",
)
app.command(soak)


@app.command
def asr(
    serve_arguments: ServeArguments = (),
    /,
    *,
    streams: int = 4,
    seconds: float = 60.0,
    manifest: Path | None = None,
    audio: tuple[Path, ...] = (),
    lang: str | None = None,
    pause: float = 0.0,
    ramp: float = 5.0,
    find_max: bool = False,
    delay_goal: float = 1.5,
    final_goal: float = 0.6,
    lag_goal: float | None = None,
    server: ServerOption = None,
    serve: Serve = False,
    chart: ChartFile = None,
    json: Json = False,
) -> int:
    """Measure live recognition of many streams in real time.

    Each stream sends the recordings one after another, each on its own connection, in packets of
    85 ms. Token delay: from when a token of the final text was spoken until it was first shown.
    Final latency: from the signal `end` to the final text. Exit status 1: the goal was missed.

    Parameters
    ----------
    streams
        Number of simultaneous streams; with --find-max, where the search begins.
    seconds
        Duration of the measurement, after all streams have started. Recordings in progress at its
        end are finished, under the same load.
    manifest
        Recordings with references: a TSV file with the columns id, lang, path, reference.
    audio
        Recording without a reference; may be given more than once.
    lang
        With --manifest, use only the recordings in this language; with --audio, the language to
        request (default: auto).
    pause
        Seconds of silence that a stream sends before each recording.
    ramp
        Seconds in which the streams start one after another.
    find_max
        Find the largest number of streams that reaches the goal.
    delay_goal
        Largest acceptable mean token delay, in seconds.
    final_goal
        Largest acceptable 95th percentile of the final latency, in seconds.
    lag_goal
        Largest acceptable 95th percentile of the lag of a chunk, in seconds, instead of the token
        delay: from sending the packet that completes a chunk to the first reply that covers it.
        For online models, including models with random weights.
    """
    if (manifest is None) == (not audio):
        error("name recordings: either --manifest FILE.tsv, or --audio FILE")
        return USAGE
    if streams < 1 or seconds <= 0 or pause < 0 or ramp < 0:
        error("--streams and --seconds must be above 0, --pause and --ramp at least 0")
        return USAGE
    if has_stray_arguments(serve_arguments, serve):
        return USAGE
    try:
        clips = read_clips(recordings(manifest, audio, lang))
        if not clips:
            error(f"{manifest}: there is no recording" + (f" in {lang}" if lang else ""))
            return USAGE
    except (DecodeError, OSError, ValueError) as problem:
        error(problem_text(problem))
        return FAILED
    goal = AsrGoal(delay_goal, final_goal, lag_goal)
    benchmark = AsrBenchmark(AsrLoad(streams, seconds, ramp, pause), goal, find_max)
    try:
        with measured_server(server, serve_arguments if serve else None) as target:
            facts = [*machine.facts(), ("server", target.url)]
            facts.append(("recordings", describe_clips(clips)))
            trials, largest = asyncio.run(benchmark.run(target, clips, info))
        found = asr_report.report(trials, facts, largest if find_max else None)
        print_report(found, chart, json=json)
    except (ClientError, ServerStartError, OSError, ValueError) as problem:
        return failed(problem)
    return 0 if largest else FAILED


@app.command
def memory(
    serve_arguments: ServeArguments = (),
    /,
    *,
    server: ServerOption = None,
    serve: Serve = False,
    chart: ChartFile = None,
    json: Json = False,
) -> int:
    """Show what the memory of a server's processes is made of (Linux).

    Proportional memory: shared memory is divided among the processes that share it, so the sum is
    what the server takes of the machine. With --serve it is measured before the first session.
    """
    if has_stray_arguments(serve_arguments, serve):
        return USAGE
    try:
        with measured_server(server, serve_arguments if serve else None) as target:
            facts = [*machine.facts(), ("server", target.url)]
            if target.pid is None:
                error(f"{target.url} is not a server on this machine: its processes are not known")
                return USAGE
            print_report(report(server_memory(target.pid), facts), chart, json=json)
    except (ClientError, MemoryUnknownError, ServerStartError, OSError, ValueError) as problem:
        return failed(problem)
    return 0


@app.command
def tts(
    serve_arguments: ServeArguments = (),
    /,
    *,
    lengths: Annotated[tuple[int, ...], Parameter(name="--length")] = (8, 30, 100, 1000),
    repeat: int = 20,
    listeners: int = 20,
    seconds: float = 60.0,
    sentences: int = 40,
    voice: tuple[str, ...] = (),
    lang: Literal["zh", "en"] = "zh",
    single_goal: float = 0.05,
    load_goal: float = 0.3,
    server: ServerOption = None,
    serve: Serve = False,
    chart: ChartFile = None,
    json: Json = False,
) -> int:
    """Measure synthesis: the latency of the first packet, gaps in playback, intelligibility.

    First with one listener at a time, for texts of several lengths; then with many listeners, each
    playing one text after another in real time; then sentences of each voice are recognised by the
    same server. A gap is where a player that starts with the first packet would have no audio
    left. Exit status 1: the goal was missed.

    Parameters
    ----------
    lengths
        Length of the texts in characters; may be given more than once; 0 skips this part.
    repeat
        Number of texts of each length. After a minute of audio at one length, only the first packet
        of its other texts is received.
    listeners
        Number of simultaneous listeners; 0 skips this part.
    seconds
        Duration of the measurement with many listeners.
    sentences
        Number of sentences of each voice that are recognised; 0 skips this part.
    voice
        Name of a voice; may be given more than once: the first one is timed, all are recognised. By
        default the server's default voice is timed, and all its voices are recognised.
    lang
        Language of the texts that are timed.
    single_goal
        Largest acceptable median of the first-packet latency for one listener, in seconds.
    load_goal
        Largest acceptable 95th percentile of the first-packet latency for many listeners, in
        seconds.
    """
    if repeat < 1 or listeners < 0 or seconds <= 0 or sentences < 0 or min(lengths) < 0:
        error("--repeat and --seconds must be above 0, the other numbers at least 0")
        return USAGE
    if has_stray_arguments(serve_arguments, serve):
        return USAGE
    benchmark = TtsBenchmark(
        lengths=[length for length in lengths if length],
        repeat=repeat,
        load=TtsLoad(listeners, seconds) if listeners else None,
        sentences=sentences,
        voices=voice,
        lang=lang,
    )
    goal = TtsGoal(single_goal, load_goal)
    try:
        with measured_server(server, serve_arguments if serve else None) as target:
            facts = [*machine.facts(), ("server", target.url)]
            measurement = asyncio.run(benchmark.run(target, info))
        print_report(tts_report.report(measurement, goal, facts), chart, json=json)
    except (ClientError, ServerStartError, OSError, ValueError) as problem:
        return failed(problem)
    return 0 if measurement.reached(goal) else FAILED
