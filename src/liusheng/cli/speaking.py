"""Speech that the server synthesises goes into a file, the loudspeaker, or both."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from liusheng.audio.pcm import BYTES_PER_SAMPLE
from liusheng.cli.audio_files import AudioFile, FileFormat, OutputError, open_audio_file
from liusheng.cli.constants import FAILED, STANDARD_INPUT
from liusheng.cli.playback import (
    NoPlayerError,
    Playback,
    Player,
    describe_device_error,
    open_player,
)
from liusheng.cli.server_address import describe_error
from liusheng.cli.terminal import error, info, printable, warning
from liusheng.cli.translation import translate as tr
from liusheng.client import Client, ClientError, Skipped, Synthesis
from liusheng.client.devices import NoDeviceError

_LISTED = 10
"""Texts that the warning about what was not read names."""

_QUOTED = 20
"""Characters of each."""


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
