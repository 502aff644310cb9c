"""`liusheng tts`: synthesises speech from text."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from liusheng.audio.pcm import BYTES_PER_SAMPLE
from liusheng.cli.audio_files import AudioFile, FileFormat, OutputError, format_of, open_audio_file
from liusheng.cli.constants import FAILED, STANDARD_INPUT, USAGE
from liusheng.cli.playback import (
    NoPlayerError,
    Playback,
    Player,
    describe_device_error,
    open_player,
)
from liusheng.cli.server_address import ApiKey, CaFile, Server, describe_error, open_client
from liusheng.cli.terminal import as_text, error, info, printable, warning
from liusheng.cli.translation import translate as tr
from liusheng.cli.translation import translated
from liusheng.client import Client, ClientError, Skipped, Synthesis
from liusheng.client.devices import NoDeviceError

_LISTED = 10
"""Texts that the warning about what was not read names."""

_QUOTED = 20
"""Characters of each."""


@translated
def tts(
    text: Annotated[str, Parameter(name="text")] = STANDARD_INPUT,
    /,
    *,
    output: Annotated[Path | None, Parameter(name=("--output", "-o"))] = None,
    format_: Annotated[FileFormat | None, Parameter(name="--format")] = None,
    play: bool = False,
    voice: str | None = None,
    spk_id: int = 0,
    speed: float | None = None,
    explain: bool = False,
    server: Server = None,
    api_key: ApiKey = None,
    ca_file: CaFile = None,
) -> int:
    """Synthesise speech from text: write a file, or play it.

    Parameters
    ----------
    text
        The text. Without it, or with "-", it is read from standard input, and each line is
        synthesised as soon as it is complete.
    output
        File to write. Its name selects the format: .wav, .mp3, .ogg or .opus, .flac, .aac.
    format_
        Format of the file, whatever its name is.
    play
        Play the speech while it arrives: with miniaudio if it is installed (pip install
        'liusheng[mic]'), else with ffplay, aplay or afplay.
    voice
        Name of a voice.
    spk_id
        Number of a voice; 0 is the server's default voice.
    speed
        Speaking rate: 1 is the voice's own, 2 takes half the time.
    explain
        Do not synthesise; print the analysis of the text as JSON: its clauses, their readings,
        pinyin and phones, and the voice that speaks each. Needs no server, but the server's
        packages and models.
    """
    if explain:
        from liusheng.cli.explain import explain as print_explanation

        return print_explanation(text, voice, spk_id)
    if output is None and not play:
        error(tr("name where the speech goes: -o FILE, or --play"))
        return USAGE
    try:
        kind = format_of(output, format_)
        client = open_client(server, api_key, ca_file)
    except ValueError as problem:
        error(str(problem))
        return USAGE
    return speak(
        client,
        as_text(text),
        output=output,
        kind=kind,
        play=play,
        voice=voice,
        spk_id=spk_id,
        speed=speed,
    )


def speak(
    client: Client,
    text: str,
    *,
    output: Path | None,
    kind: FileFormat,
    play: bool,
    voice: str | None,
    spk_id: int = 0,
    speed: float | None = None,
) -> int:
    """Synthesise a text into a file of the format `kind`, the loudspeaker, or both; report how it
    went, and return the exit status."""
    try:
        return asyncio.run(
            _synthesize(
                client,
                text,
                output=output,
                kind=kind,
                play=play,
                voice=voice,
                spk_id=spk_id,
                speed=speed,
            )
        )
    except ClientError as problem:
        error(describe_error(problem))
    except NoDeviceError as problem:
        error(describe_device_error(problem))
    except (NoPlayerError, OutputError) as problem:
        error(str(problem))
    except _NoAudioError:
        error(tr("the server sent no audio: the text has nothing that can be spoken"))
    except OSError as problem:
        reason = problem.strerror or problem
        error(tr("{file} cannot be written: {reason}", file=output, reason=reason))
    return FAILED


class _NoAudioError(Exception):
    """The server sent neither audio nor an error."""


async def _lines() -> AsyncIterator[str]:
    """Yield the lines of standard input, except empty ones, each as soon as it is complete."""
    if sys.stdin.isatty():
        info(tr("Type text, line by line; press Ctrl-D to end."))
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str | None] = asyncio.Queue()

    def read() -> None:
        # With a buffer of its own: the interpreter cannot exit while a thread reads sys.stdin.
        with open(sys.stdin.fileno(), encoding="utf-8", errors="replace", closefd=False) as stream:
            for line in stream:
                loop.call_soon_threadsafe(lines.put_nowait, line)
        loop.call_soon_threadsafe(lines.put_nowait, None)

    threading.Thread(target=read, daemon=True).start()
    while (line := await lines.get()) is not None:
        if line.strip():
            yield line.strip() + "\n"


async def _synthesize(
    client: Client,
    text: str,
    *,
    output: Path | None,
    kind: FileFormat,
    play: bool,
    voice: str | None,
    spk_id: int,
    speed: float | None,
) -> int:
    async with client:
        rate = await client.sample_rate()
        with contextlib.ExitStack() as stack:
            file = stack.enter_context(open_audio_file(output, kind, rate)) if output else None
            player = stack.enter_context(Playback(open_player(rate))) if play else None
            source = _lines() if text == STANDARD_INPUT else text
            synthesis = client.synthesize(source, voice=voice, spk_id=spk_id, speed=speed)
            started = time.monotonic()
            seconds, ended = await _receive(synthesis, file, player, rate)
            if not seconds:
                raise _NoAudioError
    if synthesis.skipped:
        warning(tr("not read: {texts}", texts=_listed(synthesis.skipped)))
    report = tr(
        "first packet after {first:.0f} ms, {seconds:.2f} s of speech",
        first=(synthesis.first_packet_seconds or 0.0) * 1_000,
        seconds=seconds,
    )
    if text != STANDARD_INPUT:  # else the time depends on how the text arrived
        took = ended - started
        factor = took / seconds
        report += tr(" in {took:.2f} s (real-time factor {factor:.3f})", took=took, factor=factor)
    info(report + tr(", in {file}", file=output) if output else report)
    return 0


def _listed(skipped: Sequence[Skipped]) -> str:
    """What was not read, each text once, with its reason."""
    parts = dict.fromkeys((each.text, each.reason) for each in skipped)
    reasons = {
        "no_voice_for_script": tr("no voice for script"),
        "no_reading": tr("no reading"),
        "code": tr("code"),
        "emoji": tr("emoji"),
        "symbol": tr("symbol"),
    }
    named = [
        f"{_quoted(text)} ({reasons.get(reason, reason)})" for text, reason in [*parts][:_LISTED]
    ]
    more = len(parts) - _LISTED
    return ", ".join(named) + (tr(" and {more} more", more=more) if more > 0 else "")


def _quoted(text: str) -> str:
    line = printable(text).strip()
    return line if len(line) <= _QUOTED else line[:_QUOTED] + "…"


async def _receive(
    synthesis: Synthesis, file: AudioFile | None, player: Player | None, rate: int
) -> tuple[float, float]:
    """Receive the audio; return its length in seconds, and when the last of it arrived.

    Playback takes as long as the speech. It runs in a task of its own, so that it does not delay
    what is measured.
    """
    queue: asyncio.Queue[bytes] = asyncio.Queue()

    async def play(player: Player) -> None:
        while pcm := await queue.get():
            await asyncio.to_thread(player.write, pcm)

    playing = asyncio.create_task(play(player)) if player is not None else None
    size = 0
    ended = time.monotonic()
    try:
        async for pcm in synthesis:
            ended = time.monotonic()
            size += len(pcm)
            if file is not None:
                file.write(pcm)
            queue.put_nowait(pcm)
            if playing is not None and playing.done():
                break
        queue.put_nowait(b"")
        if playing is not None:
            await playing
    finally:
        if playing is not None:
            playing.cancel()
    return size / BYTES_PER_SAMPLE / rate, ended
