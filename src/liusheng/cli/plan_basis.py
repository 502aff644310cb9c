"""What `liusheng plan` computes from: figures of the project, or of this machine."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from liusheng.cli.translation import translate as tr
from liusheng.cluster.planning.arithmetic import Goals, best
from liusheng.cluster.planning.measured import Load, Measured, MeasuredBatches, figures
from liusheng.cluster.simulation.capacity import SimulatedLoad, largest_load, simulated_load
from liusheng.cluster.simulation.costs import BatchCosts

_REFERENCE = "whisper-base"
"""The model with which the simulation of a server was compared with measured loads."""


class UnplannableError(Exception):
    """There is no plan; the message says why."""


@dataclass(frozen=True)
class Basis:
    """What a plan is computed from.

    machine: what it is. cores: of it.
    load: of one server on it.
    source: of the load.
    simulated: how the load follows from measured costs; "": it was measured.
    least_memory: the memory of the load is that without sessions.
    """

    machine: str
    cores: int
    load: Load
    source: str
    simulated: str = ""
    least_memory: bool = False


@dataclass(frozen=True)
class Server:
    """A server for simulations.

    text_delay: seconds of a token's delay that are not computing: a word is often right only in a
        later decode. It is what was measured with one speaker, less what is simulated with one.
    """

    costs: BatchCosts
    workers: int
    text_delay: float


def known_loads(model: str, lang: str, task: str, machine: str | None) -> list[Measured]:
    """Return what was measured of a model.

    Raises:
        UnplannableError: nothing was.
    """
    every = figures().synthesis if task == "tts" else figures().recognition
    found = [
        each
        for each in every
        if each.model == model and each.lang == lang and machine in (None, each.machine)
    ]
    if not found:
        known = [f"{each.model} ({each.lang}, {each.machine})" for each in every]
        raise UnplannableError(
            tr(
                "there are no figures for {model} in {lang}{machine}, but for {known}; --measure "
                "measures this machine",
                model=model,
                lang=lang,
                machine=tr(" on machine {machine}", machine=machine) if machine else "",
                known=", ".join(known),
            )
        )
    return found


def from_figures(model: str, lang: str, task: str, machine: str | None, goals: Goals) -> Basis:
    """Return the best measured load.

    Raises:
        UnplannableError: nothing was measured, or nothing reaches the goals.
    """
    found = best(known_loads(model, lang, task, machine), goals, synthesis=task == "tts")
    if found is None:
        raise UnplannableError(
            tr("no measured load of {model} reaches the goals: see --delay-goal", model=model)
        )
    measured, load = found
    name = f"{measured.machine}: {figures().machines[measured.machine]}"
    return Basis(name, measured.cores, load, measured.source)


def reference_server(model: str, lang: str, machine: str | None) -> Server:
    """Return a server whose batches were measured.

    Raises:
        UnplannableError: none was.
    """
    for each in figures().batches:
        if each.model == model and each.lang == lang and machine in (None, each.machine):
            costs = BatchCosts(each.tests, each.scale)
            return Server(costs, each.workers, _text_delay(each, costs))
    raise UnplannableError(
        tr(
            "the costs of batches of {model} in {lang} were not measured, so it cannot be "
            "simulated; --measure measures them",
            model=model,
            lang=lang,
        )
    )


def measured_now(model: str, lang: str, task: str, goals: Goals) -> tuple[Basis, Server | None]:
    """Measure this machine; return what it carries, and the server for simulations.

    Raises:
        UnplannableError: it cannot be measured, or it does not carry one user.
    """
    from liusheng.cluster.planning.this_machine import (
        MeasurementError,
        measure_recognition,
        measure_synthesis,
    )
    from liusheng.models.errors import ModelError
    from liusheng.server.config.sources import SettingsError, load

    source = tr("self-test on this machine, now")
    try:
        settings = load().settings
        if task == "tts":
            found = asyncio.run(measure_synthesis(settings, model))
            users, factor = found.listeners()
            how = tr(
                "{factor:.4f} s of a worker for a second of audio; admission allows {users} "
                "listeners on {workers} workers",
                factor=factor,
                workers=found.workers,
                users=users,
            )
            carried = Load(users, 0.0, memory=found.memory / 1e6)
        else:
            found = asyncio.run(measure_recognition(settings, model, lang))
            if not any(test.final for test in found.batches):
                raise MeasurementError(
                    tr(
                        "the machine is too busy: the self-test ended before it had measured "
                        "finals; try again"
                    )
                )
    except (ModelError, SettingsError, MeasurementError, ValueError) as problem:
        raise UnplannableError(str(problem)) from problem
    server = None
    if task == "asr":
        reference = next(each for each in figures().batches if each.model == _REFERENCE)
        try:
            costs = BatchCosts(found.batches, reference.scale)
        except ValueError as problem:
            raise UnplannableError(str(problem)) from problem
        text_delay = _text_delay(reference, BatchCosts(reference.tests, reference.scale))
        server = Server(costs, found.workers, text_delay)
        most = largest_load(costs, found.workers, lambda each: _reached(each, goals, text_delay))
        if most is None:
            raise UnplannableError(
                tr("according to the simulation, this machine cannot serve even one speaker")
            )
        carried = Load(
            most.users,
            most.delay + text_delay,
            most.delay_p95 + text_delay,
            most.last_p95,
            memory=found.memory / 1e6,
        )
        how = tr(
            "the server's scheduler with {workers} workers; measured costs of batches × "
            "{scale:g}, plus {text:.2f} s until a word is correct, both calibrated on {model}",
            workers=found.workers,
            scale=reference.scale,
            text=text_delay,
            model=_REFERENCE,
        )
    elif not carried.users:
        raise UnplannableError(tr("this machine cannot serve even one listener"))
    return Basis(found.machine, found.cores, carried, source, how, least_memory=True), server


def _text_delay(measured: MeasuredBatches, costs: BatchCosts) -> float:
    alone = next(
        load.delay
        for each in figures().recognition
        if (each.model, each.lang, each.machine)
        == (measured.model, measured.lang, measured.machine)
        for load in each.loads
        if load.users == 1
    )
    return alone - simulated_load(costs, measured.workers, 1).delay


def _reached(load: SimulatedLoad, goals: Goals, text_delay: float) -> bool:
    return load.delay + text_delay <= goals.delay and load.last_p95 <= goals.last
