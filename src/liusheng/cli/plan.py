"""`liusheng plan`: how many servers so many users need."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from cyclopts import Parameter
from rich.cells import cell_len

from liusheng.bench.report import Chart
from liusheng.cli.constants import FAILED, USAGE
from liusheng.cli.plan_basis import (
    Basis,
    Server,
    UnplannableError,
    from_figures,
    known_loads,
    measured_now,
    reference_server,
)
from liusheng.cli.plan_report import PlanLine, basis_lines, plan_lines, simulation_lines
from liusheng.cli.terminal import error, info, open_console, problem_text
from liusheng.cli.translation import translate as tr
from liusheng.cli.translation import translated
from liusheng.cluster.planning.arithmetic import Goals, Needs
from liusheng.cluster.planning.arithmetic import plan as plan_of
from liusheng.cluster.simulation.charts import charts, picture
from liusheng.cluster.simulation.cluster import Cluster
from liusheng.cluster.simulation.coarse import CoarseReplica, Curve, measure_curve
from liusheng.cluster.simulation.results import SimulationResults
from liusheng.cluster.simulation.scenario import HOUR, Burst, Scenario

_TARGET = 0.75
"""Share of what a replica carries that the autoscaler aims at."""


class Day(NamedTuple):
    """What is asked for of a simulated day; see the options of `plan`."""

    hours: float
    burst: float
    startup: float
    resumable: float
    replica_days: float
    node_days: float


@dataclass(frozen=True)
class Simulated:
    """A simulation of a cluster of servers."""

    scenario: Scenario
    results: SimulationResults
    curve: Curve
    server: Server


@translated
def plan(
    *,
    speakers: Annotated[int, Parameter(help=tr("Users who are connected at the busiest moment."))],
    model: Annotated[str, Parameter(help=tr("The model, such as whisper-base."))],
    lang: Annotated[str, Parameter(help=tr("The language, such as zh."))] = "zh",
    task: Annotated[Literal["asr", "tts"], Parameter(help=tr("Recognition or synthesis."))] = "asr",
    machine: Annotated[
        str | None,
        Parameter(help=tr("Plan with the figures of this machine only, such as X.")),
    ] = None,
    measure: Annotated[
        bool,
        Parameter(
            help=tr(
                "Measure this machine now, with the installed model, by the server's self-test."
            )
        ),
    ] = False,
    active: Annotated[
        float, Parameter(help=tr("Share of the users who speak, or listen, at the same time."))
    ] = 1.0,
    spare: Annotated[
        int, Parameter(help=tr("Spare replicas: how many may fail at the same time."))
    ] = 1,
    mean_load: Annotated[
        float,
        Parameter(help=tr("Mean number of users, as a share of those at the busiest moment.")),
    ] = 1.0,
    price_per_core_hour: Annotated[
        float | None, Parameter(help=tr("Price of a core for an hour, in any currency."))
    ] = None,
    price_per_gb_hour: Annotated[
        float | None, Parameter(help=tr("Price of a gigabyte of memory for an hour."))
    ] = None,
    delay_goal: Annotated[
        float, Parameter(help=tr("Largest acceptable mean token delay, in seconds."))
    ] = Goals.delay,
    final_goal: Annotated[
        float,
        Parameter(help=tr("Largest acceptable 95th percentile of the final latency, in seconds.")),
    ] = Goals.last,
    first_packet_goal: Annotated[
        float,
        Parameter(
            help=tr(
                "Largest acceptable 95th percentile of the first-packet latency of "
                "synthesis, in seconds."
            )
        ),
    ] = Goals.first_packet,
    simulate: Annotated[
        bool,
        Parameter(help=tr("Simulate a day of such a cluster, with bursts and failures.")),
    ] = False,
    fixed: Annotated[
        bool,
        Parameter(help=tr("Simulate the planned number of replicas, without an autoscaler.")),
    ] = False,
    hours: Annotated[float, Parameter(help=tr("Hours to simulate, from midnight on."))] = 24.0,
    burst: Annotated[
        float,
        Parameter(help=tr("How many times as many users come for ten minutes at eleven o'clock.")),
    ] = 1.5,
    startup: Annotated[
        float, Parameter(help=tr("Seconds that a new replica takes until it is ready."))
    ] = 60.0,
    replica_days: Annotated[
        float, Parameter(help=tr("Mean days between two failures of a replica."))
    ] = 30.0,
    node_days: Annotated[
        float, Parameter(help=tr("Mean days between two failures of a node with eight replicas."))
    ] = 60.0,
    resumable: Annotated[
        float, Parameter(help=tr("Share of the users whose client resumes broken sessions."))
    ] = 1.0,
    seed: Annotated[int, Parameter(help=tr("Seed of the random numbers of the simulation."))] = 1,
    charts_folder: Annotated[
        Path | None,
        Parameter(
            name="--charts", help=tr("Write charts of the simulation into this folder, as SVG.")
        ),
    ] = None,
    json: Annotated[bool, Parameter(help=tr("Print JSON."))] = False,
) -> int:
    """Compute the cores, memory, replicas and cost for a number of users, from measured figures.

    The arithmetic is shown line by line. A replica is a server as it was measured; nothing is
    extrapolated to larger ones. Figures that were not measured are marked.
    """
    synthesis = task == "tts"
    needs = Needs(speakers, active, spare, mean_load, price_per_core_hour, price_per_gb_hour)
    goals = Goals(delay_goal, final_goal, first_packet_goal)
    day = Day(hours, burst, startup, resumable, replica_days, node_days)
    if problem := _problem(needs, day) or (
        tr("--simulate is for recognition") if simulate and synthesis else ""
    ):
        error(problem)
        return USAGE
    if (charts_folder or fixed) and not simulate:
        error(tr("--charts and --fixed need --simulate"))
        return USAGE
    try:
        server: Server | None = None
        if measure:
            basis, server = measured_now(model, lang, task, goals)
        else:
            basis = from_figures(model, lang, task, machine, goals)
        result = plan_of(basis.load, basis.cores, needs)
        simulated = None
        if simulate:
            server = server or reference_server(model, lang, machine)
            scenario = _scenario(needs, basis.load.users, day)
            if fixed:
                scenario = replace(scenario, minimum=result.total, maximum=result.total)
            simulated = _simulate(server, scenario, seed)
        if json:
            _print_json(basis, needs, asdict(result), simulated)
        else:
            _print([*basis_lines(basis, goals, synthesis=synthesis)])
            _print([*plan_lines(basis, needs, result)])
            if simulated:
                _print(_simulation_lines(simulated))
        if simulated and charts_folder:
            # Another machine's loads do not belong beside the curve of this one.
            loads = [] if measure else known_loads(model, lang, task, machine)[0].loads
            found = charts(
                simulated.results,
                simulated.curve,
                simulated.server.text_delay,
                simulated.scenario.most,
                loads,
            )
            _write(charts_folder, found)
    except (UnplannableError, OSError) as failure:
        error(problem_text(failure))
        return FAILED
    return 0


def _problem(needs: Needs, day: Day) -> str:
    """Return what is wrong with the numbers; "": nothing."""
    shares = {"--active": needs.active, "--mean-load": needs.mean_load}
    for name, value in shares.items():
        if not 0 < value <= 1:
            return tr("{name} is {value:g}; it is above 0, and at most 1", name=name, value=value)
    if not 0 <= day.resumable <= 1:
        return tr("--resumable is {value:g}; it is from 0 to 1", value=day.resumable)
    least = {
        "--speakers": (needs.users, 1),
        "--spare": (needs.spare, 0),
        "--price-per-core-hour": (needs.core_price or 0, 0),
        "--price-per-gb-hour": (needs.gigabyte_price or 0, 0),
        "--hours": (day.hours, 0.1),
        "--burst": (day.burst, 1),
        "--startup": (day.startup, 0),
        "--replica-days": (day.replica_days, 0.001),
        "--node-days": (day.node_days, 0.001),
    }
    for name, (value, bound) in least.items():
        if not bound <= value < float("inf"):
            return tr(
                "{name} is {value:g}; it is at least {bound:g}", name=name, value=value, bound=bound
            )
    return ""


def _scenario(needs: Needs, per_replica: int, day: Day) -> Scenario:
    """Return a day of a planned cluster: a replica takes what it was measured to carry at most."""
    return Scenario(
        needs.users * needs.active,
        day.hours * HOUR,
        bursts=(Burst(11 * HOUR, 600.0, day.burst),),
        startup=day.startup,
        resumable=day.resumable,
        target=_TARGET * per_replica,
        most=per_replica,
        replica_mtbf=day.replica_days * 24 * HOUR,
        node_mtbf=day.node_days * 24 * HOUR,
    )


def _simulate(server: Server, scenario: Scenario, seed: int) -> Simulated:
    curve = measure_curve(server.costs, server.workers)
    cluster = Cluster(scenario, lambda _: CoarseReplica(curve, scenario.most), seed=seed)
    return Simulated(scenario, cluster.run(), curve, server)


def _simulation_lines(simulated: Simulated) -> list[PlanLine]:
    delay = simulated.server.text_delay
    return [*simulation_lines(simulated.scenario, simulated.results, delay)]


def _print(lines: list[PlanLine]) -> None:
    console = open_console(soft_wrap=True)
    width = max(cell_len(name) for name, _ in lines) + 2
    for name, text in lines:
        console.print(f"{name}{' ' * (width - cell_len(name))}{text}")
    console.print()


def _print_json(
    basis: Basis, needs: Needs, result: dict[str, Any], simulated: Simulated | None
) -> None:
    data: dict[str, Any] = {"basis": basis, "needs": needs, "plan": result}
    if simulated:
        data["simulation"] = {
            "scenario": simulated.scenario,
            "replica": simulated.curve,
            "text_delay": simulated.server.text_delay,
            "results": simulated.results,
        }
    sys.stdout.write(msgspec.json.encode(data).decode() + "\n")


def _write(folder: Path, found: Mapping[str, Chart]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, chart in found.items():
        file = folder / f"scaling-{name}.svg"
        file.write_text(picture(chart), encoding="utf-8")
        info(str(file))
