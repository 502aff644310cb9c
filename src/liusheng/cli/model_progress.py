"""The progress of downloads and other long steps with a model, on a terminal or in a log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from liusheng.models.progress import Progress as ModelProgress
from liusheng.models.progress import ProgressCallback, Stage

_STAGES = {
    Stage.WAIT: "waiting for another process that downloads it",
    Stage.COPY: "copying from",
    Stage.DOWNLOAD: "downloading",
    Stage.UNPACK: "unpacking",
    Stage.CONVERT: "converting",
    Stage.CHECK: "verifying",
    Stage.DONE: "done",
}
_LONG_STAGES = {Stage.WAIT, Stage.COPY, Stage.DOWNLOAD, Stage.CONVERT}


@contextmanager
def show_progress(console: Console) -> Iterator[ProgressCallback]:
    """Give a listener that shows progress bars on a terminal, else a line for each long stage."""
    if console.is_terminal:
        with _bars(console) as bars:
            yield _on_bars(bars)
    else:
        yield _as_lines(console)


def _as_lines(console: Console) -> ProgressCallback:
    written: set[tuple[Stage, str]] = set()

    def write(progress: ModelProgress) -> None:
        step = (progress.stage, progress.item)
        if progress.stage in _LONG_STAGES and step not in written:
            written.add(step)
            text = f"{progress.model}: {_STAGES[progress.stage]} {progress.item}".rstrip()
            console.print(text, markup=False)

    return write


def _bars(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )


def _on_bars(bars: Progress) -> ProgressCallback:
    tasks: dict[tuple[Stage, str], TaskID] = {}

    def show(progress: ModelProgress) -> None:
        step = (progress.stage, progress.item)
        if progress.stage is Stage.DONE:
            return
        if step not in tasks:
            for task in tasks.values():
                bars.update(task, visible=False)
            text = f"{progress.model}  {_STAGES[progress.stage]} {progress.item}"
            tasks[step] = bars.add_task(text, total=None)
        bars.update(
            tasks[step], completed=progress.done, total=progress.total or None, visible=True
        )

    return show
