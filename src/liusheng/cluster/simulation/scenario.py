"""What happens to a simulated cluster: its users, its failures, its autoscaler."""

from __future__ import annotations

from dataclasses import dataclass

HOUR = 3600.0
DAY = (
    0.10, 0.06, 0.04, 0.03, 0.03, 0.06, 0.15, 0.35, 0.70, 0.95, 1.00, 0.90,
    0.60, 0.75, 0.95, 1.00, 0.90, 0.75, 0.55, 0.50, 0.45, 0.35, 0.25, 0.15,
)  # fmt: skip
"""Share of the peak at each hour of a working day: an assumption."""


@dataclass(frozen=True)
class Burst:
    """More users at once. at, seconds: when it begins, and its length. factor: of the arrivals."""

    at: float
    seconds: float
    factor: float


@dataclass(frozen=True)
class Scenario:
    """What is assumed. Times are in seconds.

    speakers: sessions at once at the peak, on average.
    seconds: that are simulated.
    day: share of the peak at evenly spaced moments, the first at the start; between them a straight
        line, after the last the first again a day later.
    session: mean of a session (exponential).
    bursts: see `Burst`.
    resumable: share of the sessions whose client keeps audio and resumes; the others are lost with
        their replica.
    reconnect: until a client whose connection broke tries again, at most (uniform).
    retry, attempts: until a client that was refused tries again, and how often.
    resume_for: for which a client tries to resume.
    target: sessions of a replica that the autoscaler aims at.
    most: sessions of a replica at most.
    minimum, maximum: replicas.
    per_node: replicas on a node.
    look: seconds between two looks of the autoscaler.
    upscale_delay, downscale_delay: for which it sees that more, or fewer, are needed before it
        acts (Ray Serve's defaults).
    startup: from the decision to a replica that admits sessions.
    drain: that sessions have to end before they are moved off a replica that goes.
    replica_mtbf, node_mtbf: mean time between failures of one replica, of one node (exponential).
    sample: seconds between two points of the results.
    """

    speakers: float
    seconds: float = 24 * HOUR
    day: tuple[float, ...] = DAY
    session: float = 300.0
    bursts: tuple[Burst, ...] = ()
    resumable: float = 1.0
    reconnect: float = 1.0
    retry: float = 5.0
    attempts: int = 6
    resume_for: float = 30.0
    target: float = 12.0
    most: int = 20
    minimum: int = 1
    maximum: int = 10_000
    per_node: int = 8
    look: float = 10.0
    upscale_delay: float = 30.0
    downscale_delay: float = 600.0
    startup: float = 60.0
    drain: float = 30.0
    replica_mtbf: float = 30 * 24 * HOUR
    node_mtbf: float = 60 * 24 * HOUR
    sample: float = 60.0

    def arrivals(self, now: float) -> float:
        """Return how many sessions begin in a second."""
        place = now / (24 * HOUR) * len(self.day)
        first = int(place) % len(self.day)
        share = place - int(place)
        level = (1 - share) * self.day[first] + share * self.day[(first + 1) % len(self.day)]
        for burst in self.bursts:
            if burst.at <= now < burst.at + burst.seconds:
                level *= burst.factor
        return self.speakers * level / self.session

    @property
    def most_arrivals(self) -> float:
        """The most sessions that ever begin in a second."""
        factor = 1.0
        for burst in self.bursts:
            factor *= max(1.0, burst.factor)
        return self.speakers * max(self.day) * factor / self.session
