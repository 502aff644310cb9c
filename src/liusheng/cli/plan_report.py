"""What `liusheng plan` prints: the arithmetic of a plan, and what a simulation came to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from liusheng.cli.plan_basis import Basis
from liusheng.cli.translation import translate as tr
from liusheng.cluster.planning.arithmetic import Goals, Needs, Plan

if TYPE_CHECKING:
    from liusheng.cluster.simulation.results import SimulationResults
    from liusheng.cluster.simulation.scenario import Scenario

PlanLine = tuple[str, str]


def basis_lines(basis: Basis, goals: Goals, *, synthesis: bool) -> Iterator[PlanLine]:
    """Yield what is known of one server."""
    load = basis.load
    yield tr("machine"), tr("{machine}, {cores} cores", machine=basis.machine, cores=basis.cores)
    yield tr("source"), basis.source
    if basis.simulated:
        yield tr("simulated"), basis.simulated
    if synthesis:
        yield (
            tr("one server"),
            tr(
                "{users} listeners: first packet within {p95:.3f} s in 95 % of the cases (goal "
                "{goal:g} s)",
                users=load.users,
                p95=load.delay_p95,
                goal=goals.first_packet,
            )
            if load.delay_p95 is not None
            else tr("{users} listeners who never run out of audio", users=load.users),
        )
    else:
        yield (
            tr("one server"),
            tr(
                "{users} speakers without pauses: token delay {delay:.2f} s on average (goal "
                "{delay_goal:g} s), final text within {last:.2f} s in 95 % of the cases (goal "
                "{last_goal:g} s)",
                users=load.users,
                delay=load.delay,
                delay_goal=goals.delay,
                last=load.last_p95,
                last_goal=goals.last,
            ),
        )


def plan_lines(basis: Basis, needs: Needs, plan: Plan) -> Iterator[PlanLine]:
    """Yield the arithmetic."""
    users, total = basis.load.users, plan.total
    yield (
        tr("active at once"),
        tr(
            "{users:,} users × {share:g} who are active = {active:,.10g}",
            users=needs.users,
            share=needs.active,
            active=plan.at_once,
        ),
    )
    yield (
        tr("replicas"),
        tr(
            "{active:,.10g} / {users} a replica = {exactly:,.2f}, rounded up {needed:,}",
            active=plan.at_once,
            users=users,
            exactly=plan.at_once / users,
            needed=plan.needed,
        ),
    )
    yield (
        tr("with spares"),
        f"{plan.needed:,} + {needs.spare:,} = {total:,}",
    )
    yield (
        tr("cores"),
        f"{total:,} × {basis.cores} = {plan.cores:,}",
    )
    if plan.memory is None or basis.load.memory is None:
        yield tr("memory"), tr("not measured")
    else:
        yield (
            tr("memory"),
            f"{total:,} × {basis.load.memory:,.0f} MB = {plan.memory:,.1f} GB"
            + (tr(", before any session; under load it is more") if basis.least_memory else ""),
        )
    yield from _price_lines(needs, plan)


def _price_lines(needs: Needs, plan: Plan) -> Iterator[PlanLine]:
    if plan.core_price is not None:
        yield (
            tr("cores, an hour"),
            f"{plan.cores:,} × {needs.core_price:g} = {plan.core_price:,.2f}",
        )
    if plan.memory_price is not None:
        yield (
            tr("memory, an hour"),
            f"{plan.memory:,.1f} GB × {needs.gigabyte_price:g} = {plan.memory_price:,.2f}",
        )
    if plan.price is None:
        if needs.core_price is None and needs.gigabyte_price is None:
            yield tr("cost"), tr("no price is given: add --price-per-core-hour")
        else:
            yield tr("cost"), tr("the memory that has a price was not measured")
        return
    yield (
        tr("hours of users"),
        tr(
            "{users:,} users × {load:g} of them on average = {hours:,.10g} in an hour",
            users=needs.users,
            load=needs.mean_load,
            hours=plan.user_hours,
        ),
    )
    yield (
        tr("a thousand hours"),
        f"{plan.price:,.2f} / {plan.user_hours:,.10g} × 1,000 = "
        f"{plan.price_of_thousand_hours:,.2f}",
    )


def simulation_lines(
    scenario: Scenario, results: SimulationResults, text_delay: float
) -> Iterator[PlanLine]:
    """Yield what a simulation assumed and came to."""
    from liusheng.cluster.simulation.figures import percentile

    yield (
        tr("assumed"),
        tr(
            "{hours:g} hours of a working day; sessions of {session:g} s on average, {most} in a "
            "replica at most; {replica_days:g} days between two failures of a replica, "
            "{node_days:g} of a node with {per_node} replicas; a new one starts in {startup:g} s",
            hours=scenario.seconds / 3600,
            session=scenario.session,
            most=scenario.most,
            startup=scenario.startup,
            replica_days=scenario.replica_mtbf / 86400,
            node_days=scenario.node_mtbf / 86400,
            per_node=scenario.per_node,
        ),
    )
    if scenario.minimum == scenario.maximum:
        yield tr("cluster"), tr("{replicas:,} replicas at any time", replicas=scenario.minimum)
    else:
        yield (
            tr("cluster"),
            tr(
                "an autoscaler aims at {target:g} sessions a replica; it starts replicas after "
                "{up:g} s, and ends them after {down:g} s with {drain:g} s to drain",
                target=scenario.target,
                up=scenario.upscale_delay,
                down=scenario.downscale_delay,
                drain=scenario.drain,
            ),
        )
    for burst in scenario.bursts:
        yield (
            tr("burst"),
            tr(
                "{factor:g} times as many begin for {seconds:g} s after {hours:g} hours",
                factor=burst.factor,
                seconds=burst.seconds,
                hours=burst.at / 3600,
            ),
        )
    yield (
        tr("sessions"),
        tr(
            "{began:,} began, {completed:,} ended by themselves, {most:,} at once at most",
            began=results.began,
            completed=results.completed,
            most=max((each.sessions for each in results.samples), default=0),
        ),
    )
    yield (
        tr("refused"),
        tr(
            "{refused:,} gave up; {waited:,} waited, 95 % of them {wait:.1f} s at most",
            refused=results.refused,
            waited=len(results.waits),
            wait=percentile(results.waits, 0.95) if results.waits else 0.0,
        ),
    )
    yield (
        tr("failures"),
        tr(
            "{replicas:,} replicas and {nodes:,} nodes failed, under {broken:,} sessions",
            replicas=results.replica_failures,
            nodes=results.node_failures,
            broken=results.broken,
        ),
    )
    yield (
        tr("resumed"),
        tr(
            "{resumed:,}, with those moved by a smaller cluster ({moved:,}); 95 % within {gap:.2f} "
            "s; {lost:,} lost",
            resumed=results.resumed,
            moved=results.moved,
            gap=percentile(results.gaps, 0.95) if results.gaps else 0.0,
            lost=results.lost,
        ),
    )
    yield (
        tr("token delay"),
        tr(
            "{mean:.2f} s on average, {worst:.2f} s in the slowest replica at its worst",
            mean=results.mean_delay + text_delay,
            worst=max((each.worst for each in results.samples), default=0.0) + text_delay,
        ),
    )
    yield (
        tr("replicas"),
        tr(
            "{mean:,.1f} on average, {most:,} at most; {sessions:.1f} sessions in each on average",
            mean=results.replica_seconds / scenario.seconds,
            most=max((each.ready + each.starting for each in results.samples), default=0),
            sessions=results.session_seconds / (results.replica_seconds or 1.0),
        ),
    )
