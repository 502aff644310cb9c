"""How a crowd of speakers was served: figures from their takes, and the report of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property

from liusheng.bench.figures import Spread, factor, milliseconds, percent, share_above
from liusheng.bench.processes import Usage
from liusheng.bench.report import Chart, Guide, Line, Report, Table, distribution
from liusheng.bench.scoring import CHARACTER_LANGUAGES, Errors, errors
from liusheng.bench.speaker import AsrResult

_MB = 1 << 20


@dataclass(frozen=True)
class Goal:
    """What counts as well served.

    delay: mean token delay, seconds.
    final: the 95th percentile of the final latency, seconds.
    lag: the 95th percentile of the lag of a chunk, seconds, instead of the token delay: for online
        models, also those that have nothing to say (random weights).
    """

    delay: float = 1.5
    final: float = 0.6
    lag: float | None = None

    def __str__(self) -> str:
        if self.lag is not None:
            return f"lag {self.lag:g} s and final {self.final:g} s, both at the 95th percentile"
        final = f"final {self.final:g} s at the 95th percentile"
        return f"token delay {self.delay:g} s on average, {final}"


@dataclass(frozen=True)
class Trial:
    """A number of speakers, and how they fared.

    usage: of the server; None where it cannot be seen.
    """

    streams: int
    takes: Sequence[AsrResult]
    goal: Goal
    usage: Usage | None = None

    @cached_property
    def delays(self) -> list[float]:
        """Of every token."""
        return [delay for take in self.takes for delay in take.delays]

    @cached_property
    def finals(self) -> list[float]:
        """The final latency of every recording that was not lost."""
        return [take.final_latency for take in self.takes if take.final_latency is not None]

    @cached_property
    def lags(self) -> list[float]:
        """Of every chunk."""
        return [lag for take in self.takes for lag in take.lags]

    @cached_property
    def lag(self) -> Spread:
        """How `lags` are spread."""
        return Spread.of(self.lags)

    @cached_property
    def token_delay(self) -> Spread:
        """How `delays` are spread."""
        return Spread.of(self.delays)

    @cached_property
    def final_latency(self) -> Spread:
        """How `finals` are spread."""
        return Spread.of(self.finals)

    @cached_property
    def errors(self) -> dict[str, Errors]:
        """By language, of the recordings with a reference that were not lost."""
        return count_errors(self.takes)

    @cached_property
    def failures(self) -> dict[str, int]:
        """How many recordings were lost or refused, by the error's code."""
        return dict(Counter(take.failure for take in self.takes if take.failure))

    @property
    def holds(self) -> bool:
        """Whether everyone was well served: nobody turned away or lost, and within the goal."""
        goal = self.goal
        if not self.takes or self.failures:
            return False
        soon = self.token_delay.mean <= goal.delay
        if goal.lag is not None:
            soon = self.lag.p95 <= goal.lag
        return soon and self.final_latency.p95 <= goal.final

    def as_data(self) -> dict[str, object]:
        """Return it for programs, with each take."""
        return {
            "streams": self.streams,
            "holds": self.holds,
            "token_delay": asdict(self.token_delay),
            "tokens_late": share_above(self.delays, self.goal.delay),
            "lag": asdict(self.lag),
            "final_latency": asdict(self.final_latency),
            "finals_late": share_above(self.finals, self.goal.final),
            "errors": {lang: found.as_data() for lang, found in self.errors.items()},
            "failures": self.failures,
            "usage": asdict(self.usage) if self.usage else None,
            "takes": [
                {
                    "id": take.recording.id,
                    "lang": take.recording.lang,
                    "began": take.began,
                    "seconds": take.seconds,
                    "model": take.model,
                    "text": take.text,
                    "final_latency": take.final_latency,
                    "token_delays": take.delays,
                    "lags": take.lags,
                    "lateness": take.lateness,
                    "failure": take.failure,
                }
                for take in self.takes
            ],
        }


def count_errors(takes: Sequence[AsrResult]) -> dict[str, Errors]:
    """Return the errors by language, of the recordings with a reference that were not lost."""
    found: dict[str, Errors] = {}
    for take in takes:
        recording = take.recording
        if recording.reference and not take.failure:
            made = errors(recording.reference, take.text, recording.lang)
            found[recording.lang] = found.get(recording.lang, Errors()) + made
    return found


def report(
    trials: Sequence[Trial], facts: Sequence[tuple[str, str]], largest: int | None
) -> Report:
    """Return the report of some trials, in the order in which they were made.

    largest: what a search for the largest number of speakers found; None when there was none.
    """
    ordered = sorted(trials, key=lambda trial: trial.streams)
    goal = trials[0].goal
    facts = [*facts, ("goal", str(goal))]
    if largest is not None:
        facts.append(("speakers held", str(largest)))
    return Report(
        "Live recognition of many speakers",
        facts,
        [_table(ordered)],
        _charts(ordered, goal),
        {
            "facts": dict(facts),
            "largest": largest,
            "trials": [trial.as_data() for trial in trials],
        },
    )


def _table(trials: Sequence[Trial]) -> Table:
    def row(name: str, *values: str) -> list[str]:
        return [name, *values]

    def of_usage(trial: Trial, what: str) -> str:
        if trial.usage is None:
            return "–"
        value = getattr(trial.usage, what)
        return f"{value:.2f}" if what.startswith("cpu") else f"{value / _MB:,.0f}"

    rows = [
        row("recordings", *(f"{len(t.takes):,}" for t in trials)),
        row("lost or refused", *(_failures(t) for t in trials)),
    ]
    lag_goal = trials[0].goal.lag
    measured = [
        ("token delay", trials[0].goal.delay, [t.delays for t in trials],
         [t.token_delay for t in trials]),
        ("final latency", trials[0].goal.final, [t.finals for t in trials],
         [t.final_latency for t in trials]),
    ]  # fmt: skip
    if lag_goal is not None:
        spreads = [t.lag for t in trials]
        measured.insert(0, ("lag of a chunk", lag_goal, [t.lags for t in trials], spreads))
    for what, late, values, spreads in measured:
        rows += [
            row(f"{what}, mean (ms)", *(milliseconds(s.mean) for s in spreads)),
            row(f"{what}, p50 (ms)", *(milliseconds(s.p50) for s in spreads)),
            row(f"{what}, p95 (ms)", *(milliseconds(s.p95) for s in spreads)),
            row(f"{what}, p99 (ms)", *(milliseconds(s.p99) for s in spreads)),
            row(f"{what} over {late:g} s", *(percent(share_above(v, late)) for v in values)),
        ]
    for lang in sorted({lang for trial in trials for lang in trial.errors}):
        name = f"{error_name(lang)}, {lang}"
        rows.append(row(name, *(percent(t.errors.get(lang, Errors()).rate) for t in trials)))
    rows += [
        row("server's own cores", *(of_usage(t, "cpu_server") for t in trials)),
        row("its workers' cores", *(of_usage(t, "cpu_workers") for t in trials)),
        row("cores for one speaker", *(_cores_each(t) for t in trials)),
        row("load generator's cores", *(of_usage(t, "cpu_self") for t in trials)),
        row("memory before (MB)", *(of_usage(t, "memory_before") for t in trials)),
        row("memory at most (MB)", *(of_usage(t, "memory_peak") for t in trials)),
        row("memory after (MB)", *(of_usage(t, "memory_after") for t in trials)),
        row("latest packet (ms)", *(milliseconds(_lateness(t)) for t in trials)),
        row("goal", *("held" if t.holds else "missed" for t in trials)),
    ]
    return Table("Figures", ["speakers", *(str(t.streams) for t in trials)], rows)


def error_name(lang: str) -> str:
    """Return what an error rate is called: characters count in Chinese and Japanese."""
    return "character error rate" if lang in CHARACTER_LANGUAGES else "word error rate"


def _failures(trial: Trial) -> str:
    return ", ".join(f"{n} {code}" for code, n in trial.failures.items()) or "0"


def _cores_each(trial: Trial) -> str:
    if trial.usage is None:
        return "–"
    return factor((trial.usage.cpu_server + trial.usage.cpu_workers) / trial.streams)


def _lateness(trial: Trial) -> float:
    return max((take.lateness for take in trial.takes), default=float("nan"))


def _charts(trials: Sequence[Trial], goal: Goal) -> list[Chart]:
    charts = []
    late = Line("token delay, mean", [(t.streams, t.token_delay.mean) for t in trials])
    aim = Guide("goal: delay", goal.delay)
    if goal.lag is not None:
        late = Line("lag, p95", [(t.streams, t.lag.p95) for t in trials])
        aim = Guide("goal: lag", goal.lag)
    if len(trials) > 1:
        charts.append(
            Chart(
                "By number of speakers",
                "speakers",
                "seconds",
                [
                    late,
                    Line("final latency, p95", [(t.streams, t.final_latency.p95) for t in trials]),
                ],
                [aim, Guide("goal: final", goal.final)],
            )
        )
    for title, at, values in (
        ("Token delay", goal.delay, [t.delays for t in trials]),
        ("Final latency", goal.final, [t.finals for t in trials]),
    ):
        longest = max((max(v, default=0.0) for v in values), default=0.0)
        charts.append(
            Chart(
                title,
                "seconds",
                "share at most so late",
                [
                    distribution(f"{t.streams} speakers", v)
                    for t, v in zip(trials, values, strict=True)
                ],
                [Guide("goal", at, "x")],
                x_range=(0.0, max(longest, at) * 1.05),
                y_range=(0.0, 1.0),
                y_percent=True,
            )
        )
    charts.append(
        Chart(
            "Finals while it ran",
            "seconds since the first speaker began",
            "final latency, seconds",
            [
                Line(
                    f"{t.streams} speakers",
                    [
                        (take.began + take.seconds, take.final_latency)
                        for take in t.takes
                        if take.final_latency is not None
                    ],
                    dots=True,
                )
                for t in trials
            ],
            [Guide("goal", goal.final)],
        )
    )
    return charts
