"""`liusheng asr`: transcribes files, or speech from the microphone."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter

from liusheng.audio.containers import DecodeError
from liusheng.cli.audio_sources import FileAudio
from liusheng.cli.constants import FAILED, STANDARD_INPUT, USAGE
from liusheng.cli.playback import describe_device_error
from liusheng.cli.server_address import (
    ApiKeyOption,
    CaFileOption,
    ServerOption,
    describe_error,
    open_client,
)
from liusheng.cli.terminal import StatusLine, as_text, error, info, open_console, printable
from liusheng.cli.translation import translate as tr
from liusheng.cli.translation import translated
from liusheng.client import CannotConnectError, Client, ClientError, ConnectionChange, Final
from liusheng.client.devices import NoDeviceError, microphone
from liusheng.client.recognition import Audio


class _Output:
    """Writes results: text for people, or one JSON object per line for programs.

    many: there are several files, so each text follows its file's name.
    """

    def __init__(self, *, as_json: bool, many: bool) -> None:
        self._json = as_json
        self._many = many
        self._line = StatusLine()
        self._reconnecting = False

    def partial(self, file: str, text: str, stable: str, utterance: int, seconds: float) -> None:
        if self._json:
            self._write(
                file, "partial", text=text, stable=stable, utterance=utterance, after=seconds
            )
        elif not self._many:
            self._line.show(text, len(stable) if text.startswith(stable) else 0)

    def final(self, file: str, final: Final, seconds: float) -> None:
        if self._json:
            words = [{"text": w.text, "start": w.start, "end": w.end} for w in final.words]
            self._write(file, "final", text=final.text, words=words, after=seconds)
            return
        self._line.clear()
        text = printable(final.text)
        self._print(f"{file}: {text}" if self._many else text)

    def connection(self, connection: ConnectionChange) -> None:
        if connection.state == "resumed":
            self._reconnecting = False
            info(tr("Connected again; nothing was lost."))
        elif not self._reconnecting:
            self._reconnecting = True
            self._line.clear()
            info(tr("Reconnecting: {reason}", reason=connection.error))

    def failed(self, file: str, code: str, text: str) -> None:
        self._line.clear()
        if self._json:
            self._write(file, "error", code=code, message=text)
        error(text)

    def _write(self, file: str, kind: str, **fields: object) -> None:
        if "after" in fields:
            fields["after"] = round(float(str(fields["after"])), 3)
        self._print(msgspec.json.encode({"file": file, "type": kind, **fields}).decode())

    def _print(self, line: str) -> None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


@translated
def asr(
    files: Annotated[tuple[str, ...], Parameter(name="file")] = (),
    /,
    *,
    server: ServerOption = None,
    api_key: ApiKeyOption = None,
    ca_file: CaFileOption = None,
    lang: str = "auto",
    realtime: bool = False,
    json: bool = False,
    mic: bool = False,
) -> int:
    """Transcribe audio files of any format, or speech from the microphone.

    Partial results are shown on one line of the terminal while the audio is streamed. The final
    text goes to standard output, everything else to standard error.

    Parameters
    ----------
    files
        Audio or video files: wav, flac, mp3, ogg, m4a, webm, mp4, ...; "-" is standard input.
    lang
        Language of the speech: auto, zh, en, ...
    realtime
        Send the audio at the speed of speech, to see the results as a speaker would.
    json
        Write one JSON object per line; its "type" is "partial", "final" or "error".
    mic
        Record from the microphone until Ctrl-C (needs: pip install 'liusheng[mic]').
    """
    if mic == bool(files):
        error(tr("name one or more files, or use --mic: see `liusheng asr --help`"))
        return USAGE
    output = _Output(as_json=json, many=len(files) > 1)
    try:
        client = open_client(server, api_key, ca_file)
    except ValueError as problem:
        error(str(problem))
        return USAGE
    if mic:
        return asyncio.run(_recognize_microphone(client, output, lang))
    return asyncio.run(_recognize_files(client, output, files, lang, realtime))


async def _recognize_files(
    client: Client, output: _Output, files: tuple[str, ...], lang: str, realtime: bool
) -> int:
    status = 0
    async with client:
        with _progress(files) as names:
            for path in names:
                file = as_text(path)
                try:
                    packets = await asyncio.to_thread(FileAudio, path, realtime=realtime)
                    name = Path(file).name if path != STANDARD_INPUT else "stdin"
                    await _recognize(client, output, file, packets, lang=lang, name=name)
                except CannotConnectError as problem:
                    output.failed(file, problem.code, describe_error(problem))
                    return FAILED  # the other files would fail alike
                except ClientError as problem:
                    output.failed(file, problem.code, f"{file}: {describe_error(problem)}")
                    status = FAILED
                except DecodeError as problem:
                    output.failed(file, "not_audio", as_text(str(problem)))
                    status = FAILED
                except OSError as problem:
                    output.failed(file, "cannot_read", _cannot_read(file, problem))
                    status = FAILED
    return status


def _cannot_read(file: str, problem: OSError) -> str:
    if isinstance(problem, IsADirectoryError):
        return tr("{file} is a folder: `liusheng transcribe` takes folders", file=file)
    return f"{file}: {problem.strerror or problem}"


async def _recognize_microphone(client: Client, output: _Output, lang: str) -> int:
    source = "microphone"
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def finish() -> None:  # the first Ctrl-C ends the recording, a second one the program
        loop.remove_signal_handler(signal.SIGINT)
        stop.set()

    loop.add_signal_handler(signal.SIGINT, finish)
    audio = microphone(stop, lambda: info(tr("Recording; press Ctrl-C to stop.")))
    async with client:
        try:
            await _recognize(client, output, source, audio, lang=lang, name=source)
        except ClientError as problem:
            output.failed(source, problem.code, describe_error(problem))
            return FAILED
        except NoDeviceError as problem:
            output.failed(source, "no_microphone", describe_device_error(problem))
            return FAILED
    return 0


async def _recognize(
    client: Client, output: _Output, file: str, audio: Audio, *, lang: str, name: str
) -> None:
    started = time.monotonic()
    before = ""
    recognition = client.recognize(audio, on_connection=output.connection, lang=lang, name=name)
    async for update in recognition:
        seconds = time.monotonic() - started
        if isinstance(update, Final):
            output.final(file, update, seconds)
        elif update.text != before:
            before = update.text
            output.partial(file, update.text, update.stable, update.utterance, seconds)


@contextlib.contextmanager
def _progress(files: tuple[str, ...]) -> Iterator[Iterator[str]]:
    """Give the files one by one; with a progress bar if there are several, on a terminal."""
    if len(files) == 1 or not sys.stderr.isatty():
        yield iter(files)
        return
    from rich.progress import Progress

    # Rich redirects standard output to write above the bar; not if it is a file or a pipe.
    console, shared = open_console(stderr=True), sys.stdout.isatty()
    with Progress(console=console, transient=True, redirect_stdout=shared) as progress:
        yield iter(progress.track(files, description=tr("Transcribing")))
