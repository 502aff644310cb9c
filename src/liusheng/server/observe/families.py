"""Metric families in the form of `prometheus_client`, from plain numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.utils import floatToGoString

from liusheng.runtime.histogram import Histogram

PREFIX = "liusheng_"

Labels = tuple[str, ...]


def gauge(name: str, help: str, value: float) -> Metric:  # noqa: A002
    """Return a gauge without labels."""
    return GaugeMetricFamily(PREFIX + name, help, value=value)


def gauges(
    name: str,
    help: str,  # noqa: A002
    labels: Sequence[str],
    values: Iterable[tuple[Labels, float]],
) -> Metric:
    """Return a gauge with labels."""
    family = GaugeMetricFamily(PREFIX + name, help, labels=labels)
    for each, value in values:
        family.add_metric(each, value)
    return family


def counter(name: str, help: str, value: float) -> Metric:  # noqa: A002
    """Return a counter without labels. name: without the suffix "_total"."""
    return CounterMetricFamily(PREFIX + name, help, value=value)


def counters(
    name: str,
    help: str,  # noqa: A002
    labels: Sequence[str],
    values: Mapping[Labels, float],
) -> Metric:
    """Return a counter with labels. name: without the suffix "_total"."""
    family = CounterMetricFamily(PREFIX + name, help, labels=labels)
    for each, value in sorted(values.items()):
        family.add_metric(each, value)
    return family


def histograms(
    name: str,
    help: str,  # noqa: A002
    labels: Sequence[str],
    values: Mapping[Labels, Histogram],
) -> Metric:
    """Return a histogram with labels, or without: `labels` is empty, and the only key ()."""
    family = HistogramMetricFamily(PREFIX + name, help, labels=labels)
    for each, value in values.items():
        bounds = [*map(floatToGoString, value.bounds), "+Inf"]
        buckets = list(zip(bounds, accumulate(value.counts), strict=True))
        family.add_metric(each, buckets, value.total)
    return family
