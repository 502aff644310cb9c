"""What every source is given, and running external programs that download."""

from __future__ import annotations

import errno
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from liusheng.models import digests
from liusheng.models.errors import ChecksumError, DownloadError
from liusheng.models.progress import Progress, ProgressCallback, Stage

_POLL_INTERVAL = 0.1  # seconds between two checks of the size of a download
_ERROR_LINES = 6
_NO_SPACE = os.strerror(errno.ENOSPC)


@dataclass(frozen=True)
class FetchContext:
    """Folders and parameters for fetching the parts of a model.

    downloads: folder that keeps archives and incomplete downloads between two attempts.
    fetched: folder for the members, under their local names.
    report: called with (stage, item, bytes done, bytes in total or 0).
    mirror: host to try first (see `https.is_on_host`), or "".
    sums: local path to (size or 0, SHA-256 or "") of the files that the catalogue pins.
    """

    downloads: Path
    fetched: Path
    report: Callable[[Stage, str, int, int], None]
    mirror: str
    sums: dict[str, tuple[int, str]]


def reporter(model: str, progress: ProgressCallback) -> Callable[[Stage, str, int, int], None]:
    """Return a `Context.report` that calls `progress`."""

    def report(stage: Stage, item: str, done: int, total: int) -> None:
        progress(Progress(model, stage, item, done, total))

    return report


def run_downloader(
    command: Sequence[str],
    folder: Path,
    what: str,
    size: int,
    context: FetchContext,
) -> None:
    """Run a program that downloads one archive into `folder`, its working directory.

    Its temporary folder is inside `folder`: a small /tmp does not matter, and the size of the
    folder is the progress.

    what, size: name and bytes (0: not known) of the archive, for progress and errors.

    Raises:
        DownloadError: it failed; the text has the last lines of its output.
        OSError: ENOSPC, where its output says so.
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
                    time.sleep(_POLL_INTERVAL)
            except BaseException:
                process.terminate()
                process.wait()
                raise
        if process.returncode != 0:
            output = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            if any(_NO_SPACE in line for line in output):
                raise OSError(errno.ENOSPC, _NO_SPACE, str(folder))
            raise DownloadError(
                f"{what}: `{' '.join(command)}` failed (status {process.returncode}):\n  "
                + "\n  ".join(output[-_ERROR_LINES:])
            )
    context.report(Stage.DOWNLOAD, what, size, size)


def check_archive(archive: Path, sha256: str, what: str) -> None:
    """Check a downloaded package; one with another checksum is deleted.

    sha256: of the catalogue; "": none is pinned.

    Raises:
        ChecksumError: it is another file.
    """
    if sha256 and (actual := digests.sha256(archive)) != sha256:
        archive.unlink()
        raise ChecksumError(f"{what} has SHA-256 {actual} instead of {sha256}")


def _bytes_below(folder: Path) -> int:
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                total += Path(root, name).stat().st_size
            except FileNotFoundError:
                continue  # the program has moved it meanwhile
    return total
