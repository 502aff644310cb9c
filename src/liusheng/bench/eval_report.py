"""How well recordings were recognised, live and offline: figures and their report."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isfinite, isnan

from liusheng.bench.figures import Spread, factor, milliseconds, percent
from liusheng.bench.report import Chart, Line, Report, Table, distribution
from liusheng.bench.scoring import CHARACTER_LANGUAGES, Errors, errors
from liusheng.bench.transcribe import Recording

TOTAL = "all"
_RESAMPLES = 2_000
_UNKNOWN = float("nan")


@dataclass(frozen=True)
class Result:
    """A recording, and what was heard of it.

    seconds: of audio.
    live: what a client gets. whole: the same recogniser given the whole recording at once. plain:
        what a plain user of the same model gets (see `liusheng.bench.transcribe`). None: not
        asked for.
    delays, final_latency: of `live`, in seconds.
    cpu_live, cpu_whole, cpu_plain: seconds of processor time; NaN where it is not known.
    failure: code of the error that ended it; "" when it went well.
    """

    recording: Recording
    seconds: float
    model: str
    live: str
    delays: tuple[float, ...] = ()
    final_latency: float = _UNKNOWN
    cpu_live: float = _UNKNOWN
    whole: str | None = None
    cpu_whole: float = _UNKNOWN
    plain: str | None = None
    cpu_plain: float = _UNKNOWN
    failure: str = ""

    @cached_property
    def live_errors(self) -> Errors:
        """Of the live text."""
        return errors(self.recording.reference, self.live, self.recording.lang)

    @cached_property
    def whole_errors(self) -> Errors | None:
        """Of the text of the whole recording at once."""
        return self._errors(self.whole)

    @cached_property
    def plain_errors(self) -> Errors | None:
        """Of a plain user's text."""
        return self._errors(self.plain)

    def _errors(self, text: str | None) -> Errors | None:
        if text is None:
            return None
        return errors(self.recording.reference, text, self.recording.lang)


def total(found: Sequence[Errors | None]) -> Errors:
    """Return all errors together."""
    return sum((each for each in found if each is not None), Errors())


def difference_interval(
    pairs: Sequence[tuple[Errors, Errors]], seed: int = 0
) -> tuple[float, float]:
    """Return between what the difference of two error rates lies, with 95 % confidence.

    pairs: errors of the same recordings in two ways. Recordings are drawn anew, with replacement
        (paired bootstrap; Bisani and Ney 2004). NaN for fewer than two.
    """
    if len(pairs) < 2:
        return _UNKNOWN, _UNKNOWN
    draw = random.Random(seed)
    differences = []
    for _ in range(_RESAMPLES):
        sample = draw.choices(pairs, k=len(pairs))
        length = sum(a.length for a, _ in sample)
        if length:
            differences.append(sum(a.edits - b.edits for a, b in sample) / length)
    differences.sort()
    return differences[len(differences) // 40], differences[-1 - len(differences) // 40]


def report(results: Sequence[Result], facts: Sequence[tuple[str, str]]) -> Report:
    """Return the report of what was heard of some recordings."""
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


def _figures(groups: dict[str, list[Result]]) -> Table:
    columns = [_column(group) for group in groups.values()]
    return Table(
        "Figures",
        ["", *(f"{name} ({_rate_name(name)})" for name in groups)],
        [[label, *(column[label] for column in columns)] for label in columns[0]],
    )


def _column(group: Sequence[Result]) -> dict[str, str]:
    good = [r for r in group if not r.failure]
    live, whole = total([r.live_errors for r in good]), total([r.whole_errors for r in good])
    low, high = _interval(good)
    delay, final = _delay(good), _final(good)
    column = {
        "recordings": str(len(group)),
        "lost": str(len(group) - len(good)),
        "seconds of audio": f"{sum(r.seconds for r in good):,.0f}",
        "tokens said": f"{live.length:,}",
        "errors live": percent(live.rate),
        "errors, whole at once": percent(whole.rate),
        "errors, plain": percent(total([r.plain_errors for r in good]).rate),
        "live − whole (points)": _points(live.rate - whole.rate),
        "95 % interval of it": "–" if isnan(low) else f"{_points(low)} to {_points(high)}",
    }
    for what, spread in (("token delay", delay), ("final latency", final)):
        column |= {
            f"{what}, mean (ms)": milliseconds(spread.mean),
            f"{what}, p50 (ms)": milliseconds(spread.p50),
            f"{what}, p95 (ms)": milliseconds(spread.p95),
        }
    for way, value in _real_time_factors(good).items():
        column[f"real-time factor, {way}"] = factor(value)
    return column


def _details(results: Sequence[Result]) -> Table:
    columns = ["recording", "errors live", "whole", "plain", "final (ms)", "heard live", "said"]
    worst = sorted(results, key=lambda r: r.live_errors.edits, reverse=True)
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
        for result in worst
    ]
    return Table("Recordings", columns, rows)


def _charts(groups: dict[str, list[Result]]) -> list[Chart]:
    share = "share at most so late"
    top = max((d for group in groups.values() for r in group for d in r.delays), default=1.0)
    charts = [
        Chart(
            "Token delay",
            "seconds",
            share,
            [
                distribution(lang, [delay for r in group for delay in r.delays])
                for lang, group in groups.items()
            ],
            x_range=(0.0, max(top, 0.1) * 1.05),
            y_range=(0.0, 1.0),
            y_percent=True,
        ),
        Chart(
            "Final latency",
            "seconds",
            share,
            [
                distribution(lang, [r.final_latency for r in group if isfinite(r.final_latency)])
                for lang, group in groups.items()
            ],
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
        high = max(max(pair) for pairs in rates.values() for pair in pairs)
        charts.append(
            Chart(
                "Live against the whole at once",
                "error rate of the whole recording at once",
                "error rate live",
                [
                    *(Line(lang, pairs, dots=True) for lang, pairs in rates.items()),
                    Line("equal", [(0.0, 0.0), (high or 1.0, high or 1.0)]),
                ],
                x_percent=True,
                y_percent=True,
            )
        )
    return charts


def _data(group: Sequence[Result]) -> dict[str, object]:
    good = [r for r in group if not r.failure]
    low, high = _interval(good)
    return {
        "recordings": len(group),
        "lost": len(group) - len(good),
        "seconds": sum(r.seconds for r in good),
        "live": total([r.live_errors for r in good]).as_data(),
        "whole": total([r.whole_errors for r in good]).as_data(),
        "plain": total([r.plain_errors for r in good]).as_data(),
        "live_minus_whole": {"low": low, "high": high},
        "token_delay": _delay(good),
        "final_latency": _final(good),
        "real_time_factor": _real_time_factors(good),
    }


def _recording(result: Result) -> dict[str, object]:
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
    }


def _interval(results: Sequence[Result]) -> tuple[float, float]:
    return difference_interval(
        [(r.live_errors, r.whole_errors) for r in results if r.whole_errors is not None]
    )


def _delay(results: Sequence[Result]) -> Spread:
    return Spread.of(delay for r in results for delay in r.delays)


def _final(results: Sequence[Result]) -> Spread:
    return Spread.of(r.final_latency for r in results if isfinite(r.final_latency))


def _real_time_factors(results: Sequence[Result]) -> dict[str, float]:
    """Return processor time by time of speech, each way."""
    seconds = sum(r.seconds for r in results) or _UNKNOWN
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
