"""The metrics of synthesis."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prometheus_client.core import Metric

from liusheng.runtime.synthesis.service import SynthesisService
from liusheng.server.observe.families import counter, gauge, histograms
from liusheng.server.observe.totals import Totals


def synthesis_metrics(totals: Totals, engines: Sequence[SynthesisService]) -> Iterator[Metric]:
    """Yield the metrics of the synthesis services that run."""
    if not engines:
        return
    for engine in engines:
        counted = engine.statistics
        totals.observe(engine, "steps", counted.step_seconds)
        totals.observe(engine, "first_packets", counted.first_packets)
        for name, count in (
            ("busy", counted.busy_seconds),
            ("audio", counted.audio_seconds),
            ("failed", counted.failed),
            ("blocks", engine.load.blocks),
            ("misses", engine.load.misses),
        ):
            totals.update(engine, ("tts", name), count)
    yield gauge(
        "synthesis_speeches",
        "Speeches that are being synthesised or listened to.",
        sum(each.under_way for each in engines),
    )
    yield gauge(
        "synthesis_demand",
        "Share of the workers that the speeches under way need to stay ahead of their listeners.",
        sum(each.demand() for each in engines),
    )
    yield histograms(
        "synthesis_first_packet_seconds",
        "From the request to the first audio.",
        (),
        {(): totals.histogram("first_packets")},
    )
    yield histograms(
        "synthesis_step_seconds",
        "How long a worker took for a block of audio.",
        (),
        {(): totals.histogram("steps")},
    )
    yield counter(
        "synthesis_busy_seconds",
        "Seconds for which workers were busy with synthesis; divided by "
        "liusheng_synthesis_audio_seconds_total it is the real-time factor.",
        totals["tts", "busy"],
    )
    yield counter(
        "synthesis_audio_seconds",
        "Seconds of audio that workers made, repeated work included.",
        totals["tts", "audio"],
    )
    yield counter(
        "synthesis_blocks", "Blocks of audio after the first of a speech.", totals["tts", "blocks"]
    )
    yield counter(
        "synthesis_deadline_misses",
        "Blocks that came after their listener had run out of audio.",
        totals["tts", "misses"],
    )
    yield counter("synthesis_failures", "Speeches that failed.", totals["tts", "failed"])
