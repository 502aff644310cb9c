"""Sound out: through sounddevice where it is installed, else through a player that is there."""

from __future__ import annotations

import shutil
import struct
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

from liusheng.audio.wav import open_wav

_UNKNOWN_SIZE = 0xFFFFFFFF


class NoPlayerError(RuntimeError):
    """There is nothing to play sound with; the message says what to install."""


class Player(Protocol):
    """Plays 16-bit mono PCM; `close` returns when the last sample was heard."""

    def write(self, pcm: bytes) -> None:
        """Play on; returns when there is room for more."""

    def close(self) -> None:
        """Play to the end."""

    def abort(self) -> None:
        """Fall silent at once."""


def open_player(rate: int) -> Player:
    """Return the best player there is, for audio of `rate` hertz.

    Raises:
        NoPlayerError: there is none.
    """
    try:
        import sounddevice

        return _SoundDevice(sounddevice.RawOutputStream(samplerate=rate, channels=1, dtype="int16"))
    except (ImportError, OSError):
        pass  # not installed, or without PortAudio
    except sounddevice.PortAudioError:
        pass  # no device that it can open; a sound server may still be there
    if ffplay := shutil.which("ffplay"):
        return _Pipe([ffplay, "-loglevel", "error", "-nodisp", "-autoexit", "-i", "-"], rate)
    if aplay := shutil.which("aplay"):
        return _Pipe([aplay, "-q", "-"], rate)
    if afplay := shutil.which("afplay"):
        return _WholeFile(afplay, rate)
    raise NoPlayerError(
        "There is nothing to play sound with: pip install 'liusheng[mic]', or install ffplay "
        "(FFmpeg) or aplay (alsa-utils); or write a file with -o."
    )


class _SoundDevice:
    def __init__(self, stream: Any) -> None:
        self._stream = stream
        stream.start()

    def write(self, pcm: bytes) -> None:
        self._stream.write(pcm)

    def close(self) -> None:
        self._stream.stop()
        self._stream.close()

    def abort(self) -> None:
        self._stream.abort()
        self._stream.close()


class _Pipe:
    """A player that reads a WAV stream from standard input."""

    def __init__(self, command: list[str], rate: int) -> None:
        self._name = Path(command[0]).name
        self._ahead = wav_stream_header(rate)
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, bufsize=0)

    def write(self, pcm: bytes) -> None:
        data = memoryview(self._ahead + pcm)
        self._ahead = b""
        assert self._process.stdin is not None
        try:
            while data:  # unbuffered, so that an ended player is noticed at once
                data = data[self._process.stdin.write(data) :]
        except BrokenPipeError:
            raise NoPlayerError(f"{self._name} stopped playing; is there a sound device?") from None

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def abort(self) -> None:
        self._process.kill()
        self.close()


class _WholeFile:
    """A player that wants a file: plays when everything is there."""

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
    """Return the header of a 16-bit mono WAV stream whose length is not known yet."""
    form = struct.pack("<HHIIHH", 1, 1, rate, rate * 2, 2, 16)
    return (
        struct.pack("<4sI4s", b"RIFF", _UNKNOWN_SIZE, b"WAVE")
        + struct.pack("<4sI", b"fmt ", len(form))
        + form
        + struct.pack("<4sI", b"data", _UNKNOWN_SIZE)
    )


class Playback:
    """A player in a `with` block: plays to the end, or falls silent on an exception."""

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
