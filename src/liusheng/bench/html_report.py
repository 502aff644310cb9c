"""A report as one self-contained HTML page."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from liusheng.bench.chart import svg
from liusheng.bench.report import Report, Table

# The palette of Okabe and Ito (2008), which people with any colour vision can tell apart.
STYLE = """
:root { color-scheme: light dark; --ink: #222; --faint: #ddd; --paper: #fff; --muted: #888; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #ddd; --faint: #3a3a3a; --paper: #161616; --muted: #888; }
}
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; background: var(--paper);
  color: var(--ink); font: 15px/1.5 system-ui, "Noto Sans CJK SC", sans-serif; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; }
dt { color: var(--muted); } dd { margin: 0; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .75rem; border-bottom: 1px solid var(--faint); text-align: right; }
th:first-child, td:first-child { text-align: left; }
svg { width: 100%; height: auto; }
svg text { font-size: 12px; fill: var(--ink); }
.grid { stroke: var(--faint); } .limit { stroke: var(--muted); stroke-dasharray: 6 4; }
.line { fill: none; stroke-width: 2; }
.c0 { fill: #0072b2; } .c1 { fill: #d55e00; } .c2 { fill: #009e73; } .c3 { fill: #cc79a7; }
.c4 { fill: #e69f00; } .c5 { fill: #56b4e9; }
.line.c0 { stroke: #0072b2; fill: none; } .line.c1 { stroke: #d55e00; fill: none; }
.line.c2 { stroke: #009e73; fill: none; } .line.c3 { stroke: #cc79a7; fill: none; }
.line.c4 { stroke: #e69f00; fill: none; } .line.c5 { stroke: #56b4e9; fill: none; }
"""


def render(report: Report) -> str:
    """A report as an HTML document."""
    return "\n".join(_parts(report)) + "\n"


def _parts(report: Report) -> Iterator[str]:
    title = escape(report.title)
    yield '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{title}</title>\n<style>{STYLE}</style>\n<h1>{title}</h1>\n<dl>"
    for name, value in report.facts:
        yield f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>"
    yield "</dl>"
    for table in report.tables:
        yield from _table(table)
    for chart in report.charts:
        yield f"<h2>{escape(chart.title)}</h2>\n{svg(chart)}"
    for table in report.details:
        yield from _table(table)
    yield "</html>"


def _table(table: Table) -> Iterator[str]:
    yield f'<h2>{escape(table.title)}</h2>\n<div class="wide"><table>'
    yield f"<tr>{''.join(f'<th>{escape(each)}</th>' for each in table.columns)}</tr>"
    for row in table.rows:
        yield f"<tr>{''.join(f'<td>{escape(each)}</td>' for each in row)}</tr>"
    yield "</table></div>"
