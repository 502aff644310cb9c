"""The report of a soak."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from liusheng.bench.figures import Summary
from liusheng.bench.report import Chart, Report, Series, Table
from liusheng.bench.soak.sessions import SessionOutcome, Work
from liusheng.bench.soak.soak import SoakResult
from liusheng.bench.soak.verdict import (
    Check,
    check,
    compare_long,
    describe,
    descriptor_trend,
    differing,
    lost,
    memory_trend,
    reached,
    refused,
)

_MB = 1 << 20


def report(result: SoakResult, facts: Sequence[tuple[str, str]]) -> Report:
    """The report of a soak. facts: the circumstances; see `Report`."""
    checks = check(result)
    facts = [
        *facts,
        ("load", f"{result.clients} clients; with faults for {result.seconds / 60:.1f} min"),
    ]
    if result.faults_left_out:
        facts.append(("left out", ", ".join(kind.value for kind in result.faults_left_out)))
    facts.append(("goal", "reached" if reached(checks) else "missed"))
    return Report(
        "Soak",
        facts,
        [_checks(checks), _sessions(result), _faults(result)],
        _charts(result),
        _data(result, checks, facts),
        [_differences(result)],
    )


def _checks(checks: Sequence[Check]) -> Table:
    words = {True: "kept", False: "BROKEN", None: "not checked"}
    return Table(
        "Promises",
        ["promise", "", "figures"],
        [[each.name, words[each.passed], each.figure] for each in checks],
    )


def _sessions(result: SoakResult) -> Table:
    rows = []
    for work in Work:
        of_work = [
            [outcome for outcome in outcomes if outcome.task.work is work]
            for outcomes in (result.quiet, result.loaded, result.faulted)
        ]
        if not any(of_work):
            continue
        faulted = of_work[2]
        took = Summary.of(outcome.took for outcome in faulted if not outcome.failure)
        rows.append(
            [
                work.value,
                *(f"{len(outcomes):,}" for outcomes in of_work),
                f"{len(lost(of_work[1]))} / {len(lost(faulted))}",
                "–"
                if work is Work.LONG
                else f"{len(differing(result.quiet, of_work[1]))} / "
                f"{len(differing(result.quiet, faulted))}",
                f"{took.p50:.1f} / {took.maximum:.1f}" if took.count else "–",
            ]
        )
    columns = ["sessions", "quiet", "loaded", "with faults", "lost (loaded / with faults)"]
    return Table("Sessions", [*columns, "different", "seconds, p50 / max"], rows)


def _faults(result: SoakResult) -> Table:
    made = Counter(record.fault.kind for record in result.faults)
    return Table("Faults", ["fault", "made"], [[kind.value, str(n)] for kind, n in made.items()])


def _differences(result: SoakResult) -> Table:
    """Every session that was lost, refused, or had another result."""
    expected = {outcome.task: outcome.value for outcome in result.quiet}
    made = [*result.loaded, *result.faulted]
    rows = [
        [f"{o.began:.1f}", describe(o.task), o.failure or "different", expected[o.task.reference],
         o.value]
        for o in (*lost(made), *refused(made), *differing(result.quiet, made))
    ]  # fmt: skip
    return Table("Lost, refused and different", ["second", "session", "", "quiet", "found"], rows)


def _charts(result: SoakResult) -> list[Chart]:
    start = result.samples[0].at if result.samples else 0.0
    samples = [(sample.at - start, sample) for sample in result.samples]
    memory = [(at, sample.memory / _MB) for at, sample in samples]
    opened = [(at, float(sample.descriptors)) for at, sample in samples]
    delays = [(at - start, delay) for at, delay in result.delays]
    x = "seconds since the start of the load with faults"
    return [
        Chart("Memory", x, "MB", [Series("server and workers", memory)]),
        Chart("Descriptors", x, "open descriptors", [Series("server", opened)]),
        Chart("Small requests", x, "seconds", [Series("answered after", delays, dots=True)]),
    ]


def _data(
    result: SoakResult, checks: Sequence[Check], facts: Sequence[tuple[str, str]]
) -> dict[str, Any]:
    memory, opened, long = memory_trend(result), descriptor_trend(result), compare_long(result)
    return {
        "facts": dict(facts),
        "reached": reached(checks),
        "interrupted": result.interrupted,
        "checks": [asdict(each) for each in checks],
        "memory": asdict(memory) if memory else None,
        "descriptors": asdict(opened) if opened else None,
        "long_speech": asdict(long) if long else None,
        "probe": asdict(Summary.of(delay for _, delay in result.delays)),
        "idle": asdict(result.idle) if result.idle else None,
        "rested": asdict(result.rested) if result.rested else None,
        "ending": asdict(result.ending) if result.ending else None,
        "faults": [
            {
                "at": record.fault.at,
                "kind": record.fault.kind.name.lower(),
                "seed": record.fault.seed,
                "detail": record.detail,
                "problems": record.problems,
            }
            for record in result.faults
        ],
        "samples": [asdict(sample) for sample in result.samples],
        "sessions": {
            "quiet": [_session(outcome) for outcome in result.quiet],
            "loaded": [_session(outcome) for outcome in result.loaded],
            "with_faults": [_session(outcome) for outcome in result.faulted],
        },
    }


def _session(outcome: SessionOutcome) -> dict[str, object]:
    return {
        "work": outcome.task.work.name.lower(),
        "item": outcome.task.item,
        "began": outcome.began,
        "took": outcome.took,
        "seconds": outcome.seconds,
        "value": outcome.value,
        "failure": outcome.failure,
    }
