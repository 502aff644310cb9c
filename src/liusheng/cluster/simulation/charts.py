"""The results of a simulation as charts."""

from __future__ import annotations

from collections.abc import Sequence

from liusheng.bench.chart import svg
from liusheng.bench.html_report import STYLE
from liusheng.bench.report import Chart, Series, distribution
from liusheng.cluster.planning.measured import Load
from liusheng.cluster.simulation.coarse import Curve
from liusheng.cluster.simulation.results import Results, Sample

_HOUR = 3600.0


def charts(
    results: Results, curve: Curve, text_delay: float, per_replica: float, loads: Sequence[Load]
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
    """Return a chart as a document of its own, with its colours."""
    style = STYLE[STYLE.index("svg text") :]
    root = "svg { --ink: #222; --faint: #ddd; --muted: #888; background: #fff }"
    head, _, rest = svg(chart).partition(">")
    return f"{head}>\n<style>{root}\n{style}</style>{rest}\n"


def _value(sample: Sample, name: str) -> float:
    return float(getattr(sample, name))
