"""The recordings of a measurement: manifests and decoded audio."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from liusheng.asr.types import SAMPLE_RATE
from liusheng.audio.pcm import Samples, pcm_to_samples
from liusheng.runtime.decoding.blocking import decode_file

_COLUMNS = {"id", "lang", "path", "reference"}


@dataclass(frozen=True)
class Recording:
    """A recording and its reference transcript.

    lang: a code, or "auto" where it is not known.
    reference: what is said in it; "" where that is not known.
    parts: the references of the recordings that it was joined from, in order; empty: of none.
    """

    id: str
    lang: str
    path: Path
    reference: str
    parts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Clip:
    """A decoded recording.

    pcm: signed 16-bit little-endian, 16 kHz, mono.
    """

    recording: Recording
    pcm: bytes

    @property
    def seconds(self) -> float:
        """Its duration."""
        return len(self.pcm) / (2 * SAMPLE_RATE)


def read_manifest(path: Path) -> list[Recording]:
    """Read a TSV file with the columns id, lang, path (relative to the file), reference, and
    possibly others.

    Raises:
        OSError: it cannot be read.
        ValueError: a column is missing.
    """
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        missing = _COLUMNS - set(reader.fieldnames or ())
        if missing:
            raise ValueError(f"{path}: the manifest has no column {', '.join(sorted(missing))}")
        return [
            Recording(row["id"], row["lang"], path.parent / row["path"], row["reference"])
            for row in reader
        ]


def read_samples(path: Path) -> Samples:
    """The audio of a file: float32 in [-1, 1], 16 kHz, mono, shape (n,).

    Raises:
        DecodeError: the file is not audio.
        OSError: it cannot be read.
    """
    return pcm_to_samples(b"".join(decode_file(path, SAMPLE_RATE)))


def read_clips(recordings: Iterable[Recording]) -> list[Clip]:
    """Decode recordings. Raises as `read_samples`."""
    return [
        Clip(recording, b"".join(decode_file(recording.path, SAMPLE_RATE)))
        for recording in recordings
    ]
