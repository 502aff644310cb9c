"""The results of a simulation as charts."""

from __future__ import annotations

import re
from collections.abc import Sequence

from liusheng.bench.chart import HEIGHT, WIDTH, svg
from liusheng.bench.html_report import STYLE
from liusheng.bench.report import Chart, Series, distribution
from liusheng.cluster.planning.measured import Load
from liusheng.cluster.simulation.coarse import Curve
from liusheng.cluster.simulation.results import Sample, SimulationResults

_HOUR = 3600.0


def charts(
    results: SimulationResults,
    curve: Curve,
    text_delay: float,
    per_replica: float,
    loads: Sequence[Load],
) -> dict[str, Chart]:
    """Return charts by name.

    curve: of one replica.
    text_delay: seconds that the text itself takes, which the simulation does not have.
    per_replica: sessions that a replica is planned for.
    loads: that were measured, beside the curve.
    """

    def series(name: str, value: str, factor: float = 1.0, plus: float = 0.0) -> Series:
        points = [
            (each.at / _HOUR, factor * _value(each, value) + plus) for each in results.samples
        ]
        return Series(name, points)

    found = {
        "sessions": Chart(
            "Sessions, and places for them",
            "hours",
            "sessions",
            [
                series("sessions", "sessions"),
                series("places in replicas that are ready", "ready", per_replica),
            ],
        ),
        "delay": Chart(
            "Token delay",
            "hours",
            "seconds",
            [
                series("mean", "mean", plus=text_delay),
                series("mean in the slowest replica", "worst", plus=text_delay),
            ],
        ),
        "refused": Chart(
            "Clients that gave up, and sessions that were lost",
            "hours",
            "number so far",
            [series("refused", "refused"), series("lost", "lost")],
        ),
        "replica": Chart(
            "Token delay of one server",
            "speakers",
            "mean in seconds",
            [
                Series(
                    "simulated",
                    [(point.sessions, point.mean + text_delay) for point in curve.points],
                ),
                Series("measured", [(load.users, load.delay) for load in loads], dots=True),
            ],
        ),
    }
    if results.gaps:
        found["gaps"] = Chart(
            "From the loss of a replica to the resumption of a session",
            "seconds",
            "share of the sessions",
            [distribution("", results.gaps)],
            y_percent=True,
        )
    return found


def picture(chart: Chart) -> str:
    """Return a chart as a document of its own, with its colours as attributes: style sheets may be
    forbidden where it is shown."""
    looks = {"grid": 'stroke="#ddd"', "limit": 'stroke="#888" stroke-dasharray="6 4"'}
    for name, colour in _colours().items():
        looks[name] = f'fill="{colour}"'
        looks[f"line {name}"] = f'fill="none" stroke-width="2" stroke="{colour}"'
    head, _, rest = svg(chart).partition(">")
    drawn = re.sub('class="([^"]+)"', lambda found: looks[found[1]], rest)
    paper = f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>'
    return f'{head} font-family="sans-serif" font-size="12" fill="#222">\n{paper}{drawn}\n'


def _colours() -> dict[str, str]:
    """Return the palette of the pages, by class."""
    return dict(re.findall(r"\.(c\d) \{ fill: (#\w+)", STYLE))


def _value(sample: Sample, name: str) -> float:
    return float(getattr(sample, name))
