"""Files that synthesised speech is written to, of any format."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Literal, Protocol, get_args

from liusheng.audio.encode import Encoder, open_encoder, open_file_encoder
from liusheng.audio.files import replacing
from liusheng.audio.formats import Compressed
from liusheng.audio.wav import open_wav
from liusheng.cli.constants import STANDARD_INPUT
from liusheng.cli.translation import translate as tr

FileFormat = Literal["wav", "mp3", "ogg", "flac", "aac"]
"""Names of formats; "ogg" is Opus in Ogg."""

_SUFFIXES: dict[str, FileFormat] = {
    **{f".{name}": name for name in get_args(FileFormat)},
    ".opus": "ogg",
}


class OutputError(Exception):
    """The speech cannot be written in this format; the message says what to do."""


class AudioFile(Protocol):
    """A file under way."""

    def write(self, pcm: bytes) -> None:
        """Append signed 16-bit little-endian mono samples."""


class _Encoded:
    def __init__(self, encoder: Encoder, file: BinaryIO) -> None:
        self._encoder = encoder
        self._file = file

    def write(self, pcm: bytes) -> None:
        self._file.write(self._encoder.feed(pcm))


def format_of(path: Path | None, named: FileFormat | None) -> FileFormat:
    """Return the format of a file: the named one, else the one that its name says.

    Raises:
        ValueError: the name says none, or the path is none of a file.
    """
    if path is None:
        if named:
            raise ValueError(tr("--format is that of a file: name it with -o FILE"))
        return "wav"
    if path == Path(STANDARD_INPUT):
        raise ValueError(tr("the output must be a file, not a stream: -o FILE.wav"))
    if named:
        return named
    if _is_device(path):
        return "wav"
    found = _SUFFIXES.get(path.suffix.lower())
    if found is None:
        raise ValueError(
            tr(
                "{file}: the name says no format; end it with {suffixes}, or add --format",
                file=path,
                suffixes=", ".join(_SUFFIXES),
            )
        )
    return found


@contextlib.contextmanager
def open_audio_file(path: Path, kind: FileFormat, rate: int) -> Iterator[AudioFile]:
    """Write a mono audio file at `rate` hertz.

    The file is at `path` when the block has ended without an exception. After an exception no
    partial file is left, and an earlier file at `path` is unchanged. A device or a pipe gets a
    stream, whose header does not have its length.

    Raises:
        OutputError: the format does not have this rate.
        OSError: the file cannot be written.
    """
    if kind == "wav" and not _is_device(path):
        with open_wav(path, rate) as wav:
            yield wav
        return
    with replacing(path) as part, part.open("wb") as file:
        try:
            encoder = _encoder(kind, rate, None if _is_device(path) else file)
        except ValueError as error:
            text = tr("{reason}; write another format, such as .wav", reason=error)
            raise OutputError(text) from error
        yield _Encoded(encoder, file)
        file.write(encoder.finish())


def _encoder(kind: FileFormat, rate: int, file: BinaryIO | None) -> Encoder:
    """Return an encoder. file: to write to and rewind; None: a stream, which cannot be rewound."""
    if kind == "wav":
        return open_encoder("wav", rate)
    encoding: Compressed = "ogg_opus" if kind == "ogg" else kind
    return open_file_encoder(encoding, rate, file) if file else open_encoder(encoding, rate)


def _is_device(path: Path) -> bool:
    return path.exists() and not path.is_file() and not path.is_dir()
