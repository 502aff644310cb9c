"""The figures of one trial of a recognition load, and the goal that it is held to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property

from liusheng.bench.asr_client import AsrResult
from liusheng.bench.figures import Summary, share_above
from liusheng.bench.processes import ResourceUsage
from liusheng.bench.scoring import Errors, errors


@dataclass(frozen=True)
class AsrGoal:
    """The largest acceptable latencies, in seconds.

    delay: mean of the token delay.
    final: 95th percentile of the final latency.
    lag: 95th percentile of the lag of a chunk, instead of the token delay: for online models,
        including models that recognise nothing (random weights).
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
class AsrTrial:
    """The results of a load with one number of streams.

    usage: of the server's processes; None where they cannot be observed.
    """

    streams: int
    results: Sequence[AsrResult]
    goal: AsrGoal
    usage: ResourceUsage | None = None

    @cached_property
    def delays(self) -> list[float]:
        """The delay of every token, in seconds."""
        return [delay for result in self.results for delay in result.delays]

    @cached_property
    def finals(self) -> list[float]:
        """The final latency of every recording that was not lost, in seconds."""
        return [r.final_latency for r in self.results if r.final_latency is not None]

    @cached_property
    def lags(self) -> list[float]:
        """The lag of every chunk, in seconds."""
        return [lag for result in self.results for lag in result.lags]

    @cached_property
    def lag(self) -> Summary:
        """Of `lags`."""
        return Summary.of(self.lags)

    @cached_property
    def token_delay(self) -> Summary:
        """Of `delays`."""
        return Summary.of(self.delays)

    @cached_property
    def final_latency(self) -> Summary:
        """Of `finals`."""
        return Summary.of(self.finals)

    @cached_property
    def errors(self) -> dict[str, Errors]:
        """By language, of the recordings with a reference that were not lost."""
        counts: dict[str, Errors] = {}
        for result in self.results:
            recording = result.recording
            if recording.reference and not result.failure:
                found = errors(recording.reference, result.text, recording.lang)
                counts[recording.lang] = counts.get(recording.lang, Errors()) + found
        return counts

    @cached_property
    def failures(self) -> dict[str, int]:
        """The number of recordings that were lost or refused, by the error's code."""
        return dict(Counter(result.failure for result in self.results if result.failure))

    @property
    def lateness(self) -> float:
        """The largest delay of a packet over its schedule, in seconds; NaN without results."""
        return max((result.lateness for result in self.results), default=float("nan"))

    @property
    def reached(self) -> bool:
        """Whether the goal was reached, without any recording lost or refused."""
        goal = self.goal
        if not self.results or self.failures:
            return False
        in_time = self.token_delay.mean <= goal.delay
        if goal.lag is not None:
            in_time = self.lag.p95 <= goal.lag
        return in_time and self.final_latency.p95 <= goal.final

    def __str__(self) -> str:
        delay = f"token delay {self.token_delay.mean:.2f} s on average"
        if self.goal.lag is not None:
            delay = f"lag {self.lag.p95:.2f} s at p95"
        final = f"final {self.final_latency.p95:.2f} s at p95"
        lost = f"{sum(self.failures.values())} lost"
        outcome = "goal reached" if self.reached else "goal missed"
        streams = "1 stream" if self.streams == 1 else f"{self.streams} streams"
        return f"{streams}: {delay}, {final}, {lost}: {outcome}"

    def as_data(self) -> dict[str, object]:
        """The figures and every result, as plain data for JSON."""
        return {
            "streams": self.streams,
            "reached": self.reached,
            "token_delay": asdict(self.token_delay),
            "tokens_late": share_above(self.delays, self.goal.delay),
            "lag": asdict(self.lag),
            "final_latency": asdict(self.final_latency),
            "finals_late": share_above(self.finals, self.goal.final),
            "errors": {lang: found.as_data() for lang, found in self.errors.items()},
            "failures": self.failures,
            "usage": asdict(self.usage) if self.usage else None,
            "results": [
                {
                    "id": result.recording.id,
                    "lang": result.recording.lang,
                    "began": result.began,
                    "seconds": result.seconds,
                    "model": result.model,
                    "text": result.text,
                    "final_latency": result.final_latency,
                    "token_delays": result.delays,
                    "lags": result.lags,
                    "lateness": result.lateness,
                    "failure": result.failure,
                }
                for result in self.results
            ],
        }
