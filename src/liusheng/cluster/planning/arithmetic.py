"""From the load of one server to the size and the cost of many."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from liusheng.cluster.planning.measured import Load, Measured


@dataclass(frozen=True)
class Goals:
    """What a load must reach. Seconds.

    delay: mean token delay (recognition).
    last: 95th percentile of the time to the final text (recognition).
    first_packet: 95th percentile of the time to the first packet (synthesis).
    """

    delay: float = 1.5
    last: float = 0.6
    first_packet: float = 0.3

    def reached_by(self, load: Load, *, synthesis: bool) -> bool:
        """Return whether a load reaches them; what was not measured is not reached."""
        if synthesis:
            return _within(load.delay_p95, self.first_packet)
        return _within(load.delay, self.delay) and _within(load.last_p95, self.last)


@dataclass(frozen=True)
class Needs:
    """What is planned for.

    users: speakers, or listeners, who are connected at the busiest moment.
    active: share of them who speak, or listen, then.
    spare: replicas that may be missing at the busiest moment.
    mean_load: mean of the users over the time that is paid for, as a share of the busiest moment.
    core_price, gigabyte_price: of a core, and of a gigabyte of memory, for an hour.
    """

    users: int
    active: float = 1.0
    spare: int = 1
    mean_load: float = 1.0
    core_price: float | None = None
    gigabyte_price: float | None = None


@dataclass(frozen=True)
class Plan:
    """A plan.

    at_once: users who are active at the busiest moment.
    needed: replicas for them; total: with the spare ones.
    memory: gigabytes; None: not measured.
    price: of an hour; None: no prices are given, or the memory that has a price was not measured.
    user_hours: that pass in an hour, on average.
    """

    at_once: float
    needed: int
    total: int
    cores: int
    memory: float | None
    core_price: float | None
    memory_price: float | None
    price: float | None
    user_hours: float
    price_of_thousand_hours: float | None


def best(
    measured: Sequence[Measured], goals: Goals, *, synthesis: bool
) -> tuple[Measured, Load] | None:
    """Return the largest load for a core that reaches the goals; None: none does."""
    reached = [
        (each, load)
        for each in measured
        for load in each.loads
        if goals.reached_by(load, synthesis=synthesis)
    ]
    return max(reached, key=lambda each: each[1].users / each[0].cores, default=None)


def plan(load: Load, cores: int, needs: Needs) -> Plan:
    """Return how many servers with such a load are needed, and what they cost.

    cores: of one of them.
    """
    at_once = needs.users * needs.active
    # Up to rounding: 0.1 * 3 is more than 0.3.
    needed = max(1, math.ceil(round(at_once / load.users, 9)))
    total = needed + needs.spare
    memory = None if load.memory is None else total * load.memory / 1000
    core_price = None if needs.core_price is None else total * cores * needs.core_price
    memory_price = None
    if needs.gigabyte_price is not None and memory is not None:
        memory_price = memory * needs.gigabyte_price
    price = None
    if not (needs.gigabyte_price is not None and memory is None):
        parts = [each for each in (core_price, memory_price) if each is not None]
        price = sum(parts) if parts else None
    user_hours = needs.users * needs.mean_load
    return Plan(
        at_once,
        needed,
        total,
        total * cores,
        memory,
        core_price,
        memory_price,
        price,
        user_hours,
        None if price is None else price / user_hours * 1000,
    )


def _within(value: float | None, goal: float) -> bool:
    return value is not None and value <= goal
