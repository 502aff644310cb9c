"""What a simulated cluster did."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Sample:
    """The cluster at a moment.

    ready, starting: replicas.
    mean, p95: of the token delay of all sessions; p95: the mean of the replicas', by sessions;
        0: nothing was shown.
    worst: mean token delay in the slowest replica.
    refused, lost: sessions so far.
    """

    at: float
    sessions: int
    ready: int
    starting: int
    mean: float
    p95: float
    worst: float
    refused: int
    lost: int


@dataclass
class SimulationResults:
    """Counts of sessions, but for what is said.

    began: admitted.
    completed: to the end.
    attempts_refused: attempts to begin that found no room.
    refused: gave up before they began.
    broken: times that a session lost its replica by a failure.
    moved: times that a session was told to go on elsewhere, because its replica was to end.
    resumed: times that one went on elsewhere.
    lost: ended by a failure: its client could not resume, or found no room for too long.
    active: under way at the end, those that wait to resume included.
    replica_failures, node_failures: failures.
    waits: seconds until each of those that were not admitted at once was.
    gaps: seconds from the break to the resumption, each.
    replica_seconds: of all replicas, starting ones included.
    session_seconds: of all sessions.
    """

    began: int = 0
    completed: int = 0
    attempts_refused: int = 0
    refused: int = 0
    broken: int = 0
    moved: int = 0
    resumed: int = 0
    lost: int = 0
    active: int = 0
    replica_failures: int = 0
    node_failures: int = 0
    waits: list[float] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)
    replica_seconds: float = 0.0
    session_seconds: float = 0.0
    samples: list[Sample] = field(default_factory=list)

    @property
    def mean_delay(self) -> float:
        """The mean token delay of all sessions at all moments at which something was shown."""
        shown = [each for each in self.samples if each.mean]
        total = sum(each.sessions for each in shown)
        return sum(each.mean * each.sessions for each in shown) / total if total else 0.0
