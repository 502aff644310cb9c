"""What must come out of a soak, and whether it did."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from liusheng.bench.figures import Summary
from liusheng.bench.soak.comparison import SpreadComparison, compare
from liusheng.bench.soak.sessions import RETRY_SECONDS, SessionOutcome, SoakTask, Work
from liusheng.bench.soak.soak import RECOVERED, SPARE_DESCRIPTORS, SoakResult, recovered
from liusheng.bench.soak.trend import Trend, trend
from liusheng.protocol.errors import ErrorCode

_MB = 1 << 20
_REFUSED = ErrorCode.SERVER_BUSY.value
DELAY_GOAL = 0.085
"""Seconds that the 99th percentile of the answers to a small request may take: a packet of live
audio has this duration, so a longer delay makes replies fall behind."""


@dataclass(frozen=True)
class Check:
    """A promise, and whether it was kept.

    passed: None: it could not be checked; `figure` says why.
    """

    name: str
    passed: bool | None
    figure: str


def differing(
    references: Iterable[SessionOutcome], outcomes: Iterable[SessionOutcome]
) -> list[SessionOutcome]:
    """The sessions that ended, and not with the result of the quiet run; without long speech."""
    expected = {outcome.task: outcome.value for outcome in references}
    return [
        outcome
        for outcome in outcomes
        if not outcome.failure
        and outcome.task.work is not Work.LONG
        and outcome.value != expected[outcome.task.reference]
    ]


def lost(outcomes: Iterable[SessionOutcome]) -> list[SessionOutcome]:
    """The sessions that did not end well; without those that a full server refused."""
    return [outcome for outcome in outcomes if outcome.failure not in ("", _REFUSED)]


def refused(outcomes: Iterable[SessionOutcome]) -> list[SessionOutcome]:
    """The sessions that a full server refused for as long as they were tried again."""
    return [outcome for outcome in outcomes if outcome.failure == _REFUSED]


def compare_long(result: SoakResult) -> SpreadComparison | None:
    """Compare the transcripts of long speech under faults with those without; None: there are no
    such."""
    without = defaultdict(list)
    for outcome in (*result.quiet, *result.loaded):
        if outcome.task.work is Work.LONG and not outcome.failure:
            without[outcome.task.item].append(outcome.value)
    found = [
        (outcome.task.item, outcome.value)
        for outcome in result.faulted
        if outcome.task.work is Work.LONG and not outcome.failure
    ]
    return compare(without, found) if found else None


def memory_trend(result: SoakResult) -> Trend | None:
    """The trend of the memory under faults, in bytes."""
    return trend([(sample.at, sample.memory) for sample in result.samples])


def descriptor_trend(result: SoakResult) -> Trend | None:
    """The trend of the server's descriptors under faults."""
    samples = [(sample.at, sample.descriptors) for sample in result.samples]
    return trend(samples, least=SPARE_DESCRIPTORS)


def check(result: SoakResult) -> list[Check]:
    """All promises that a soak checks."""
    complete = Check(
        "run complete", not result.interrupted, "interrupted" if result.interrupted else "yes"
    )
    return [
        complete, *_sessions(result), *_faults(result), *_resources(result), *_end(result)
    ]  # fmt: skip


def _sessions(result: SoakResult) -> list[Check]:
    made = [*result.loaded, *result.faulted]
    failed, full, other = lost(made), refused(made), differing(result.quiet, made)
    works = {outcome.task.work for outcome in result.quiet}
    missing = [
        work.value
        for work in works
        if not any(o.task.work is work and not o.failure for o in result.faulted)
    ]
    total = len([o for o in made if o.task.work is not Work.LONG and not o.failure])
    checks = [
        Check("each kind of session was held", not missing, ", ".join(missing) or "yes"),
        Check("no session lost", not failed, f"{len(failed)} of {len(made)}{_codes(failed)}"),
        Check(
            "no session refused", not full, f"{len(full)} of {len(made)} for {RETRY_SECONDS:g} s"
        ),
        Check("results equal to the quiet run", not other, f"{len(other)} of {total} differ"),
    ]
    if Work.LONG in works:
        comparison = compare_long(result)
        checks.append(
            Check("long speech within the spread", None, "no transcript under faults")
            if comparison is None
            else Check(
                "long speech within the spread",
                not comparison.outside,
                f"{comparison.outside} of {len(comparison.distances)} outside; farthest "
                f"{max(comparison.distances):.1%}, spread {comparison.spread:.1%}",
            )
        )
    return checks


def _codes(failed: Sequence[SessionOutcome]) -> str:
    counts = Counter(outcome.failure for outcome in failed)
    return f" ({', '.join(f'{n} {code}' for code, n in counts.most_common())})" if counts else ""


def _faults(result: SoakResult) -> list[Check]:
    problems = [problem for record in result.faults for problem in record.problems]
    figure = "; ".join(problems) or f"{len(result.faults)} faults made"
    return [Check("bad input is refused in order", not problems, figure)]


def _resources(result: SoakResult) -> list[Check]:
    checks = [
        _flat("memory flat", memory_trend(result), _MB, "MB"),
        _flat("descriptors flat", descriptor_trend(result), 1, ""),
    ]
    idle, rested = result.idle, result.rested
    if idle and rested:
        checks.append(
            Check(
                "memory and descriptors given back",
                recovered(idle, rested),
                f"{idle.memory / _MB:,.0f} MB, {idle.descriptors} before; "
                f"{rested.memory / _MB:,.0f} MB, {rested.descriptors} after (at most "
                f"{RECOVERED:g} times the memory, {SPARE_DESCRIPTORS} descriptors more)",
            )
        )
    delay = Summary.of(delay for _, delay in result.delays)
    figure = f"p50 {delay.p50 * 1e3:.0f}, p99 {delay.p99 * 1e3:.0f}, max {delay.maximum * 1e3:.0f}"
    checks.append(
        Check(
            "small requests answered at once",
            bool(delay.count) and delay.p99 <= DELAY_GOAL and not result.unanswered,
            f"{figure} ms of {delay.count}, {result.unanswered} unanswered "
            f"(p99 at most {DELAY_GOAL * 1e3:.0f} ms)",
        )
    )
    return checks


def _flat(name: str, found: Trend | None, unit: float, label: str) -> Check:
    if found is None:
        return Check(name, None, "the process is not known, or the run shorter than three minutes")
    level, growth, per_hour, limit = (
        f"{value / unit:,.{0 if abs(value / unit) >= 10 else 1}f}"
        for value in (found.level, found.growth, found.per_hour, found.limit)
    )
    figure = f"median {level}, trend {growth} ({per_hour} an hour), at most {limit} {label}".strip()
    return Check(name, found.flat, figure)


def _end(result: SoakResult) -> list[Check]:
    ending = result.ending
    if ending is None:
        return [Check("clean end", None, "the server was not started for the soak")]
    left = f", left: {'; '.join(ending.left)}" if ending.left else ", no process left"
    status = "did not end" if ending.status is None else f"status {ending.status}"
    return [Check("clean end", ending.clean, f"{status} after {ending.seconds:.1f} s{left}")]


def reached(checks: Iterable[Check]) -> bool:
    """Whether every promise that could be checked was kept."""
    return all(each.passed is not False for each in checks)


def describe(task: SoakTask) -> str:
    """The name of a task in a report."""
    return f"{task.work.value}: {task.item}"
