"""Which files are transcribed, and into which others."""

from __future__ import annotations

import itertools
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

SUFFIXES = frozenset(
    ".3gp .aac .aif .aiff .amr .avi .caf .flac .flv .m4a .m4b .m4v .mka .mkv .mov .mp2 .mp3 .mp4 "
    ".mpeg .mpg .oga .ogg .ogv .opus .ts .wav .webm .wma .wmv".split()
)
"""Names of audio and video files, of which those in folders are transcribed."""


@dataclass(frozen=True, eq=False)
class TranscriptionJob:
    """A file and what it becomes.

    outputs: the file of each format.
    """

    source: Path
    outputs: dict[str, Path]

    @property
    def done(self) -> bool:
        """Whether all outputs are there, and none is older than the source."""
        try:
            made = self.source.stat().st_mtime
            return all(path.stat().st_mtime >= made for path in self.outputs.values())
        except OSError:
            return False


def plan(
    names: Iterable[str], formats: Iterable[str], folder: Path | None
) -> list[TranscriptionJob]:
    """Return a job for each file that is named, and for each audio or video file in a folder that
    is named, or in a folder in it.

    An output has the name of its source with the suffix of the format, and is beside it; or, with
    `folder`, at the same place in that, counted from the folder that was named. Where two sources
    would become one file, or an output would replace a source, the name keeps the source's suffix.

    Raises:
        OSError: a folder cannot be read.
    """
    formats = tuple(formats)
    found = {source.absolute(): (source, place) for source, place in _found(names)}
    stems = Counter(_output(source, place, folder, source.stem) for source, place in found.values())
    taken = set(found)
    jobs = []
    for source, place in found.values():
        plain = _output(source, place, folder, source.stem)
        bases = [source.stem] if stems[plain] == 1 else []
        more = (f"{source.name}.{number}" for number in itertools.count(2))
        for base in itertools.chain(bases, [source.name], more):
            paths = {each: plain.with_name(f"{base}.{each}") for each in formats}
            if taken.isdisjoint(path.absolute() for path in paths.values()):
                break
        taken.update(path.absolute() for path in paths.values())
        jobs.append(TranscriptionJob(source, paths))
    return jobs


def _output(source: Path, place: Path, folder: Path | None, name: str) -> Path:
    return (source.parent if folder is None else folder / place) / name


def _found(names: Iterable[str]) -> Iterator[tuple[Path, Path]]:
    """Yield files, each with the folder that it has below what was named."""
    for name in names:
        path = Path(name)
        if not path.is_dir():
            yield path, Path()
            continue
        for parent, folders, files in os.walk(path, onerror=_raise):
            folders[:] = sorted(each for each in folders if not each.startswith("."))
            for file in sorted(files):
                if not file.startswith(".") and Path(file).suffix.lower() in SUFFIXES:
                    yield Path(parent) / file, Path(parent).relative_to(path)


def _raise(error: OSError) -> None:
    raise error
