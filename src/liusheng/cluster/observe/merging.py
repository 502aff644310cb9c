"""The metrics of several replicas in one text, each sample with the name of its replica.

Nothing is added up: a sum over counters of replicas falls when one of them ends, and Prometheus
takes that for a restart. Sums are for whoever asks: `sum(rate(...))`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class ReplicaMetrics:
    """What a replica answered.

    replica, deployment: as Ray Serve names them in its own metrics, so that both can be joined.
    text: in Prometheus' text format, as `prometheus_client` writes it.
    """

    replica: str
    deployment: str
    text: str


def merged(replicas: Iterable[ReplicaMetrics]) -> str:
    """Return all metrics in Prometheus' text format; each family stands once, with the samples of
    all replicas."""
    families: dict[str, tuple[list[str], list[str]]] = {}
    for each in replicas:
        labels = f'replica="{_escaped(each.replica)}",deployment="{_escaped(each.deployment)}"'
        head: list[str] = []
        samples: list[str] = []
        for line in each.text.splitlines():
            if line.startswith("# HELP "):
                head, samples = families.setdefault(line.split(" ", 3)[2], ([line], []))
            elif line.startswith("#"):
                if len(head) == 1:  # the type, which the first replica has said for all
                    head.append(line)
            elif line:
                samples.append(_labelled(line, labels))
    return "".join(f"{line}\n" for head, found in families.values() for line in (*head, *found))


def _labelled(sample: str, labels: str) -> str:
    """Return a line `name{...} value` or `name value` with more labels."""
    at = len(sample.split(" ", 1)[0].split("{", 1)[0])
    if sample[at] == "{":
        return f"{sample[:at]}{{{labels},{sample[at + 1 :]}"
    return f"{sample[:at]}{{{labels}}}{sample[at:]}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
