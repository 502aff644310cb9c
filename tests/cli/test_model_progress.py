from __future__ import annotations

import io

from rich.console import Console

from liusheng.cli.model_progress import show_progress
from liusheng.cli.terminal import open_console
from liusheng.models.progress import Progress, Stage


def test_bars_on_a_terminal() -> None:
    console = Console(force_terminal=True, width=120, record=True)
    with show_progress(console) as listener:
        listener(Progress("one", Stage.DOWNLOAD, "m.lm", 50, 100))
        listener(Progress("one", Stage.CHECK, "m.lm"))
        listener(Progress("one", Stage.DONE))
    assert "one  verifying m.lm" in console.export_text()


def test_a_line_for_each_long_stage_elsewhere() -> None:
    console = open_console()
    console.file = io.StringIO()
    with show_progress(console) as listener:
        listener(Progress("one", Stage.WAIT))
        for done in (50, 100):
            listener(Progress("one", Stage.DOWNLOAD, "[m].lm", done, 100))
        listener(Progress("one", Stage.CHECK, "[m].lm"))
        listener(Progress("one", Stage.DONE))
    assert console.file.getvalue().splitlines() == [
        "one: waiting for another process that downloads it",
        "one: downloading [m].lm",
    ]
