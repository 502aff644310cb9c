"""The measured figures of the project: `measured.toml`."""

from __future__ import annotations

import functools
import sys
from importlib import resources

import msgspec

from liusheng.runtime.recognition.messages import BatchTest


class Load(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A load that was measured. Delays are in seconds.

    users: speakers, or listeners, at once.
    delay: mean token delay; synthesis: median of the time to the first packet.
    delay_p95: its 95th percentile.
    last_p95: recognition: 95th percentile of the time from the end of the audio to the final text.
    cores_used: by server and workers.
    memory: megabytes (10^6 bytes). None, here and above: not measured.
    """

    users: int
    delay: float
    delay_p95: float | None = None
    last_p95: float | None = None
    cores_used: float | None = None
    memory: float | None = None


class Measured(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The loads of one server that were measured on a machine.

    machine: its name in `Figures.machines`.
    source: where the measurement is described.
    """

    model: str
    lang: str
    machine: str
    cores: int
    source: str
    loads: list[Load]


class MeasuredBatches(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What batches cost a worker of a machine, for simulations.

    workers: of a server.
    scale: see `liusheng.cluster.simulation.costs.BatchCosts`.
    """

    model: str
    lang: str
    machine: str
    workers: int
    scale: float
    source: str
    tests: list[BatchTest]


class Figures(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of them. machines: what they are, by name."""

    machines: dict[str, str]
    recognition: list[Measured]
    synthesis: list[Measured]
    batches: list[MeasuredBatches]


@functools.cache
def figures() -> Figures:
    """Read the figures."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    text = resources.files(__package__).joinpath("measured.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Figures)
