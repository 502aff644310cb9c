"""The figures of a synthesis benchmark, and the goal that it is held to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property

from liusheng.bench.figures import Summary
from liusheng.bench.intelligibility import IntelligibilityResult
from liusheng.bench.processes import ResourceUsage
from liusheng.bench.tts_client import TtsResult

_UNKNOWN = float("nan")


@dataclass(frozen=True)
class TtsGoal:
    """The largest acceptable first-packet latencies, in seconds.

    single: median for one listener, at every length of text.
    load: 95th percentile for many listeners.
    """

    single: float = 0.05
    load: float = 0.3


@dataclass(frozen=True)
class TtsTrial:
    """The results of texts that were synthesised under the same circumstances.

    usage: of the server's processes; None where they were not observed.
    listeners: at once.
    """

    name: str
    results: Sequence[TtsResult]
    usage: ResourceUsage | None = None
    listeners: int = 1

    @cached_property
    def first_packet(self) -> Summary:
        """Of `first_packets`."""
        return Summary.of(self.first_packets)

    @cached_property
    def first_packets(self) -> list[float]:
        """The first-packet latency of every text that had audio, in seconds."""
        return [r.first_packet for r in self.results if r.first_packet is not None]

    @cached_property
    def complete(self) -> list[TtsResult]:
        """The results whose audio was received to the end."""
        return [result for result in self.results if result.complete]

    @cached_property
    def failures(self) -> dict[str, int]:
        """The number of texts that were lost or refused, by the error's code."""
        return dict(Counter(result.failure for result in self.results if result.failure))

    @property
    def real_time_factor(self) -> float:
        """Seconds until the last packet per second of audio; NaN without complete results."""
        seconds = sum(result.seconds for result in self.complete)
        return sum(result.took for result in self.complete) / seconds if seconds else _UNKNOWN

    @property
    def gaps(self) -> int:
        """The number of interruptions of playback."""
        return sum(len(result.gaps) for result in self.complete)

    @property
    def longest_gap(self) -> float:
        """Seconds; 0 without any."""
        return max((gap.seconds for result in self.complete for gap in result.gaps), default=0.0)

    def as_data(self) -> dict[str, object]:
        """The figures and every result, as plain data for JSON."""
        return {
            "name": self.name,
            "listeners": self.listeners,
            "first_packet": asdict(self.first_packet),
            "real_time_factor": self.real_time_factor,
            "gaps": self.gaps,
            "longest_gap": self.longest_gap,
            "failures": self.failures,
            "usage": asdict(self.usage) if self.usage else None,
            "results": [
                {
                    "characters": len(result.text),
                    "began": result.began,
                    "first_packet": result.first_packet,
                    "took": result.took,
                    "seconds": result.seconds,
                    "complete": result.complete,
                    "gaps": [asdict(gap) for gap in result.gaps],
                    "failure": result.failure,
                }
                for result in self.results
            ],
        }


@dataclass(frozen=True)
class TtsMeasurement:
    """All results of a synthesis benchmark.

    single: by length of text in characters, with one listener at a time.
    load: with many listeners; None when that was left out.
    intelligibility: of sentences that were recognised again.
    """

    single: Mapping[int, TtsTrial]
    load: TtsTrial | None
    intelligibility: Sequence[IntelligibilityResult]

    def reached(self, goal: TtsGoal) -> bool:
        """Whether the goal was reached, with nothing lost and without gaps."""
        trials = [*self.single.values(), *([self.load] if self.load else [])]
        return (
            all(trial.first_packets for trial in trials)
            and not any(trial.failures or trial.gaps for trial in trials)
            and all(trial.first_packet.p50 <= goal.single for trial in self.single.values())
            and (self.load is None or self.load.first_packet.p95 <= goal.load)
        )
