"""`liusheng bench soak`: runs sessions of all kinds while faults are made."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from pathlib import Path

from liusheng.asr.options import VadOptions, WhisperOptions
from liusheng.audio.containers import DecodeError
from liusheng.bench import machine
from liusheng.bench.recordings import read_clips
from liusheng.bench.soak.material import choose
from liusheng.bench.soak.report import report
from liusheng.bench.soak.soak import Soak, SoakResult
from liusheng.bench.target import ServerStartError, Target
from liusheng.cli.constants import FAILED, USAGE
from liusheng.cli.measured_server import (
    Serve,
    ServeArguments,
    failed,
    has_stray_arguments,
    measured_server,
)
from liusheng.cli.measured_server import recordings as named
from liusheng.cli.reports import ChartFile, Json, describe_clips, print_report
from liusheng.cli.server_address import ServerOption
from liusheng.cli.terminal import error, info, problem_text
from liusheng.client import ClientError

_SERVE = (
    *("--set", "tts.flush_seconds=0"),
    *("--set", "asr.correction.rescored=0"),
    *("--set", f"asr.whisper.pad_final={WhisperOptions().pad_partial:g}"),
    *("--set", f"asr.live.hold={VadOptions().max_utterance:g}"),
)
"""What would depend on the load of the machine, and with it the results: a text that is flushed,
because its next part comes late, sounds different; a final that nobody waits for is decoded with
more care, and may be another text; words on which partials agree stay in the final, and when
partials are decoded decides which they are."""


def soak(
    serve_arguments: ServeArguments = (),
    /,
    *,
    minutes: float = 120.0,
    manifest: Path | None = None,
    audio: tuple[Path, ...] = (),
    lang: str | None = None,
    recordings: int = 6,
    speeches: int = 2,
    texts: int = 6,
    load: int = 1,
    fault_interval: float = 5.0,
    seed: int = 1,
    server: ServerOption = None,
    serve: Serve = False,
    chart: ChartFile = None,
    json: Json = False,
) -> int:
    """Run sessions of all kinds while faults are injected, and check that nothing is lost.

    First each session runs once, alone: later results must equal its result. Then the load runs
    without faults, to measure how much transcripts of long speech vary. Then it runs with faults:
    workers are killed and stopped, connections are cut, damaged and hostile files and floods are
    sent, settings are reloaded. Faults of processes need a server on this machine. Do not run this
    against a server that people use. Ctrl-C ends it with a report. Exit status 1: a promise was
    broken, or the run was interrupted.

    Parameters
    ----------
    minutes
        Duration of the load with faults; 3 is enough for a first look, 120 or more for a release.
    manifest
        Recordings with references: a TSV file with the columns id, lang, path, reference.
    audio
        Recording; may be given more than once.
    lang
        With --manifest, use only the recordings in this language; with --audio, the language to
        request (default: auto).
    recordings
        Number of short recordings that are chosen from these.
    speeches
        Number of long speeches that are joined from these.
    texts
        Number of texts that are synthesised.
    load
        Multiple of the moderate load: 6 recognitions and 3 syntheses at once.
    fault_interval
        Mean seconds between two faults.
    seed
        Seed of the random choices: recordings, texts, their order, and the faults.
    """
    if (manifest is None) == (not audio):
        error("name recordings: either --manifest FILE.tsv, or --audio FILE")
        return USAGE
    if minutes <= 0 or fault_interval <= 0 or min(recordings, speeches, texts, load) < 1:
        error(
            "--minutes and --fault-interval must be above 0, --recordings, --speeches, --texts "
            "and --load at least 1"
        )
        return USAGE
    if has_stray_arguments(serve_arguments, serve):
        return USAGE
    try:
        clips = read_clips(named(manifest, audio, lang))
        material = choose(clips, short=recordings, long=speeches, texts=texts, seed=seed)
    except (DecodeError, OSError, ValueError) as problem:
        error(problem_text(problem))
        return FAILED
    plan = Soak(material, minutes * 60, fault_interval, load, seed)
    try:
        arguments = (*_SERVE, *serve_arguments) if serve else None
        with measured_server(server, arguments) as target:
            facts = [*machine.facts(), ("server", target.url), ("seed", str(seed))]
            facts.append(("recordings", describe_clips(list(material.clips.values()))))
            result = asyncio.run(_soak(plan, target))
        made = report(result, facts)
        print_report(made, chart, json=json)
    except (ClientError, ServerStartError, OSError, ValueError) as problem:
        return failed(problem)
    return 0 if made.data["reached"] else FAILED


async def _soak(plan: Soak, target: Target) -> SoakResult:
    """Run a soak until its end, or until Ctrl-C."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    with contextlib.suppress(NotImplementedError):  # on Windows Ctrl-C ends it without a report
        loop.add_signal_handler(signal.SIGINT, stop.set)
    return await plan.run(target, stop, info)
