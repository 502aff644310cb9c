"""The report of a recognition benchmark: one or more trials, by number of streams."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from liusheng.bench.asr_trial import AsrGoal, AsrTrial
from liusheng.bench.figures import milliseconds, percent, ratio, share_above
from liusheng.bench.processes import ResourceUsage
from liusheng.bench.report import Chart, ReferenceLine, Report, Series, Table, distribution
from liusheng.bench.scoring import CHARACTER_LANGUAGES, Errors

_MB = 1 << 20


def report(
    trials: Sequence[AsrTrial], facts: Sequence[tuple[str, str]], largest: int | None
) -> Report:
    """The report of some trials, given in the order in which they were made.

    facts: the circumstances of the measurement; see `Report`.
    largest: the result of a search for the largest number of streams; None without a search.
    """
    ordered = sorted(trials, key=lambda trial: trial.streams)
    goal = trials[0].goal
    facts = [*facts, ("goal", str(goal))]
    if largest is not None:
        facts.append(("most streams", f"{largest} reach the goal"))
    return Report(
        "Live recognition under load",
        facts,
        [_table(ordered)],
        _charts(ordered, goal),
        {
            "facts": dict(facts),
            "largest": largest,
            "trials": [trial.as_data() for trial in trials],
        },
    )


def _table(trials: Sequence[AsrTrial]) -> Table:
    def row(name: str, value: Callable[[AsrTrial], str]) -> list[str]:
        return [name, *map(value, trials)]

    rows = [
        row("recordings", lambda t: f"{len(t.results):,}"),
        row("lost or refused", _failures),
        *_latencies(trials),
    ]
    for lang in sorted({lang for trial in trials for lang in trial.errors}):
        rates = [trial.errors.get(lang, Errors()).rate for trial in trials]
        rows.append([f"{_error_name(lang)}, {lang}", *map(percent, rates)])
    rows += [
        row("cores used by the server process", _used(lambda u: f"{u.cpu_server:.2f}")),
        row("cores used by its workers", _used(lambda u: f"{u.cpu_workers:.2f}")),
        row("cores per stream", _cores_per_stream),
        row("cores used by the load generator", _used(lambda u: f"{u.cpu_self:.2f}")),
        row("memory before (MB)", _used(lambda u: f"{u.memory_before / _MB:,.0f}")),
        row("memory, maximum (MB)", _used(lambda u: f"{u.memory_peak / _MB:,.0f}")),
        row("memory after (MB)", _used(lambda u: f"{u.memory_after / _MB:,.0f}")),
        row("latest packet (ms)", lambda t: milliseconds(t.lateness)),
        row("goal", lambda t: "reached" if t.reached else "missed"),
    ]
    return Table("Figures", ["streams", *(str(trial.streams) for trial in trials)], rows)


def _latencies(trials: Sequence[AsrTrial]) -> list[list[str]]:
    goal = trials[0].goal
    measured = [
        ("token delay", goal.delay, [t.delays for t in trials], [t.token_delay for t in trials]),
        (
            "final latency",
            goal.final,
            [t.finals for t in trials],
            [t.final_latency for t in trials],
        ),
    ]
    if goal.lag is not None:
        lags = "lag of a chunk", goal.lag, [t.lags for t in trials], [t.lag for t in trials]
        measured.insert(0, lags)
    rows = []
    for what, limit, values, summaries in measured:
        rows += [
            [f"{what}, mean (ms)", *(milliseconds(each.mean) for each in summaries)],
            [f"{what}, p50 (ms)", *(milliseconds(each.p50) for each in summaries)],
            [f"{what}, p95 (ms)", *(milliseconds(each.p95) for each in summaries)],
            [f"{what}, p99 (ms)", *(milliseconds(each.p99) for each in summaries)],
            [f"{what} over {limit:g} s", *(percent(share_above(v, limit)) for v in values)],
        ]
    return rows


def _error_name(lang: str) -> str:
    return "character error rate" if lang in CHARACTER_LANGUAGES else "word error rate"


def _failures(trial: AsrTrial) -> str:
    return ", ".join(f"{n} {code}" for code, n in trial.failures.items()) or "0"


def _used(value: Callable[[ResourceUsage], str]) -> Callable[[AsrTrial], str]:
    return lambda trial: "–" if trial.usage is None else value(trial.usage)


def _cores_per_stream(trial: AsrTrial) -> str:
    if trial.usage is None:
        return "–"
    return ratio((trial.usage.cpu_server + trial.usage.cpu_workers) / trial.streams)


def _charts(trials: Sequence[AsrTrial], goal: AsrGoal) -> list[Chart]:
    by_streams = [_by_streams(trials, goal)] if len(trials) > 1 else []
    return [
        *by_streams,
        _distributions("Token delay", goal.delay, trials, [t.delays for t in trials]),
        _distributions("Final latency", goal.final, trials, [t.finals for t in trials]),
        _over_time(trials, goal),
    ]


def _by_streams(trials: Sequence[AsrTrial], goal: AsrGoal) -> Chart:
    delay = Series("token delay, mean", [(t.streams, t.token_delay.mean) for t in trials])
    limit = ReferenceLine("goal: delay", goal.delay)
    if goal.lag is not None:
        delay = Series("lag, p95", [(t.streams, t.lag.p95) for t in trials])
        limit = ReferenceLine("goal: lag", goal.lag)
    final = Series("final latency, p95", [(t.streams, t.final_latency.p95) for t in trials])
    limits = [limit, ReferenceLine("goal: final", goal.final)]
    return Chart("By number of streams", "streams", "seconds", [delay, final], limits)


def _distributions(
    title: str, goal: float, trials: Sequence[AsrTrial], values: Sequence[Sequence[float]]
) -> Chart:
    longest = max((max(each, default=0.0) for each in values), default=0.0)
    return Chart(
        title,
        "seconds",
        "cumulative share",
        [
            distribution(f"{trial.streams} streams", each)
            for trial, each in zip(trials, values, strict=True)
        ],
        [ReferenceLine("goal", goal, "x")],
        x_range=(0.0, max(longest, goal) * 1.05),
        y_range=(0.0, 1.0),
        y_percent=True,
    )


def _over_time(trials: Sequence[AsrTrial], goal: AsrGoal) -> Chart:
    return Chart(
        "Final latency over time",
        "seconds since the first stream started",
        "final latency, seconds",
        [
            Series(
                f"{trial.streams} streams",
                [
                    (result.began + result.seconds, result.final_latency)
                    for result in trial.results
                    if result.final_latency is not None
                ],
                dots=True,
            )
            for trial in trials
        ],
        [ReferenceLine("goal", goal.final)],
    )
