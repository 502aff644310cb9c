"""The output of the benchmark commands: tables, JSON, an HTML page."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter
from rich.table import Table

from liusheng.bench.html_report import render
from liusheng.bench.recordings import Clip
from liusheng.bench.report import Report
from liusheng.cli.terminal import info, open_console

ChartFile = Annotated[Path | None, Parameter(help="HTML file to write tables and charts to.")]
Json = Annotated[bool, Parameter(help="Print JSON, with every single measurement.")]


def print_report(report: Report, chart: Path | None, *, json: bool) -> None:
    """Print a report, and write it as an HTML page to `chart`, if given.

    Raises:
        OSError: the page cannot be written.
    """
    if json:
        sys.stdout.write(msgspec.json.encode(report.data).decode() + "\n")
    else:
        _print_tables(report)
    # Last, so that a file that cannot be written does not cost the measurement.
    if chart is not None:
        chart.write_text(render(report), encoding="utf-8")
        info(f"Tables and charts are in {chart}")


def _print_tables(report: Report) -> None:
    console = open_console()
    console.print(report.title, style="bold")
    for name, value in report.facts:
        console.print(f"  {name:<16}{value}", soft_wrap=True)
    for table in report.tables:
        grid = Table(title=table.title, title_justify="left", header_style="bold")
        for number, column in enumerate(table.columns):
            grid.add_column(column, justify="right" if number else "left")
        for row in table.rows:
            grid.add_row(*row)
        console.print(grid)


def describe_clips(clips: Sequence[Clip]) -> str:
    """The number, languages and duration of recordings, for the circumstances of a measurement."""
    seconds = sum(clip.seconds for clip in clips)
    langs = ", ".join(sorted({clip.recording.lang for clip in clips}))
    return f"{len(clips)} ({langs}), {seconds:,.0f} s"
