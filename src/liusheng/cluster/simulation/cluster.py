"""A cluster of replicas on simulated time: routing, autoscaling, failures, resumed sessions.

It behaves as the server on Ray Serve is to: a session goes to the emptier of two replicas chosen at
random, and stays there; a replica that is to go takes no more sessions, and moves those that are
left after its drain; a client whose replica is gone resumes on another.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from liusheng.cluster.simulation.autoscaler import Autoscaler
from liusheng.cluster.simulation.clock import Clock
from liusheng.cluster.simulation.nodes import Nodes
from liusheng.cluster.simulation.replica import SimulatedReplica
from liusheng.cluster.simulation.results import Sample, SimulationResults
from liusheng.cluster.simulation.scenario import Scenario

_CHOICES = 3
"""Pairs of replicas that a newcomer is offered before it is refused."""

_MOST_KEPT = 10.0
"""Seconds of audio since its last final utterance that a client has kept, at most."""


@dataclass(eq=False)
class _Session:
    key: int
    resumable: bool
    place: _Place | None = None
    ended: bool = False


@dataclass(eq=False)
class _Place:
    """A replica in the cluster. index: in the list of those that admit sessions; -1: not in it."""

    replica: SimulatedReplica
    index: int = -1
    gone: bool = False
    sessions: dict[int, _Session] = field(default_factory=dict)


class Cluster:
    """A simulated cluster.

    make_replica: a replica on this clock.
    """

    def __init__(
        self,
        scenario: Scenario,
        make_replica: Callable[[Clock], SimulatedReplica],
        *,
        seed: int = 0,
    ) -> None:
        self._scenario = scenario
        self._make_replica = make_replica
        self._clock = Clock()
        self._chance = random.Random(seed)
        self._kept = random.Random(seed)  # of its own: what a client keeps moves no event
        self._ready: list[_Place] = []
        self._places: set[_Place] = set()
        self._draining: set[_Place] = set()
        self._starting = 0
        self._nodes: Nodes[_Place] = Nodes(scenario.per_node)
        self._autoscaler = Autoscaler(scenario)
        self._active = 0
        self._waiting = 0
        self._keys = 0
        self.results = SimulationResults()

    def run(self) -> SimulationResults:
        """Simulate the scenario."""
        scenario, clock = self._scenario, self._clock
        first = scenario.arrivals(0.0) * scenario.session
        for _ in range(self._autoscaler.wanted(first)):
            self._start_now()
        clock.after(self._gap(), self._arrive)
        clock.after(scenario.look, self._scale)
        clock.after(scenario.sample, self._sample)
        clock.run(scenario.seconds)
        self.results.active = self._active
        return self.results

    # Sessions

    def _gap(self) -> float:
        return self._chance.expovariate(self._scenario.most_arrivals)

    def _arrive(self) -> None:
        scenario, now = self._scenario, self._clock.now
        self._clock.after(self._gap(), self._arrive)
        if self._chance.random() * scenario.most_arrivals >= scenario.arrivals(now):
            return
        session = _Session(self._keys, self._chance.random() < scenario.resumable)
        self._keys += 1
        self._try(session, now, 1)

    def _try(self, session: _Session, since: float, attempt: int) -> None:
        """A client tries to begin."""
        scenario, results = self._scenario, self.results
        if attempt > 1:
            self._waiting -= 1
        place = self._choose()
        if place:
            results.began += 1
            if attempt > 1:
                results.waits.append(self._clock.now - since)
            self._active += 1
            self._settle(session, place)
            length = self._chance.expovariate(1 / scenario.session)
            self._clock.after(length, lambda: self._end(session))
            return
        results.attempts_refused += 1
        if attempt == scenario.attempts:
            results.refused += 1
            return
        self._waiting += 1
        self._clock.after(scenario.retry, lambda: self._try(session, since, attempt + 1))

    def _choose(self) -> _Place | None:
        ready = self._ready
        for _ in range(_CHOICES if ready else 0):
            one, other = (ready[int(self._chance.random() * len(ready))] for _ in range(2))
            better = one if one.replica.sessions <= other.replica.sessions else other
            if better.replica.has_room:
                return better
        return None

    def _settle(
        self, session: _Session, place: _Place, resent: float = 0.0, shown: float = 0.0
    ) -> None:
        session.place = place
        place.sessions[session.key] = session
        place.replica.open(session.key, resent, shown)

    def _end(self, session: _Session) -> None:
        """A speaker has said everything; one that waits to resume does so first."""
        session.ended = True
        if session.place:
            place, session.place = session.place, None
            del place.sessions[session.key]
            place.replica.close(session.key)
            self._complete()
            if place in self._draining and not place.sessions:
                self._remove(place)

    def _complete(self) -> None:
        self._active -= 1
        self.results.completed += 1

    def _break(self, place: _Place, *, failed: bool) -> None:
        """The sessions of a replica have to go on elsewhere."""
        results = self.results
        sessions, place.sessions = [*place.sessions.values()], {}
        place.replica.kill()
        for session in sessions:
            session.place = None
            if failed:
                results.broken += 1
            else:
                results.moved += 1
            if session.resumable:
                wait = self._chance.random() * self._scenario.reconnect
                broke = self._clock.now
                self._clock.after(wait, partial(self._resume, session, broke))
            else:
                self._lose()

    def _lose(self) -> None:
        self.results.lost += 1
        self._active -= 1

    def _resume(self, session: _Session, broke: float) -> None:
        now, results = self._clock.now, self.results
        place = self._choose()
        if place is None:
            if now - broke + self._scenario.reconnect > self._scenario.resume_for:
                self._lose()
                return
            wait = self._scenario.reconnect
            self._clock.after(wait, lambda: self._resume(session, broke))
            return
        results.resumed += 1
        results.gaps.append(now - broke)
        missed = now - broke
        kept = self._kept.uniform(0.0, _MOST_KEPT)
        self._settle(session, place, kept + missed, kept)
        if session.ended:
            self._end(session)

    # Replicas

    def _start(self) -> None:
        self._starting += 1
        self._clock.after(self._scenario.startup, self._started)

    def _started(self) -> None:
        self._starting -= 1
        self._start_now()

    def _start_now(self) -> None:
        scenario = self._scenario
        place = _Place(self._make_replica(self._clock), len(self._ready))
        self._ready.append(place)
        self._places.add(place)
        node = self._nodes.add(place)
        if node is not None:
            life = self._chance.expovariate(1 / scenario.node_mtbf)
            self._clock.after(life, lambda: self._node_failed(node))
        life = self._chance.expovariate(1 / scenario.replica_mtbf)
        self._clock.after(life, lambda: self._replica_failed(place))

    def _node_failed(self, node: int) -> None:
        places = self._nodes.on(node)
        self.results.node_failures += bool(places)
        for place in places:
            self._fail(place)

    def _replica_failed(self, place: _Place) -> None:
        if not place.gone:
            self.results.replica_failures += 1
            self._fail(place)

    def _fail(self, place: _Place) -> None:
        self._break(place, failed=True)
        if place not in self._draining:
            self._start()  # a failure is seen at once, and does not wait for the autoscaler
        self._remove(place)

    def _retire(self, place: _Place) -> None:
        self._not_ready(place)
        self._draining.add(place)
        if place.sessions:
            self._clock.after(self._scenario.drain, lambda: self._drained(place))
        else:
            self._remove(place)

    def _drained(self, place: _Place) -> None:
        if not place.gone:
            self._break(place, failed=False)
            self._remove(place)

    def _remove(self, place: _Place) -> None:
        self._not_ready(place)
        self._draining.discard(place)
        self._places.discard(place)
        self._nodes.remove(place)
        place.gone = True

    def _not_ready(self, place: _Place) -> None:
        if place.index < 0:
            return
        last = self._ready.pop()
        if last is not place:
            self._ready[place.index] = last
            last.index = place.index
        place.index = -1

    def _scale(self) -> None:
        scenario = self._scenario
        self._clock.after(scenario.look, self._scale)
        have = len(self._ready) + self._starting
        change = self._autoscaler.decide(self._active + self._waiting, have, self._clock.now)
        for _ in range(change):
            self._start()
        if change < 0:
            emptiest = sorted(self._ready, key=lambda each: each.replica.sessions)
            for place in emptiest[:-change]:
                self._retire(place)

    def _sample(self) -> None:
        scenario, results = self._scenario, self.results
        self._clock.after(scenario.sample, self._sample)
        delays = [(*place.replica.delay(), place.replica.sessions) for place in self._places]
        shown = [each for each in delays if not math.isnan(each[0])]
        weight = sum(count for *_, count in shown) or 1
        results.samples.append(
            Sample(
                self._clock.now,
                self._active,
                len(self._ready),
                self._starting,
                sum(mean * count for mean, _, count in shown) / weight,
                sum(p95 * count for _, p95, count in shown) / weight,
                max((mean for mean, *_ in shown), default=0.0),
                results.refused,
                results.lost,
            )
        )
        results.replica_seconds += scenario.sample * (len(self._places) + self._starting)
        results.session_seconds += scenario.sample * self._active
