from __future__ import annotations

import re

from liusheng.bench.chart import svg
from liusheng.bench.html_report import STYLE, render
from liusheng.bench.report import Chart, ReferenceLine, Report, Series, Table


def test_a_page_has_everything_and_is_self_contained() -> None:
    report = Report(
        "Title <1>",
        [("machine", "a & b")],
        [Table("Figures", ["what", "value"], [["delay", "1 < 2"]])],
        [Chart("Chart", "x", "y", [Series("l", [(0, 1)])])],
        details=[Table("Recordings", ["id"], [["r1"]])],
    )
    page = render(report)
    assert "Title &lt;1&gt;" in page
    assert "<dt>machine</dt><dd>a &amp; b</dd>" in page
    assert "<td>1 &lt; 2</td>" in page
    assert page.count("<svg") == 1
    assert "<td>r1</td>" in page
    assert not re.search(r"(src|href)=|@import|url\(", page)


def test_the_style_sheet_has_every_class_of_a_chart() -> None:
    series = [Series(str(n), [(0, n), (1, n)]) for n in range(7)]
    drawing = svg(Chart("T", "x", "y", series, [ReferenceLine("goal", 1)]))
    used = {name for names in re.findall(r'class="([^"]+)"', drawing) for name in names.split()}
    assert {"grid", "limit", "line", "c0", "c5"} <= used
    for name in used:
        assert re.search(rf"\.{name}\b", STYLE), name
