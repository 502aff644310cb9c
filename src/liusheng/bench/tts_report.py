"""How listeners were served: figures from what they were sent, and the report of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property

from liusheng.bench.eval_report import total
from liusheng.bench.figures import Spread, factor, milliseconds, percent
from liusheng.bench.intelligibility import Echo
from liusheng.bench.listener import TtsResult
from liusheng.bench.processes import Usage
from liusheng.bench.report import Chart, Guide, Report, Table, distribution
from liusheng.bench.scoring import CHARACTER_LANGUAGES

_MB = 1 << 20
_UNKNOWN = float("nan")


@dataclass(frozen=True)
class Goal:
    """What counts as well served, in seconds.

    alone: median of the first packet's latency for one listener, at every length of text.
    together: its 95th percentile for many listeners.
    """

    alone: float = 0.05
    together: float = 0.3


@dataclass(frozen=True)
class Listening:
    """Texts that were listened to under the same circumstances.

    usage: of the server; None where it was not looked at.
    listeners: at once.
    """

    name: str
    texts: Sequence[TtsResult]
    usage: Usage | None = None
    listeners: int = 1

    @cached_property
    def first_packet(self) -> Spread:
        """How long the first packets took."""
        return Spread.of(self.first_packets)

    @cached_property
    def first_packets(self) -> list[float]:
        """How long each first packet took."""
        return [said.first_packet for said in self.texts if said.first_packet is not None]

    @cached_property
    def complete(self) -> list[TtsResult]:
        """What was heard to the end."""
        return [said for said in self.texts if said.complete]

    @cached_property
    def failures(self) -> dict[str, int]:
        """How many texts were lost or refused, by the error's code."""
        return dict(Counter(said.failure for said in self.texts if said.failure))

    @property
    def real_time_factor(self) -> float:
        """Time until the last packet, by time of speech."""
        seconds = sum(said.seconds for said in self.complete)
        return sum(said.took for said in self.complete) / seconds if seconds else _UNKNOWN

    @property
    def gaps(self) -> int:
        """How often playback would have run dry."""
        return sum(len(said.gaps) for said in self.complete)

    @property
    def longest_gap(self) -> float:
        """Seconds; 0 without any."""
        return max((gap.seconds for said in self.complete for gap in said.gaps), default=0.0)

    def as_data(self) -> dict[str, object]:
        """Return it for programs, with each text."""
        return {
            "name": self.name,
            "listeners": self.listeners,
            "first_packet": asdict(self.first_packet),
            "real_time_factor": self.real_time_factor,
            "gaps": self.gaps,
            "longest_gap": self.longest_gap,
            "failures": self.failures,
            "usage": asdict(self.usage) if self.usage else None,
            "texts": [
                {
                    "characters": len(said.text),
                    "began": said.began,
                    "first_packet": said.first_packet,
                    "took": said.took,
                    "seconds": said.seconds,
                    "complete": said.complete,
                    "gaps": [asdict(gap) for gap in said.gaps],
                    "failure": said.failure,
                }
                for said in self.texts
            ],
        }


@dataclass(frozen=True)
class Outcome:
    """All that was measured.

    alone: by length of text, one listener at a time.
    together: many listeners; None when it was not asked for.
    echoes: sentences that were recognised again.
    """

    alone: Mapping[int, Listening]
    together: Listening | None
    echoes: Sequence[Echo]

    def holds(self, goal: Goal) -> bool:
        """Whether all were well served: nothing lost, no gap, and within the goal."""
        every = [*self.alone.values(), *([self.together] if self.together else [])]
        return (
            all(listening.first_packets for listening in every)
            and not any(listening.failures or listening.gaps for listening in every)
            and all(each.first_packet.p50 <= goal.alone for each in self.alone.values())
            and (self.together is None or self.together.first_packet.p95 <= goal.together)
        )


def report(outcome: Outcome, goal: Goal, facts: Sequence[tuple[str, str]]) -> Report:
    """Return the report of what was measured."""
    aim = (
        f"first packet {milliseconds(goal.alone)} ms at the median alone, "
        f"{milliseconds(goal.together)} ms at the 95th percentile together; no gaps"
    )
    facts = [*facts, ("goal", aim), ("reached", "yes" if outcome.holds(goal) else "no")]
    tables = []
    every = list(outcome.alone.values())
    if every:
        columns = ["characters", *map(str, outcome.alone)]
        tables.append(Table("One listener", columns, _rows(every)))
    if outcome.together:
        together = outcome.together
        tables.append(
            Table(
                "Many listeners",
                ["listeners", str(together.listeners)],
                [*_rows([together]), *_uses(together)],
            )
        )
    if outcome.echoes:
        tables.append(_echo_table(outcome.echoes))
    return Report(
        "Synthesis",
        facts,
        tables,
        _charts(outcome, goal),
        {
            "facts": dict(facts),
            "alone": {str(n): listening.as_data() for n, listening in outcome.alone.items()},
            "together": outcome.together.as_data() if outcome.together else None,
            "echoes": [asdict(echo) | echo.errors.as_data() for echo in outcome.echoes],
        },
        [_sentences(outcome.echoes)] if outcome.echoes else [],
    )


def _rows(every: Sequence[Listening]) -> list[list[str]]:
    spreads = [each.first_packet for each in every]
    return [
        ["texts", *(str(len(each.texts)) for each in every)],
        ["lost or refused", *(_failures(each) for each in every)],
        ["first packet, p50 (ms)", *(milliseconds(s.p50) for s in spreads)],
        ["first packet, p95 (ms)", *(milliseconds(s.p95) for s in spreads)],
        ["first packet, worst (ms)", *(milliseconds(s.worst) for s in spreads)],
        ["heard to the end", *(str(len(each.complete)) for each in every)],
        ["real-time factor", *(factor(each.real_time_factor) for each in every)],
        ["gaps", *(str(each.gaps) for each in every)],
        ["longest gap (ms)", *(milliseconds(each.longest_gap) for each in every)],
    ]


def _uses(listening: Listening) -> list[list[str]]:
    usage = listening.usage
    if usage is None:
        return []
    return [
        ["server's own cores", f"{usage.cpu_server:.2f}"],
        ["its workers' cores", f"{usage.cpu_workers:.2f}"],
        ["load generator's cores", f"{usage.cpu_self:.2f}"],
        ["memory at most (MB)", f"{usage.memory_peak / _MB:,.0f}"],
    ]


def _failures(listening: Listening) -> str:
    return ", ".join(f"{n} {code}" for code, n in listening.failures.items()) or "0"


def _echo_table(echoes: Sequence[Echo]) -> Table:
    rows = []
    for voice, lang in dict.fromkeys((echo.voice, echo.lang) for echo in echoes):
        mine = [echo for echo in echoes if (echo.voice, echo.lang) == (voice, lang)]
        good = [echo for echo in mine if not echo.failure]
        found = total([echo.errors for echo in good])
        unit = "characters" if lang in CHARACTER_LANGUAGES else "words"
        rows.append(
            [
                voice,
                lang,
                str(len(mine)),
                str(len(mine) - len(good)),
                f"{found.length} {unit}",
                percent(found.rate),
            ]
        )
    return Table(
        "Recognised again", ["voice", "language", "sentences", "lost", "said", "errors"], rows
    )


def _sentences(echoes: Sequence[Echo]) -> Table:
    worst = sorted(echoes, key=lambda echo: echo.errors.edits, reverse=True)
    rows = [[e.voice, str(e.errors.edits), e.text, e.failure or e.heard] for e in worst]
    return Table("Sentences", ["voice", "errors", "said", "heard"], rows)


def _charts(outcome: Outcome, goal: Goal) -> list[Chart]:
    def chart(title: str, every: Sequence[Listening], limit: float) -> Chart:
        lines = [distribution(each.name, each.first_packets) for each in every]
        latest = max((x for line in lines for x, _ in line.points), default=limit)
        return Chart(
            title,
            "seconds",
            "share at most so late",
            lines,
            [Guide("goal", limit, "x")],
            x_range=(0.0, max(latest, limit) * 1.05),
            y_range=(0.0, 1.0),
            y_percent=True,
        )

    charts = []
    if outcome.alone:
        charts.append(chart("First packet, one listener", list(outcome.alone.values()), goal.alone))
    if outcome.together:
        charts.append(chart("First packet, many listeners", [outcome.together], goal.together))
    return charts
