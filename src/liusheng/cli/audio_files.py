"""Files that synthesised speech is written to, of any format."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, Protocol, get_args

from liusheng.audio.encode import open_encoder
from liusheng.audio.files import replacing
from liusheng.audio.formats import Format
from liusheng.audio.wav import open_wav
from liusheng.cli.constants import STANDARD_INPUT
from liusheng.cli.translation import translate as tr

FileFormat = Literal["wav", "mp3", "ogg", "flac", "aac"]
"""Names of formats; "ogg" is Opus in Ogg."""

_ENCODINGS: dict[FileFormat, Format] = {
    "mp3": "mp3",
    "ogg": "ogg_opus",
    "flac": "flac",
    "aac": "aac",
}
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
    if path.exists() and not path.is_file() and not path.is_dir():
        return "wav"  # a device, such as /dev/null
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
    partial file is left, and an earlier file at `path` is unchanged.

    Raises:
        OutputError: the format does not have this rate.
        OSError: the file cannot be written.
    """
    if kind == "wav":
        with open_wav(path, rate) as wav:
            yield wav
        return
    try:
        encoder = open_encoder(_ENCODINGS[kind], rate)
    except ValueError as error:
        text = tr("{reason}; write another format, such as .wav", reason=error)
        raise OutputError(text) from error
    with replacing(path) as part, part.open("wb") as file:

        class Encoded:
            def write(self, pcm: bytes) -> None:
                file.write(encoder.feed(pcm))

        yield Encoded()
        file.write(encoder.finish())
