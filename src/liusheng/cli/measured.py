"""What the measuring commands share: their output."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from liusheng.bench import page
from liusheng.bench.report import Report
from liusheng.bench.speaker import Clip
from liusheng.cli.terminal import say

ChartFile = Annotated[
    Path | None, Parameter(help="Write tables and charts to this file, an HTML page.")
]
Json = Annotated[bool, Parameter(help="Print JSON, with each single measurement.")]


def show(report: Report, chart: Path | None, *, json: bool) -> None:
    """Print a report, and write its page if one is wanted."""
    if chart is not None:
        chart.write_text(page.html(report), encoding="utf-8")
        say(f"Charts are in {chart}")
    if json:
        sys.stdout.write(msgspec.json.encode(report.data).decode() + "\n")
        return
    console = Console(highlight=False)
    console.print(f"[bold]{report.title}[/]")
    for name, value in report.facts:
        console.print(f"  {name:<16}{value}", markup=False, soft_wrap=True)
    for table in report.tables:
        shown = Table(title=table.title, title_justify="left", header_style="bold")
        for place, column in enumerate(table.columns):
            shown.add_column(column, justify="right" if place else "left")
        for row in table.rows:
            shown.add_row(*row)
        console.print(shown)


def described(clips: Sequence[Clip]) -> str:
    """Return what recordings there are, for the circumstances of a measurement."""
    seconds = sum(clip.seconds for clip in clips)
    langs = ", ".join(sorted({clip.recording.lang for clip in clips}))
    return f"{len(clips)} ({langs}), {seconds:,.0f} s"
