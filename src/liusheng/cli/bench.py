"""`liusheng bench`: how many a server serves, how fast and how well."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import cyclopts
from cyclopts import Parameter

from liusheng.audio.decode import DecodeError
from liusheng.bench import asr_report as recognition
from liusheng.bench import machine
from liusheng.bench import tts_report as synthesis
from liusheng.bench.asr_load import AsrLoad
from liusheng.bench.plan import Plan
from liusheng.bench.processes import Watch
from liusheng.bench.search import Search
from liusheng.bench.serving import CannotServeError, Target, running, started
from liusheng.bench.speaker import Clip, read_clips
from liusheng.bench.transcribe import Recording, read_manifest
from liusheng.bench.tts_load import TtsLoad
from liusheng.cli.measured import ChartFile, Json, described, show
from liusheng.cli.server_option import Server, in_words, server_url
from liusheng.cli.terminal import error, say
from liusheng.client import Client, ClientError, connect

app = cyclopts.App(name="bench", help="Measure a server: how many it serves, how fast and well.")

Serve = Annotated[
    bool,
    Parameter(
        help="Start a server for the measurement and stop it afterwards; what follows -- is for "
        "its `liusheng serve`. Otherwise a running one is measured, and its processes only if it "
        "is on this machine."
    ),
]
ServeArguments = Annotated[tuple[str, ...], Parameter(name="serve-arguments", show=False)]
_REST = 2.0
"""Seconds between two trials, in which a server finishes what it was left with."""


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
    server: Server = None,
    serve: Serve = False,
    chart: ChartFile = None,
    json: Json = False,
) -> int:
    """Let many speakers speak in real time over real sockets, and see how they fare.

    Each speaker says the recordings one after another, each on a connection of its own, in packets
    of 85 ms. Token delay: when a token of the final text was first shown, less when its last sound
    was spoken. Final latency: from `end` to the final text. Exit status 1: the goal was missed.

    Parameters
    ----------
    streams
        How many speak at once; with --find-max, where the search begins.
    seconds
        How long it is measured, after all have begun to speak; what was begun is finished, and
        the others go on speaking meanwhile.
    manifest
        Recordings with what is said in them: a TSV with the columns id, lang, path, reference.
    audio
        Recordings without; may be given more than once.
    lang
        Of a manifest only the recordings in this language; of other recordings, what the server is
        told (auto).
    pause
        Seconds of silence that a speaker sends before each recording.
    ramp
        Seconds in which the speakers begin one after another.
    find_max
        Find the largest number of speakers that reaches the goal.
    delay_goal
        What the mean token delay may be, in seconds.
    final_goal
        What the final latency may be at the 95th percentile, in seconds.
    lag_goal
        What the lag of a chunk may be at the 95th percentile, in seconds, instead of the token
        delay: from sending the packet that completes it to the first reply that tells of it. For
        online models, also such with random weights.
    """
    if (manifest is None) == (not audio):
        error("name recordings: --manifest TSV, or --audio FILE")
        return 2
    if streams < 1 or seconds <= 0 or pause < 0 or ramp < 0:
        error("--streams and --seconds must be above zero, --pause and --ramp not below")
        return 2
    if serve_arguments and not serve:
        error(f"{' '.join(serve_arguments)}: arguments for a server need --serve")
        return 2
    try:
        clips = read_clips(_recordings(manifest, audio, lang))
        if not clips:
            error(f"{manifest}: there is no recording in {lang or 'it'}")
            return 2
    except (DecodeError, OSError, ValueError) as problem:
        error(str(problem))
        return 1
    crowd = AsrLoad(streams, seconds, ramp, pause)
    goal = recognition.Goal(delay_goal, final_goal, lag_goal)
    try:
        with _target(server, serve_arguments if serve else None) as target:
            facts = [*machine.facts(), ("server", target.url)]
            facts.append(("recordings", described(clips)))
            work = _speakers(target, clips, crowd, goal, find_max=find_max)
            trials, largest = asyncio.run(work)
    except ValueError as problem:
        error(str(problem))
        return 2
    except CannotServeError as problem:
        error(str(problem))
        return 1
    except ClientError as problem:
        error(in_words(problem))
        return 1
    show(recognition.report(trials, facts, largest if find_max else None), chart, json=json)
    return 0 if largest else 1


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
    alone_goal: float = 0.05,
    together_goal: float = 0.3,
    server: Server = None,
    serve: Serve = False,
    chart: ChartFile = None,
    json: Json = False,
) -> int:
    """Have texts said over real sockets, and see how soon and how steadily the audio comes.

    One listener at a time, for texts of several lengths; then many at once, who each hear one text
    after another in real time; then sentences of each voice are recognised again by the same
    server. A gap is where a player that starts with the first packet would have run dry. Exit
    status 1: the goal was missed.

    Parameters
    ----------
    lengths
        Length of a text in characters; may be given more than once; 0 leaves this part out.
    repeat
        Texts of each length. When a minute of speech was heard of a length, the rest of its texts
        are hung up on after the first packet.
    listeners
        How many listen at once; 0 leaves this part out.
    seconds
        How long that is measured.
    sentences
        How many sentences of each voice are recognised again; 0 leaves this part out.
    voice
        Name of a voice; may be given more than once: the first one is timed, all are recognised. By
        default the server's default voice is timed, and all its voices are recognised.
    lang
        Language of the texts that are timed.
    alone_goal
        What the median latency of the first packet may be for one listener, in seconds.
    together_goal
        What its 95th percentile may be for many listeners, in seconds.
    """
    if repeat < 1 or listeners < 0 or seconds <= 0 or sentences < 0 or min(lengths) < 0:
        error("--repeat and --seconds must be above zero, nothing below")
        return 2
    if serve_arguments and not serve:
        error(f"{' '.join(serve_arguments)}: arguments for a server need --serve")
        return 2
    plan = Plan(
        lengths=[length for length in lengths if length],
        repeat=repeat,
        audience=TtsLoad(listeners, seconds) if listeners else None,
        sentences=sentences,
        voices=voice,
        lang=lang,
    )
    goal = synthesis.Goal(alone_goal, together_goal)
    try:
        with _target(server, serve_arguments if serve else None) as target:
            facts = [*machine.facts(), ("server", target.url)]
            outcome = asyncio.run(plan.run(target, say))
    except ValueError as problem:
        error(str(problem))
        return 2
    except CannotServeError as problem:
        error(str(problem))
        return 1
    except ClientError as problem:
        error(in_words(problem))
        return 1
    show(synthesis.report(outcome, goal, facts), chart, json=json)
    return 0 if outcome.holds(goal) else 1


async def _speakers(
    target: Target,
    clips: Sequence[Clip],
    crowd: AsrLoad,
    goal: recognition.Goal,
    *,
    find_max: bool,
) -> tuple[list[recognition.Trial], int]:
    """Make one trial, or as many as the search takes; return them, and the most that held."""
    search = Search(crowd.streams)
    trials: list[recognition.Trial] = []
    async with connect(target.url, retry_for=0.0) as client:
        await _warm_up(client, clips[0])
        while (number := search.next) is not None and (find_max or not trials):
            if trials:
                await asyncio.sleep(_REST)
            trial = await _trial(target, client, clips, replace(crowd, streams=number), goal)
            say(_in_words(trial))
            trials.append(trial)
            search.tried(number, trial.holds)
    return trials, search.holds


async def _trial(
    target: Target, client: Client, clips: Sequence[Clip], crowd: AsrLoad, goal: recognition.Goal
) -> recognition.Trial:
    if target.pid is None:
        return recognition.Trial(crowd.streams, await crowd.speak(client, clips), goal)
    watch = Watch(target.pid)
    async with watch:
        takes = await crowd.speak(client, clips)
    return recognition.Trial(crowd.streams, takes, goal, watch.usage)


async def _warm_up(client: Client, clip: Clip) -> None:
    """Recognise something, so that what is wrong is told at once, and caches are warm."""
    async for _ in client.recognize(clip.pcm):
        pass


def _recordings(manifest: Path | None, audio: Sequence[Path], lang: str | None) -> list[Recording]:
    if manifest is None:
        return [Recording(path.name, lang or "auto", path, "") for path in audio]
    return [each for each in read_manifest(manifest) if lang in (None, each.lang)]


def _in_words(trial: recognition.Trial) -> str:
    first = f"token delay {trial.token_delay.mean:.2f} s on average"
    if trial.goal.lag is not None:
        first = f"lag {trial.lag.p95:.2f} s at p95"
    return (
        f"{trial.streams} speakers: {first}, final "
        f"{trial.final_latency.p95:.2f} s at p95, {sum(trial.failures.values())} lost: "
        + ("held" if trial.holds else "missed")
    )


@contextlib.contextmanager
def _target(server: str | None, arguments: Sequence[str] | None) -> Iterator[Target]:
    """Give the server to measure: a running one, or one of our own with these arguments."""
    if arguments is None:
        yield running(server_url(server))
        return
    with started(arguments) as target:
        yield target
