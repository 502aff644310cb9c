"""The report of a synthesis benchmark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from liusheng.bench.eval_results import total
from liusheng.bench.figures import milliseconds, percent, ratio
from liusheng.bench.intelligibility import IntelligibilityResult
from liusheng.bench.report import Chart, ReferenceLine, Report, Table, distribution
from liusheng.bench.scoring import CHARACTER_LANGUAGES
from liusheng.bench.tts_trial import TtsGoal, TtsMeasurement, TtsTrial

_MB = 1 << 20


def report(measurement: TtsMeasurement, goal: TtsGoal, facts: Sequence[tuple[str, str]]) -> Report:
    """The report of a measurement. facts: its circumstances; see `Report`."""
    limits = (
        f"first packet {milliseconds(goal.single)} ms at the median for one listener, "
        f"{milliseconds(goal.load)} ms at the 95th percentile under load; no gaps"
    )
    outcome = "yes" if measurement.reached(goal) else "no"
    facts = [*facts, ("goal", limits), ("reached", outcome)]
    tables = []
    if measurement.single:
        columns = ["characters", *map(str, measurement.single)]
        tables.append(Table("One listener", columns, _rows(list(measurement.single.values()))))
    load = measurement.load
    if load:
        columns = ["listeners", str(load.listeners)]
        tables.append(Table("Many listeners", columns, [*_rows([load]), *_usage_rows(load)]))
    if measurement.intelligibility:
        tables.append(_intelligibility_table(measurement.intelligibility))
    return Report(
        "Synthesis",
        facts,
        tables,
        _charts(measurement, goal),
        {
            "facts": dict(facts),
            "single": {str(n): trial.as_data() for n, trial in measurement.single.items()},
            "load": load.as_data() if load else None,
            "intelligibility": [
                asdict(result) | result.errors.as_data() for result in measurement.intelligibility
            ],
        },
        [_sentences(measurement.intelligibility)] if measurement.intelligibility else [],
    )


def _rows(trials: Sequence[TtsTrial]) -> list[list[str]]:
    first_packets = [trial.first_packet for trial in trials]
    return [
        ["texts", *(str(len(trial.results)) for trial in trials)],
        ["lost or refused", *(_failures(trial) for trial in trials)],
        ["first packet, p50 (ms)", *(milliseconds(each.p50) for each in first_packets)],
        ["first packet, p95 (ms)", *(milliseconds(each.p95) for each in first_packets)],
        ["first packet, maximum (ms)", *(milliseconds(each.maximum) for each in first_packets)],
        ["received to the end", *(str(len(trial.complete)) for trial in trials)],
        ["real-time factor", *(ratio(trial.real_time_factor) for trial in trials)],
        ["gaps", *(str(trial.gaps) for trial in trials)],
        ["longest gap (ms)", *(milliseconds(trial.longest_gap) for trial in trials)],
    ]


def _usage_rows(trial: TtsTrial) -> list[list[str]]:
    usage = trial.usage
    if usage is None:
        return []
    return [
        ["cores used by the server process", f"{usage.cpu_server:.2f}"],
        ["cores used by its workers", f"{usage.cpu_workers:.2f}"],
        ["cores used by the load generator", f"{usage.cpu_self:.2f}"],
        ["memory, maximum (MB)", f"{usage.memory_peak / _MB:,.0f}"],
    ]


def _failures(trial: TtsTrial) -> str:
    return ", ".join(f"{n} {code}" for code, n in trial.failures.items()) or "0"


def _intelligibility_table(results: Sequence[IntelligibilityResult]) -> Table:
    rows = []
    for voice, lang in dict.fromkeys((result.voice, result.lang) for result in results):
        group = [result for result in results if (result.voice, result.lang) == (voice, lang)]
        good = [result for result in group if not result.failure]
        found = total([result.errors for result in good])
        unit = "characters" if lang in CHARACTER_LANGUAGES else "words"
        rows.append(
            [
                voice or "(default)",
                lang,
                str(len(group)),
                str(len(group) - len(good)),
                f"{found.length} {unit}",
                percent(found.rate),
            ]
        )
    columns = ["voice", "language", "sentences", "lost", "length", "error rate"]
    return Table("Intelligibility", columns, rows)


def _sentences(results: Sequence[IntelligibilityResult]) -> Table:
    worst_first = sorted(results, key=lambda result: result.errors.edits, reverse=True)
    rows = [
        [result.voice, str(result.errors.edits), result.text, result.failure or result.transcript]
        for result in worst_first
    ]
    return Table("Sentences", ["voice", "errors", "text", "transcript"], rows)


def _charts(measurement: TtsMeasurement, goal: TtsGoal) -> list[Chart]:
    def chart(title: str, trials: Sequence[TtsTrial], limit: float) -> Chart:
        series = [distribution(trial.name, trial.first_packets) for trial in trials]
        latest = max((x for each in series for x, _ in each.points), default=limit)
        return Chart(
            title,
            "seconds",
            "cumulative share",
            series,
            [ReferenceLine("goal", limit, "x")],
            x_range=(0.0, max(latest, limit) * 1.05),
            y_range=(0.0, 1.0),
            y_percent=True,
        )

    charts = []
    if measurement.single:
        trials = list(measurement.single.values())
        charts.append(chart("First packet, one listener", trials, goal.single))
    if measurement.load:
        charts.append(chart("First packet, many listeners", [measurement.load], goal.load))
    return charts
