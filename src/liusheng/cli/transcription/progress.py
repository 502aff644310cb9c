"""The progress of a batch, on a terminal or in a log."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from datetime import timedelta

from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from liusheng.cli.terminal import as_text, error, open_console, printable
from liusheng.cli.transcription.jobs import TranscriptionJob
from liusheng.cli.translation import translate as tr


class Lines:
    """Writes the files that were made to standard output, and errors to standard error."""

    def began(self, job: TranscriptionJob) -> None:
        """Say nothing."""

    def sent(self, job: TranscriptionJob, seconds: float) -> None:
        """Say nothing."""

    def waits(self, job: TranscriptionJob) -> None:
        """Say nothing."""

    def ended(self, job: TranscriptionJob, problem: str) -> None:
        """Write the outputs, or the error."""
        if problem:
            error(problem)
            return
        sys.stdout.write("".join(f"{as_text(str(path))}\n" for path in job.outputs.values()))
        sys.stdout.flush()


class Bars(Lines):
    """As `Lines`, with a bar for the batch, and below it a line for each file that is sent."""

    def __init__(self, progress: Progress, count: int) -> None:
        self._progress = progress
        self._count = count
        self._all = progress.add_task("", total=count)
        self._tasks: dict[TranscriptionJob, TaskID] = {}
        self._describe(0)

    def began(self, job: TranscriptionJob) -> None:
        """Show the file."""
        if job not in self._tasks:
            self._tasks[job] = self._progress.add_task("", total=None)
        self.sent(job, 0.0)

    def sent(self, job: TranscriptionJob, seconds: float) -> None:
        """Show how far it is."""
        at = timedelta(seconds=int(seconds))
        self._progress.update(self._tasks[job], description=f"  {_name(job)}  {at}")

    def waits(self, job: TranscriptionJob) -> None:
        """Show that the server is busy."""
        text = tr("the server is busy; waiting")
        self._progress.update(self._tasks[job], description=f"  {_name(job)}  {text}")

    def ended(self, job: TranscriptionJob, problem: str) -> None:
        """Take the file away."""
        self._progress.remove_task(self._tasks.pop(job))
        self._progress.advance(self._all)
        self._describe(int(self._progress.tasks[0].completed))
        super().ended(job, problem)

    def _describe(self, done: int) -> None:
        text = tr("files: {done} of {count}", done=done, count=self._count)
        self._progress.update(self._all, description=text)


@contextlib.contextmanager
def shown_progress(count: int) -> Iterator[Lines]:
    """Give what is told of the progress of so many files."""
    if not sys.stderr.isatty():
        yield Lines()
        return
    with Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TimeElapsedColumn(),
        console=open_console(stderr=True),
        transient=True,
        # Rich writes above the bars what goes to a terminal; a file or a pipe is left alone.
        redirect_stdout=sys.stdout.isatty(),
    ) as progress:
        yield Bars(progress, count)


def _name(job: TranscriptionJob) -> str:
    return printable(as_text(job.source.name))
