"""The report of an evaluation of recognition, by language."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite, isnan

from liusheng.bench.eval_results import EvalResult, difference_interval, total
from liusheng.bench.figures import Summary, milliseconds, percent, ratio
from liusheng.bench.report import Chart, Report, Series, Table, distribution
from liusheng.bench.scoring import CHARACTER_LANGUAGES

TOTAL = "all"
"""The name of the column over all languages."""


def report(results: Sequence[EvalResult], facts: Sequence[tuple[str, str]]) -> Report:
    """The report of some results. facts: the circumstances of the evaluation; see `Report`."""
    langs = sorted({result.recording.lang for result in results})
    groups = {lang: [r for r in results if r.recording.lang == lang] for lang in langs}
    if len(groups) > 1:
        groups[TOTAL] = list(results)
    return Report(
        "Recognition of recordings",
        facts,
        [_figures(groups)],
        _charts({lang: group for lang, group in groups.items() if lang != TOTAL}),
        {
            "facts": dict(facts),
            "languages": {name: _data(group) for name, group in groups.items()},
            "recordings": [_recording(result) for result in results],
        },
        [_details(results)],
    )


def _figures(groups: dict[str, list[EvalResult]]) -> Table:
    columns = [_column(group) for group in groups.values()]
    return Table(
        "Figures",
        ["", *(f"{name} ({_rate_name(name)})" for name in groups)],
        [[label, *(column[label] for column in columns)] for label in columns[0]],
    )


def _column(group: Sequence[EvalResult]) -> dict[str, str]:
    good = [r for r in group if not r.failure]
    live, whole = total([r.live_errors for r in good]), total([r.whole_errors for r in good])
    low, high = _interval(good)
    column = {
        "recordings": str(len(group)),
        "lost": str(len(group) - len(good)),
        "seconds of audio": f"{sum(r.seconds for r in good):,.0f}",
        "tokens in the references": f"{live.length:,}",
        "error rate, live": percent(live.rate),
        "error rate, whole": percent(whole.rate),
        "error rate, plain": percent(total([r.plain_errors for r in good]).rate),
        "live − whole (points)": _points(live.rate - whole.rate),
        "its 95 % interval": "–" if isnan(low) else f"{_points(low)} to {_points(high)}",
    }
    for way, heard in _heard(good).items():
        column[f"deleted, {way}"] = percent(heard["deleted"])
        column[f"sentences lost, {way}"] = f"{heard['lost']:g} of {heard['sentences']:g}"
    for what, summary in (("token delay", _delay(good)), ("final latency", _final(good))):
        column |= {
            f"{what}, mean (ms)": milliseconds(summary.mean),
            f"{what}, p50 (ms)": milliseconds(summary.p50),
            f"{what}, p95 (ms)": milliseconds(summary.p95),
        }
    for way, value in _real_time_factors(good).items():
        column[f"real-time factor, {way}"] = ratio(value)
    return column


def _details(results: Sequence[EvalResult]) -> Table:
    columns = ["recording", "live errors", "whole", "plain", "final (ms)", "live", "reference"]
    worst_first = sorted(results, key=lambda r: r.live_errors.edits, reverse=True)
    rows = [
        [
            result.recording.id,
            str(result.live_errors.edits),
            *(
                "–" if found is None else str(found.edits)
                for found in (result.whole_errors, result.plain_errors)
            ),
            milliseconds(result.final_latency),
            result.failure or result.live,
            result.recording.reference,
        ]
        for result in worst_first
    ]
    return Table("Recordings", columns, rows)


def _charts(groups: dict[str, list[EvalResult]]) -> list[Chart]:
    delays = {lang: [delay for r in group for delay in r.delays] for lang, group in groups.items()}
    finals = {
        lang: [r.final_latency for r in group if isfinite(r.final_latency)]
        for lang, group in groups.items()
    }
    longest = max((delay for each in delays.values() for delay in each), default=1.0)
    charts = [
        Chart(
            "Token delay",
            "seconds",
            "cumulative share",
            [distribution(lang, each) for lang, each in delays.items()],
            x_range=(0.0, max(longest, 0.1) * 1.05),
            y_range=(0.0, 1.0),
            y_percent=True,
        ),
        Chart(
            "Final latency",
            "seconds",
            "cumulative share",
            [distribution(lang, each) for lang, each in finals.items()],
            y_range=(0.0, 1.0),
            y_percent=True,
        ),
    ]
    rates = {
        lang: [
            (r.whole_errors.rate, r.live_errors.rate)
            for r in group
            if r.whole_errors is not None and r.live_errors.length
        ]
        for lang, group in groups.items()
    }
    if any(rates.values()):
        charts.append(_live_and_whole(rates))
    return charts


def _live_and_whole(rates: dict[str, list[tuple[float, float]]]) -> Chart:
    highest = max(max(pair) for pairs in rates.values() for pair in pairs) or 1.0
    return Chart(
        "Live and whole",
        "error rate, whole",
        "error rate, live",
        [
            *(Series(lang, pairs, dots=True) for lang, pairs in rates.items()),
            Series("equal", [(0.0, 0.0), (highest, highest)]),
        ],
        x_percent=True,
        y_percent=True,
    )


def _data(group: Sequence[EvalResult]) -> dict[str, object]:
    good = [r for r in group if not r.failure]
    low, high = _interval(good)
    return {
        "recordings": len(group),
        "lost": len(group) - len(good),
        "seconds": sum(r.seconds for r in good),
        "live": total([r.live_errors for r in good]).as_data(),
        "whole": total([r.whole_errors for r in good]).as_data(),
        "plain": total([r.plain_errors for r in good]).as_data(),
        "joined": _heard(good),
        "live_minus_whole": {"low": low, "high": high},
        "token_delay": _delay(good),
        "final_latency": _final(good),
        "real_time_factor": _real_time_factors(good),
    }


def _recording(result: EvalResult) -> dict[str, object]:
    return {
        "id": result.recording.id,
        "lang": result.recording.lang,
        "model": result.model,
        "seconds": result.seconds,
        "reference": result.recording.reference,
        "live": result.live,
        "whole": result.whole,
        "plain": result.plain,
        "live_edits": result.live_errors.edits,
        "length": result.live_errors.length,
        "token_delays": result.delays,
        "final_latency": result.final_latency,
        "failure": result.failure,
        "parts": result.recording.parts,
    }


def _heard(results: Sequence[EvalResult]) -> dict[str, dict[str, float]]:
    """How much of joined recordings is in each transcript; empty for other recordings.

    A sentence is lost when more than half of its tokens are deleted.
    """
    heard = {}
    ways = {
        "live": [part for r in results for part in r.deleted(r.live)],
        "whole": [part for r in results for part in r.deleted(r.whole)],
        "plain": [part for r in results for part in r.deleted(r.plain)],
    }
    for way, parts in ways.items():
        if length := sum(count for _, count in parts):
            heard[way] = {
                "deleted": sum(lacking for lacking, _ in parts) / length,
                "lost": sum(2 * lacking > count for lacking, count in parts),
                "sentences": len(parts),
            }
    return heard


def _interval(results: Sequence[EvalResult]) -> tuple[float, float]:
    return difference_interval(
        [(r.live_errors, r.whole_errors) for r in results if r.whole_errors is not None]
    )


def _delay(results: Sequence[EvalResult]) -> Summary:
    return Summary.of(delay for r in results for delay in r.delays)


def _final(results: Sequence[EvalResult]) -> Summary:
    return Summary.of(r.final_latency for r in results if isfinite(r.final_latency))


def _real_time_factors(results: Sequence[EvalResult]) -> dict[str, float]:
    """Seconds of processor time per second of audio, of each transcript."""
    seconds = sum(r.seconds for r in results) or float("nan")
    return {
        "live": sum(r.cpu_live for r in results) / seconds,
        "whole": sum(r.cpu_whole for r in results) / seconds,
        "plain": sum(r.cpu_plain for r in results) / seconds,
    }


def _rate_name(lang: str) -> str:
    if lang == TOTAL:
        return "tokens"
    return "characters" if lang in CHARACTER_LANGUAGES else "words"


def _points(difference: float) -> str:
    return "–" if isnan(difference) else f"{100 * difference:+.1f}"
