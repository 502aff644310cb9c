"""What every source gets, and running other people's programs to fetch with."""

from __future__ import annotations

import errno
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from liusheng.models.errors import DownloadError
from liusheng.models.progress import Progress, Stage

_LOOK_EVERY = 0.1  # seconds between two looks at what a program has downloaded
_ERROR_LINES = 6
_NO_SPACE = os.strerror(errno.ENOSPC)


@dataclass(frozen=True)
class Context:
    """Where one part of a model is fetched, and who is told.

    downloads: keeps archives and half-done downloads between two attempts.
    fetched: the members go here, under their local names.
    report: gets (stage, what, bytes done, bytes in all or 0).
    mirror: part of a host name that is to be tried first, or "".
    sums: local path to (size or 0, SHA-256 or "") of the files that the catalogue pins.
    """

    downloads: Path
    fetched: Path
    report: Callable[[Stage, str, int, int], None]
    mirror: str
    sums: dict[str, tuple[int, str]]


def reporter(
    model: str, listener: Callable[[Progress], None]
) -> Callable[[Stage, str, int, int], None]:
    """Return a `Context.report` that tells `listener`."""

    def report(stage: Stage, item: str, done: int, total: int) -> None:
        listener(Progress(model, stage, item, done, total))

    return report


def run_downloader(
    command: Sequence[str],
    folder: Path,
    what: str,
    size: int,
    context: Context,
) -> None:
    """Run a program that downloads one archive into `folder`, its working directory.

    Its temporary folder is put inside `folder`, so that a small /tmp does not matter, and so that
    the bytes there tell the progress.

    Raises:
        DownloadError: it failed; the text has the last lines of what it said.
        OSError: ENOSPC, where that is what it said.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix="tmp-") as scratch:
        environment = {**os.environ, "TMPDIR": scratch}
        log = Path(scratch, "log")
        with log.open("wb") as sink:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
            )
            try:
                while process.poll() is None:
                    done = _bytes_below(folder)
                    context.report(Stage.DOWNLOAD, what, min(done, size) if size else done, size)
                    time.sleep(_LOOK_EVERY)
            except BaseException:
                process.terminate()
                process.wait()
                raise
        if process.returncode != 0:
            said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            if any(_NO_SPACE in line for line in said):
                raise OSError(errno.ENOSPC, _NO_SPACE, str(folder))
            raise DownloadError(
                f"{what}: `{' '.join(command)}` failed (status {process.returncode}):\n  "
                + "\n  ".join(said[-_ERROR_LINES:])
            )
    context.report(Stage.DOWNLOAD, what, size, size)


def _bytes_below(folder: Path) -> int:
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                total += Path(root, name).stat().st_size
            except FileNotFoundError:
                continue  # the program has just moved it
    return total
