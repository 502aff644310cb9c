"""Playback of PCM: with miniaudio if it is installed, else with a program that is."""

from __future__ import annotations

import shutil
import struct
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Protocol

from liusheng.audio.wav import open_wav
from liusheng.cli.translation import translate as tr
from liusheng.client.devices import Loudspeaker, NoDeviceError

_UNKNOWN_SIZE = 0xFFFFFFFF


class NoPlayerError(RuntimeError):
    """There is nothing to play audio with; the message says what to install."""


class Player(Protocol):
    """Plays signed 16-bit mono PCM."""

    def write(self, pcm: bytes) -> None:
        """Play more audio; blocks while the player's buffer is full.

        Raises:
            NoPlayerError, NoDeviceError: the player has ended.
        """

    def close(self) -> None:
        """Play the rest; return when the last sample has been played."""

    def abort(self) -> None:
        """Stop at once."""


def open_player(rate: int) -> Player:
    """The best available player, for audio at `rate` hertz.

    Raises:
        NoPlayerError: there is none.
    """
    try:
        return Loudspeaker(rate)
    except NoDeviceError as error:  # a program may reach a sound server elsewhere
        missing = error
    if ffplay := shutil.which("ffplay"):
        return _PipePlayer([ffplay, "-loglevel", "error", "-nodisp", "-autoexit", "-i", "-"], rate)
    if aplay := shutil.which("aplay"):
        return _PipePlayer([aplay, "-q", "-"], rate)
    if afplay := shutil.which("afplay"):
        return _FilePlayer(afplay, rate)
    raise NoPlayerError(
        f"{describe_device_error(missing)}\n"
        + tr("Or write a file with -o, or install ffplay (FFmpeg) or aplay (alsa-utils).")
    )


def describe_device_error(error: NoDeviceError) -> str:
    """A missing device as a message for the user of a command line."""
    if error.install:
        return tr(
            "There is no library for sound ({reason}): run `{command}`.",
            reason=error.reason,
            command=error.install,
        )
    if error.device == "microphone":
        text = tr("There is no microphone that can be used ({reason}).", reason=error.reason)
    else:
        text = tr("There is no loudspeaker that can be used ({reason}).", reason=error.reason)
    return text


class _PipePlayer:
    """A program that plays a WAV stream from its standard input."""

    def __init__(self, command: list[str], rate: int) -> None:
        self._name = Path(command[0]).name
        self._header = wav_stream_header(rate)
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, bufsize=0)

    def write(self, pcm: bytes) -> None:
        data = memoryview(self._header + pcm)
        self._header = b""
        assert self._process.stdin is not None
        try:
            while data:  # unbuffered, so that it fails at once when the player has ended
                data = data[self._process.stdin.write(data) :]
        except BrokenPipeError:
            text = tr("{program} stopped playing; is there a sound device?", program=self._name)
            raise NoPlayerError(text) from None

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def abort(self) -> None:
        self._process.kill()
        self.close()


class _FilePlayer:
    """A program that plays a file: playback starts when all audio is there."""

    def __init__(self, program: str, rate: int) -> None:
        self._program = program
        self._rate = rate
        self._audio: list[bytes] = []

    def write(self, pcm: bytes) -> None:
        self._audio.append(pcm)

    def close(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "speech.wav"
            with open_wav(path, self._rate) as out:
                out.write(b"".join(self._audio))
            subprocess.run([self._program, str(path)], check=False)

    def abort(self) -> None:
        self._audio.clear()


def wav_stream_header(rate: int) -> bytes:
    """The header of a 16-bit mono WAV stream of unknown length."""
    form = struct.pack("<HHIIHH", 1, 1, rate, rate * 2, 2, 16)
    return (
        struct.pack("<4sI4s", b"RIFF", _UNKNOWN_SIZE, b"WAVE")
        + struct.pack("<4sI", b"fmt ", len(form))
        + form
        + struct.pack("<4sI", b"data", _UNKNOWN_SIZE)
    )


class Playback:
    """A player in a `with` block: plays to the end, or stops at once on an exception."""

    def __init__(self, player: Player) -> None:
        self._player = player

    def __enter__(self) -> Player:
        return self._player

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is None:
            self._player.close()
        else:
            self._player.abort()
